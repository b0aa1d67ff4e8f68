#include "support.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <stdexcept>

namespace sequent::cli::test {
namespace {

using std::chrono::steady_clock;

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (auto& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

int left_ms(steady_clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

}  // namespace

Folder::Folder() {
  std::string name = (fs::temp_directory_path() / "sequent-cli-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  root_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

std::string Folder::file(const std::string& name, const std::string& text) const {
  const fs::path at = root_ / name;
  fs::create_directories(at.parent_path());
  std::ofstream{at, std::ios::binary} << text;
  return at.string();
}

Process::Process(const std::vector<std::string>& arguments, const Variables& variables) {
  std::vector<std::string> words{std::string(SEQUENT_BINARY_DIR) + "/sequent"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> settings;
  for (const auto& [name, value] : variables) settings.push_back(name + "=" + value);
  const auto argv = pointers(words);
  const auto environment = pointers(settings);
  std::array<int, 2> out{}, error{};
  if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(error.data(), O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe");
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(out[1], STDOUT_FILENO);
    ::dup2(error[1], STDERR_FILENO);
    ::execve(argv[0], argv.data(), environment.data());
    ::_exit(127);
  }
  ::close(out[1]);
  ::close(error[1]);
  out_ = out[0];
  error_ = error[0];
  if (pid_ < 0) throw std::runtime_error("no process");
}

Process::~Process() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (out_ >= 0) ::close(out_);
  if (error_ >= 0) ::close(error_);
}

bool Process::pump(int timeout_ms) {
  std::array<pollfd, 2> waits{pollfd{out_, POLLIN, 0}, pollfd{error_, POLLIN, 0}};
  ::poll(waits.data(), waits.size(), timeout_ms);
  const auto take = [](int& descriptor, short events, std::string& into) {
    if (descriptor < 0 || events == 0) return;
    std::array<char, 4096> piece{};
    const ssize_t size = ::read(descriptor, piece.data(), piece.size());
    if (size > 0) {
      into.append(piece.data(), static_cast<std::size_t>(size));
    } else {
      ::close(descriptor);
      descriptor = -1;
    }
  };
  take(out_, waits[0].revents, outcome_.out);
  take(error_, waits[1].revents, outcome_.error);
  return out_ >= 0 || error_ >= 0;
}

std::string Process::first_line() {
  const auto deadline = steady_clock::now() + patience;
  while (outcome_.out.find('\n') == std::string::npos && left_ms(deadline) > 0)
    if (!pump(left_ms(deadline))) break;
  const auto end = outcome_.out.find('\n');
  return end == std::string::npos ? "" : outcome_.out.substr(0, end);
}

bool Process::says(const std::string& text) {
  const auto deadline = steady_clock::now() + patience;
  while (outcome_.error.find(text) == std::string::npos && left_ms(deadline) > 0)
    if (!pump(left_ms(deadline))) break;
  return outcome_.error.find(text) != std::string::npos;
}

void Process::signal(int number) {
  ::kill(pid_, number);
}

Outcome Process::wait() {
  const auto deadline = steady_clock::now() + patience;
  while (left_ms(deadline) > 0 && pump(left_ms(deadline))) {
  }
  if (left_ms(deadline) == 0) ::kill(pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  outcome_.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome_;
}

Outcome sequent(const std::vector<std::string>& arguments, const Variables& variables) {
  Process process{arguments, variables};
  return process.wait();
}

}  // namespace sequent::cli::test
