#include "bench/workloads/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "bench/workloads/node.hpp"

namespace sequent::bench {

Child::Child(const std::vector<std::string>& arguments) {
  std::array<int, 2> in{}, out{};
  if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0)
    give_up("cannot make a pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  std::vector<std::string> words{"bench_workloads"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const int failed =
      ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  if (failed != 0) give_up("cannot start a second process of this program");
  input_ = in[1];
  output_ = out[0];
}

Child::~Child() {
  kill_hard();
  ::close(output_);
}

std::optional<std::string> Child::line() {
  while (true) {
    if (const auto end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    std::array<char, 4096> space{};
    const auto size = ::read(output_, space.data(), space.size());
    if (size <= 0) return std::nullopt;
    buffer_.append(space.data(), static_cast<std::size_t>(size));
  }
}

void Child::kill_hard() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  ::close(input_);
}

bool run_apart(const std::function<bool()>& work) {
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) give_up("cannot fork");
  if (pid == 0) {
    const bool good = work();
    std::fflush(nullptr);
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  return ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::optional<double> measure_apart(const std::function<std::optional<double>()>& work) {
  std::array<int, 2> way{};
  if (::pipe2(way.data(), O_CLOEXEC) != 0) give_up("cannot make a pipe");
  const bool good = run_apart([&] {
    const auto figure = work();
    return figure && ::write(way[1], &*figure, sizeof *figure) == sizeof *figure;
  });
  double figure = 0;
  const bool read = good && ::read(way[0], &figure, sizeof figure) == sizeof figure;
  ::close(way[0]);
  ::close(way[1]);
  return read ? std::optional{figure} : std::nullopt;
}

}  // namespace sequent::bench
