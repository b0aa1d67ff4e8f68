#pragma once
// The sequent program as its users have it: a process with arguments, output and an exit code.
#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace sequent::cli::test {

namespace fs = std::filesystem;
constexpr std::chrono::seconds patience{60};  // for a crowded machine; every wait is bounded by it

/// A folder of its own, gone with the object.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string path(const std::string& name) const { return (root_ / name).string(); }
  /// Writes a file and answers with its path.
  [[nodiscard]] std::string file(const std::string& name, const std::string& text) const;

 private:
  fs::path root_;
};

struct Outcome {
  int code = -1;  // 128 + n: ended by signal n
  std::string out, error;
};

using Variables = std::map<std::string, std::string>;

/// A running sequent; killed with the object when it has not ended.
class Process {
 public:
  /// The child's environment is `variables` alone.
  explicit Process(const std::vector<std::string>& arguments, const Variables& variables = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// The first line of standard output; "" when the process ended, or patience did, without one.
  [[nodiscard]] std::string first_line();
  /// Whether its standard error says `text`, sooner or later.
  [[nodiscard]] bool says(const std::string& text);
  void signal(int number);
  [[nodiscard]] int pid() const { return pid_; }
  /// Waits for the end; a process that outlives our patience is killed, code 128 + 9.
  [[nodiscard]] Outcome wait();

 private:
  [[nodiscard]] bool pump(int timeout_ms);  // false: both streams have ended

  int pid_ = -1;
  int out_ = -1, error_ = -1;
  Outcome outcome_;
};

/// Runs to the end.
[[nodiscard]] Outcome sequent(const std::vector<std::string>& arguments,
                              const Variables& variables = {});

}  // namespace sequent::cli::test
