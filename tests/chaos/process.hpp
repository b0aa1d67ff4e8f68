#pragma once
// A program that the chaos test starts, stops and kills. It ends with this one.
// threads  start from the main thread alone: the kernel ends a child with the thread that made it
#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace sequent::chaos {

struct Command {
  std::vector<std::string> words;
  std::string log;  // output and errors are appended here
  std::map<std::string, std::string> variables;
  bool as_server_user = false;  // PostgreSQL refuses to be root
};

class Process {
 public:
  Process() = default;
  /// errors  throws std::runtime_error: there is no such program
  explicit Process(const Command& command);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  [[nodiscard]] bool running();
  void signal(int number) const;
  /// SIGKILL, for the children too where the program has some.
  void kill_hard();
  /// The exit code, or 128 + signal; kills what has not ended after `ms`.
  int wait(DurationMs ms);

 private:
  pid_t pid_ = -1;
  int code_ = 0;
};

/// Runs to its end. errors  throws std::runtime_error with the end of the log
void run_to_end(const Command& command, DurationMs ms);

void pause_ms(DurationMs ms);
[[nodiscard]] Timestamp wall_ms();  // as the database and the nodes see it
[[nodiscard]] DurationMs monotonic_ms();
[[nodiscard]] std::string end_of(const std::string& file);
/// A port of 127.0.0.1 that nobody listens on, below those that the kernel gives to clients: one of
/// those could sit on a server's port when it comes back.
[[nodiscard]] int free_port();

}  // namespace sequent::chaos
