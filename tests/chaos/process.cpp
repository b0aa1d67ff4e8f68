#include "tests/chaos/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace sequent::chaos {
namespace {

constexpr const char* server_user = "postgres";
constexpr DurationMs ended_look_ms = 20;
constexpr std::streamoff end_bytes = 3'000;
constexpr int first_port = 20'000, last_port = 32'000;

// setpriv becomes the program: the process id stays.
std::vector<std::string> guarded(const Command& command) {
  std::vector<std::string> out{"/usr/bin/setpriv", "--pdeathsig", "KILL"};
  if (command.as_server_user && ::geteuid() == 0)
    for (const char* word : {"--reuid", server_user, "--regid", server_user, "--clear-groups"})
      out.emplace_back(word);
  out.insert(out.end(), command.words.begin(), command.words.end());
  return out;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<pid_t> children_of(pid_t pid) {
  const auto id = std::to_string(pid);
  std::ifstream file{"/proc/" + id + "/task/" + id + "/children"};
  std::vector<pid_t> out;
  for (pid_t child = 0; file >> child;) out.push_back(child);
  return out;
}

bool can_bind(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool bound = ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return bound;
}

}  // namespace

Process::Process(const Command& command) {
  auto words = guarded(command);
  std::vector<std::string> variables{"LC_ALL=C", "PATH=/usr/bin:/bin"};
  for (const auto& [name, value] : command.variables) variables.push_back(name + "=" + value);
  auto arguments = pointers_to(words);
  auto environment = pointers_to(variables);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, command.log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  // That user may not enter the folder that we are in, and would say so in the midst of its answers.
  if (command.as_server_user) posix_spawn_file_actions_addchdir_np(&actions, "/");
  const int failed =
      ::posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("cannot start " + command.words.front());
}

Process::~Process() {
  kill_hard();
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), code_(other.code_) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this == &other) return *this;
  kill_hard();
  pid_ = std::exchange(other.pid_, -1);
  code_ = other.code_;
  return *this;
}

bool Process::running() {
  if (pid_ <= 0) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
  pid_ = -1;
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

void Process::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

void Process::kill_hard() {
  if (!running()) return;
  ::kill(pid_, SIGSTOP);  // so that it makes no more of them
  for (const pid_t child : children_of(pid_)) ::kill(child, SIGKILL);
  ::kill(pid_, SIGKILL);
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  code_ = 128 + SIGKILL;
}

int Process::wait(DurationMs ms) {
  const auto end = monotonic_ms() + ms;
  while (running() && monotonic_ms() < end) pause_ms(ended_look_ms);
  kill_hard();
  return code_;
}

void run_to_end(const Command& command, DurationMs ms) {
  Process process{command};
  if (const int code = process.wait(ms); code != 0)
    throw std::runtime_error(command.words.front() + " ended with " + std::to_string(code) + ": " +
                             end_of(command.log));
}

void pause_ms(DurationMs ms) {
  static_cast<void>(::poll(nullptr, 0, static_cast<int>(ms)));
}

Timestamp wall_ms() {
  using std::chrono::system_clock;
  const auto since = system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

DurationMs monotonic_ms() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

std::string end_of(const std::string& file) {
  std::ifstream stream{file, std::ios::ate};
  if (!stream) return "(no " + file + ")";
  const std::streamoff size = stream.tellg();
  stream.seekg(size > end_bytes ? size - end_bytes : 0);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

int free_port() {
  static int next = first_port + ::getpid() % (last_port - first_port);
  for (int tries = first_port; tries < last_port; ++tries) {
    next = next + 1 < last_port ? next + 1 : first_port;
    if (can_bind(next)) return next;
  }
  throw std::runtime_error("no free port on 127.0.0.1");
}

}  // namespace sequent::chaos
