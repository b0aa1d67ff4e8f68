#pragma once
// Private to the files that implement Engine.
#include <mutex>

#include "engine/runtime/engine.hpp"
#include "engine/runtime/node.hpp"
#include "engine/runtime/schedules.hpp"

namespace sequent::runtime {

struct Engine::Impl {
  std::shared_ptr<Node> node;
  std::shared_ptr<Schedules> schedules;
  std::mutex deploying;  // from the check of a definition until every reader can see it

  [[nodiscard]] definition::CompileOptions compile_options(std::string file) const;
  [[nodiscard]] Result<definition::ProgramPtr> compile(const std::string& text,
                                                       std::string file) const;
  /// The partition of a run. errors  unavailable: another node has it
  [[nodiscard]] Result<std::shared_ptr<Partition>> owner(const InstanceId& id) const;
};

}  // namespace sequent::runtime
