#pragma once
// Who answers the workflow under test: the file's answers for its activities and children, the real
// meaning of records.* over a table in memory. Nothing leaves the process.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/definition/program.hpp"
#include "engine/runtime/activity.hpp"
#include "engine/runtime/clock.hpp"
#include "workflowtest/record_memory.hpp"
#include "workflowtest/test_file.hpp"

namespace sequent::workflowtest {

/// One attempt of a call, records.* aside.
struct Call {
  std::string task;      // its name
  std::string activity;  // or `workflow`: NAMESPACE/NAME of a child
  std::string workflow;
  Json with;
  std::uint32_t attempt = 0;

  [[nodiscard]] Json json() const;
};

/// threads  one
class Cast {
 public:
  /// `complain` hears of what the test lacks: a call that it has no answer for.
  struct Setting {
    const TestFile& file;
    const Test& test;
    const runtime::ActivityRegistry& catalog;
    const runtime::Clock& clock;
    std::function<void(std::string detail)> complain;
  };
  explicit Cast(Setting setting);

  /// Every activity of the catalog, played; and the one that stands for children.
  void register_activities(runtime::ActivityRegistry& registry);
  /// The program under test, before it runs.
  /// errors  a finding for each task with answers that the program does not have
  [[nodiscard]] std::vector<Finding> learn(const definition::Program& program);
  /// Which run, and which task of it by its pointer, started a child.
  struct Origin {
    InstanceId run;
    std::string task;
  };
  void watch(std::function<Origin(const InstanceId& child)> origin);
  /// The run under test, once it is known. Events may start further ones: these come to nothing.
  void follow(InstanceId run) { run_ = run; }

  [[nodiscard]] const std::vector<Call>& calls() const { return calls_; }
  [[nodiscard]] RecordMemory& records() { return records_; }
  /// What expressions of the file may name: {run, calls, now}.
  [[nodiscard]] Json variables() const;
  /// Answers of this test that nobody asked for: how many were given, how many used.
  struct Unused {
    const Answers* answers = nullptr;
    std::size_t used = 0;
  };
  [[nodiscard]] std::vector<Unused> unused() const;

  /// The text of a definition that stands for a child.
  [[nodiscard]] static std::string stand_in_for(const definition::WorkflowRef& workflow);

 private:
  class Actor;
  friend class Actor;

  [[nodiscard]] runtime::ActivityResult play(const runtime::ActivitySpec& spec,
                                             const runtime::Attempt& attempt, const Json& input);
  [[nodiscard]] runtime::Reconciliation look(const runtime::Attempt& attempt, const Json& input);
  [[nodiscard]] runtime::ActivityResult operate(const runtime::ActivitySpec& spec,
                                                const runtime::Attempt& attempt, const Json& input);
  [[nodiscard]] runtime::ActivityResult tell(const Answer& answer, const std::string& task,
                                             const runtime::Attempt& attempt, const Json& input);
  [[nodiscard]] Result<Json> fill(const Answer& answer, std::uint32_t attempt,
                                  const Json& with) const;
  struct Taken {
    const Answers* answers = nullptr;  // null: the file has none for the task
    const Answer* answer = nullptr;    // null: they are used up
  };
  [[nodiscard]] Taken take(const std::string& task_pointer, bool looking);
  runtime::ActivityResult lacking(const std::string& detail);
  [[nodiscard]] std::string name_of(const std::string& pointer) const;

  Setting setting_;
  const definition::Program* program_ = nullptr;
  std::map<std::string, std::size_t> by_task_;  // pointer -> index into the test's answers
  std::vector<std::size_t> used_;               // by index into the test's answers
  std::vector<Call> calls_;
  RecordMemory records_;
  std::map<std::string, runtime::ActivityResult> operated_;  // by idempotency key
  InstanceId run_;  // under test; all zero before the first call
  std::function<Origin(const InstanceId&)> origin_;
};

}  // namespace sequent::workflowtest
