#pragma once
// One jq_state with one compiled program.
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "engine/expression/expression.hpp"
#include "engine/expression/libjq.hpp"

namespace sequent::expression {

/// One level of nesting takes at least 64 bytes, and at most some 300 bytes of stack in libjq: this
/// much memory is safe on a usual stack of 8 MiB.
inline constexpr std::size_t shallow_bytes = 1 << 20;

/// threads  one at a time
class Interpreter {
 public:
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  /// Nothing when the program does not compile; jq's messages are in `messages` then.
  [[nodiscard]] static std::unique_ptr<Interpreter> compile(const std::string& program,
                                                            std::vector<std::string>& messages);

  /// The first value that the program yields for `input`, which is consumed. `deep`: on a thread
  /// with a stack that bears any nesting that fits into the memory limit. Without it a value that
  /// is made by a loop may nest as far as `shallow_bytes` of memory allow, no further.
  /// errors  expression, see ExpressionSet::evaluate
  [[nodiscard]] Result<Json> run(jv input, const Limits& limits, bool deep);

  /// The last evaluation failed because it reached its limit on memory.
  [[nodiscard]] bool ran_out_of_memory() const { return ran_out_of_memory_; }

  /// False once an evaluation was cut short: libjq 1.6 can't always reset itself then (its own
  /// assertions fail), so this interpreter has to be replaced.
  [[nodiscard]] bool usable() const { return usable_; }

 private:
  explicit Interpreter(jq_state* jq) : jq_(jq) {}
  Result<Json> run_here(jv input, const Limits& limits);

  jq_state* jq_;
  bool usable_ = true;
  bool ran_out_of_memory_ = false;
  bool abandoned_ = false;    // left in the middle: must not be touched, not even to free it
  std::vector<void*> large_;  // what the evaluation that was cut short still holds
};

}  // namespace sequent::expression
