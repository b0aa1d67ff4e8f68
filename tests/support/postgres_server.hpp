#pragma once
// A real PostgreSQL server for tests: made in a temporary folder, on a free loopback port, by a user
// that is not root, and gone with the program.
#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sequent::test {

class PostgresServer {
 public:
  struct Options {
    std::vector<std::string> settings;  // of postgresql.conf, "name = value"
    std::vector<std::string> access;    // of pg_hba.conf, before "everybody from here"
    std::vector<std::pair<std::string, std::string>> files;  // of its data folder: name, content
  };
  /// errors  throws std::runtime_error that says which package is missing, or what went wrong
  explicit PostgresServer(const Options& options);
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;
  ~PostgresServer();

  /// One for the whole program, or null when the package is absent; `why_absent()` says so then.
  [[nodiscard]] static PostgresServer* shared();
  [[nodiscard]] static const std::string& why_absent();

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string url(const std::string& database = "postgres",
                                const std::string& user = "postgres") const;
  /// Runs statements; throws std::runtime_error with the server's words.
  void execute(const std::string& sql, const std::string& database = "postgres") const;
  /// The first column of the first row.
  [[nodiscard]] std::string value(const std::string& sql,
                                  const std::string& database = "postgres") const;
  /// How many it was asked so far, where `log_statement` is 'all'. Its own counters lag: a session
  /// that falls idle tells what it did up to 10 s later.
  [[nodiscard]] int statements_logged() const;

  /// An immediate shutdown: everybody is cut off, nothing is written any more; start() recovers.
  void kill();
  void start();

 private:
  void make_folder();
  void initialise(const Options& options);
  void write_file(const std::string& path, const std::string& content) const;
  void wait_until_ready();
  void stop(int signal);

  std::string binaries_, folder_;
  int port_ = 0;
  pid_t pid_ = -1;
};

/// A port of 127.0.0.1 that nobody listens on.
[[nodiscard]] int free_port();

/// The program `words[0]` as the user of the server's files, when this one is root. Output goes to
/// `log`. The program ends with this one.
[[nodiscard]] pid_t start_unprivileged(const std::vector<std::string>& words,
                                       const std::string& log);

}  // namespace sequent::test
