#pragma once
// A node on SQLite whose one provider fails on demand.
#include "engine/runtime/engine_impl.hpp"
#include "tests/runtime_sqlite/file_world.hpp"

namespace sequent::testing {

inline const std::string one_step = R"(do:
  - only: {call: test.step, with: {n: 1}}
)";

inline machine::Failure refused(int status,
                                machine::Outcome outcome = machine::Outcome::transient) {
  machine::Failure failure;
  failure.outcome = outcome;
  failure.problem = machine::make_problem(machine::ErrorKind::communication, "no");
  failure.problem.status = status;
  return failure;
}

class OutageWorld : public FileWorld {
 public:
  explicit OutageWorld(DurationMs key_retention_ms = 86'400'000) : FileWorld(key_retention_ms) {
    deploy(document("one", one_step));
  }

  /// The runs whose calls left since the one with that index, in their order.
  [[nodiscard]] std::vector<InstanceId> left_since(std::size_t first) const {
    std::vector<InstanceId> order;
    for (auto i = first; i < steps.attempts.size(); ++i)
      order.push_back(steps.attempts[i].instance);
    return order;
  }
  /// An operator's command.
  void change(const definition::CircuitId& circuit, const runtime::Outages::Change& how) {
    REQUIRE(get(engine->change_provider(circuit, how)).has_value());
  }
  std::vector<InstanceId> start_many(const std::string& name, int count) {
    std::vector<InstanceId> ids;
    for (int i = 0; i < count; ++i) ids.push_back(start(name));
    return ids;
  }
  [[nodiscard]] int count(const std::string& kind, const std::string& reason = "") {
    runtime::RunFilter filter;
    filter.waiting_kind = kind;
    const auto page = file->list(filter, "", 1'000);
    REQUIRE(page.has_value());
    return static_cast<int>(std::ranges::count_if(page->runs, [&](const auto& run) {
      return reason.empty() || run.row.park_reason == reason;
    }));
  }
  [[nodiscard]] int completed() { return static_cast<int>(engine->stats().completed); }
};

}  // namespace sequent::testing
