#include "tests/support/postgres_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace sequent::test {
namespace {

constexpr const char* unprivileged_user = "postgres";
constexpr int ready_tries = 1'000, ready_pause_ms = 20;

// Debian keeps each major version apart; the newest one serves.
std::string find_binaries() {
  std::string found;
  std::error_code ignored;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
    const auto folder = version.path() / "bin";
    if (std::filesystem::exists(folder / "postgres") && folder.string() > found)
      found = folder.string();
  }
  if (found.empty())
    throw std::runtime_error("PostgreSQL's server is absent: apt-get install postgresql");
  return found;
}

// initdb and postgres refuse to run as root.
std::vector<std::string> unprivileged(const std::vector<std::string>& words) {
  std::vector<std::string> out{"/usr/bin/setpriv", "--pdeathsig", "KILL"};
  if (::geteuid() == 0)
    for (const char* word :
         {"--reuid", unprivileged_user, "--regid", unprivileged_user, "--clear-groups"})
      out.emplace_back(word);
  out.insert(out.end(), words.begin(), words.end());
  return out;
}

std::string text_of(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

void run_to_end(const std::vector<std::string>& words, const std::string& log) {
  const pid_t pid = start_unprivileged(words, log);
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error(words.front() + " failed: " + text_of(log));
}

class Session {
 public:
  explicit Session(const std::string& url) : connection_(PQconnectdb(url.c_str()), PQfinish) {
    if (PQstatus(connection_.get()) != CONNECTION_OK)
      throw std::runtime_error(PQerrorMessage(connection_.get()));
    PQsetNoticeProcessor(
        connection_.get(), [](void*, const char*) {}, nullptr);
  }
  std::unique_ptr<PGresult, void (*)(PGresult*)> run(const std::string& sql) {
    std::unique_ptr<PGresult, void (*)(PGresult*)> result{PQexec(connection_.get(), sql.c_str()),
                                                          PQclear};
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
      throw std::runtime_error(PQresultErrorMessage(result.get()));
    return result;
  }

 private:
  std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
};

}  // namespace

int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool bound =
      ::bind(socket, generic, size) == 0 && ::getsockname(socket, generic, &size) == 0;
  ::close(socket);
  if (!bound) throw std::runtime_error("no free port on 127.0.0.1");
  return ntohs(address.sin_port);
}

pid_t start_unprivileged(const std::vector<std::string>& words, const std::string& log) {
  auto all = unprivileged(words);
  std::vector<char*> pointers;
  for (auto& word : all) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  std::string locale = "LC_ALL=C", path = "PATH=/usr/bin:/bin";
  char* environment[] = {locale.data(), path.data(), nullptr};
  pid_t pid = -1;
  const int failed =
      ::posix_spawn(&pid, pointers[0], &actions, nullptr, pointers.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("cannot start " + words.front());
  return pid;
}

PostgresServer::PostgresServer(const Options& options) : binaries_(find_binaries()) {
  make_folder();
  initialise(options);
  start();
}

PostgresServer::~PostgresServer() {
  stop(SIGQUIT);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

PostgresServer* PostgresServer::shared() {
  static const std::unique_ptr<PostgresServer> server = [] {
    try {
      return std::make_unique<PostgresServer>(Options{});
    } catch (const std::runtime_error& error) {
      const_cast<std::string&>(why_absent()) = error.what();
      return std::unique_ptr<PostgresServer>{};
    }
  }();
  return server.get();
}

const std::string& PostgresServer::why_absent() {
  static std::string why;
  return why;
}

void PostgresServer::make_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sequent-pg-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("cannot make a folder for PostgreSQL");
  folder_ = pattern;
  if (::geteuid() != 0) return;
  // By a program of its own: this one may not read the user database while it is sanitized.
  const std::string owner = unprivileged_user;
  const std::string command = "/bin/chown " + owner + ":" + owner + " " + folder_;
  if (::system(command.c_str()) != 0)
    throw std::runtime_error("there is no user " + owner + " to run PostgreSQL as");
}

void PostgresServer::initialise(const Options& options) {
  const std::string data = folder_ + "/data", log = folder_ + "/initdb.log";
  run_to_end({binaries_ + "/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
              "--locale=C", "--no-sync", "--no-instructions"},
             log);
  port_ = free_port();
  std::ofstream settings{data + "/postgresql.conf", std::ios::app};
  settings << "\nport = " << port_ << "\nlisten_addresses = '127.0.0.1'\n"
           << "unix_socket_directories = '" << folder_ << "'\n"
           << "fsync = off\nmax_connections = 200\nshared_buffers = 64MB\n"
           << "log_min_messages = warning\n";
  for (const auto& line : options.settings) settings << line << "\n";
  for (const auto& [name, content] : options.files) write_file(data + "/" + name, content);
  if (options.access.empty()) return;
  const std::string rest = text_of(data + "/pg_hba.conf");
  std::ofstream access{data + "/pg_hba.conf", std::ios::trunc};
  for (const auto& line : options.access) access << line << "\n";
  access << rest;
}

void PostgresServer::start() {
  pid_ = start_unprivileged({binaries_ + "/postgres", "-D", folder_ + "/data"},
                            folder_ + "/server.log");
  wait_until_ready();
}

void PostgresServer::wait_until_ready() {
  for (int i = 0; i < ready_tries; ++i) {
    if (PQping(url().c_str()) == PQPING_OK) return;
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      break;
    }
    static_cast<void>(::poll(nullptr, 0, ready_pause_ms));
  }
  throw std::runtime_error("PostgreSQL did not start: " + text_of(folder_ + "/server.log"));
}

int PostgresServer::statements_logged() const {
  std::ifstream file{folder_ + "/server.log"};
  int count = 0;
  for (std::string line; std::getline(file, line);)
    if (line.find("LOG:  execute") != std::string::npos ||
        line.find("LOG:  statement") != std::string::npos)
      ++count;
  return count;
}

void PostgresServer::kill() {
  stop(SIGQUIT);
}

void PostgresServer::stop(int signal) {
  if (pid_ <= 0) return;
  ::kill(pid_, signal);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string PostgresServer::url(const std::string& database, const std::string& user) const {
  return "postgresql://" + user + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

void PostgresServer::execute(const std::string& sql, const std::string& database) const {
  Session{url(database)}.run(sql);
}

std::string PostgresServer::value(const std::string& sql, const std::string& database) const {
  Session session{url(database)};
  const auto result = session.run(sql);
  if (PQntuples(result.get()) == 0) throw std::runtime_error("no row: " + sql);
  return PQgetvalue(result.get(), 0, 0);
}

// Keys must be the server's own and readable by nobody else.
void PostgresServer::write_file(const std::string& path, const std::string& content) const {
  std::ofstream{path, std::ios::trunc} << content;
  struct stat folder {};
  if (::stat(folder_.c_str(), &folder) != 0 || ::chmod(path.c_str(), 0600) != 0 ||
      ::chown(path.c_str(), folder.st_uid, folder.st_gid) != 0)
    throw std::runtime_error("cannot give " + path + " to the server");
}

}  // namespace sequent::test
