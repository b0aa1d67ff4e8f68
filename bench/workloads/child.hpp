#pragma once
// This program once more, in another role: what is to be killed or counted apart needs a process.
#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sequent::bench {

class Child {
 public:
  /// Starts this executable with `arguments`; ends the process when that fails.
  explicit Child(const std::vector<std::string>& arguments);
  ~Child();  // kill -9, unless it has ended
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// The next line of its standard output; nothing when it has ended.
  [[nodiscard]] std::optional<std::string> line();
  void kill_hard();

 private:
  pid_t pid_ = -1;
  int input_ = -1, output_ = -1;
  std::string buffer_;
};

/// Runs `work` in a forked process and waits for it; false when it said so or died. Called while
/// this process has one thread.
[[nodiscard]] bool run_apart(const std::function<bool()>& work);

/// The same for work that measures one figure; nothing when it gave none or died.
[[nodiscard]] std::optional<double> measure_apart(
    const std::function<std::optional<double>()>& work);

}  // namespace sequent::bench
