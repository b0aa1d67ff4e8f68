#pragma once
// Definitions compiled once for all trials: a compiled program never changes, and compiling it costs
// more than a whole trial.
#include <map>
#include <mutex>
#include <string>

#include "engine/definition/compile.hpp"

namespace sequent::crashtest {

/// threads  any
class Programs {
 public:
  /// `interpreters`: how many trials evaluate at the same time.
  explicit Programs(int interpreters) : interpreters_(interpreters) {}

  [[nodiscard]] Result<definition::ProgramPtr> compile(const std::string& text,
                                                       definition::CompileOptions options);
  /// Null: nothing with this digest was compiled.
  [[nodiscard]] definition::ProgramPtr find(const std::string& digest);

 private:
  int interpreters_;
  std::mutex mutex_;
  std::map<std::string, definition::ProgramPtr> by_text_;
};

}  // namespace sequent::crashtest
