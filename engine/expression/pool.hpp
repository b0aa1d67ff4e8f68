#pragma once
// The interpreters of one set: some idle, some lent, the missing ones being compiled.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/expression/interpreter.hpp"

namespace sequent::expression {

/// threads  any
class Pool : public std::enable_shared_from_this<Pool> {
 public:
  /// `first` is compiled already; the other `size - 1` are compiled in the background.
  [[nodiscard]] static std::shared_ptr<Pool> make(std::string program,
                                                  std::unique_ptr<Interpreter> first, int size);

  /// Waits for an idle interpreter. Null after ten seconds without one.
  [[nodiscard]] std::unique_ptr<Interpreter> take();

  /// An interpreter that is not usable any more is replaced in the background.
  void give_back(std::unique_ptr<Interpreter> interpreter);

 private:
  explicit Pool(std::string program) : program_(std::move(program)) {}
  void compile_one_more(std::unique_ptr<Interpreter> discarded);

  const std::string program_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Interpreter>> idle_;
};

}  // namespace sequent::expression
