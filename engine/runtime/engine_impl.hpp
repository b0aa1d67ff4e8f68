#pragma once
// Private to the files that implement Engine.
#include <mutex>

#include "engine/runtime/engine.hpp"
#include "engine/runtime/node.hpp"
#include "engine/runtime/schedules.hpp"

namespace sequent::runtime {

struct Engine::Impl {
  std::shared_ptr<Node> node;
  std::mutex naming;
  std::unique_ptr<Random> names;  // for fresh_id()
  std::mutex learning;            // one at a time
  std::mutex deploying;           // from the check of a definition until every reader can see it

  [[nodiscard]] definition::CompileOptions compile_options(std::string file) const;
  [[nodiscard]] Result<definition::ProgramPtr> compile(const std::string& text,
                                                       std::string file) const;
  /// Reads the stored definitions and compiles those that are new here. Blocking.
  /// errors  invalid_definition: one is broken; of `skip_broken` ones only the log hears: another
  ///         release may have stored them
  [[nodiscard]] Result<void> learn(bool skip_broken);
};

// What Engine's functions return is resumed when its caller likes, and the engine may be gone by then.
// So none of them is a coroutine itself: each hands what it needs to one that holds it by value.

/// Runs blocking `job` on the read threads of `node`, unless its ports may be gone.
template <class T>
[[nodiscard]] boost::asio::awaitable<Result<T>> on_reads(const std::shared_ptr<Node>& node,
                                                         std::function<Result<T>()> job) {
  std::function<Result<T>()> guarded = [node, job = std::move(job)]() -> Result<T> {
    if (node->closed) return fail(ErrorCode::unavailable, "This node has stopped.");
    return job();
  };
  return on_runner<T>(*node->parts.reads, std::move(guarded));
}

}  // namespace sequent::runtime
