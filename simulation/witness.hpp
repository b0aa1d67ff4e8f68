#pragma once
// Follows every commit as it becomes durable and folds it, so that each invariant is checked at the
// moment when it breaks.
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/definition/program.hpp"
#include "engine/machine/record.hpp"
#include "engine/runtime/activity.hpp"
#include "engine/runtime/store.hpp"
#include "simulation/notebook.hpp"

namespace sequent::simulation {

/// One run as its journal tells it.
struct Witnessed {
  definition::ProgramPtr program;
  machine::State state;
  std::set<std::pair<machine::FrameId, std::uint32_t>> intents;   // frame, attempt
  std::set<std::pair<std::string, std::uint32_t>> keyed_intents;  // key, attempt
  std::map<std::pair<machine::FrameId, std::string>, int> consumed;
  std::string key;                             // the business key; "" = none
  std::string idempotency_key;                 // of the start; "" = none
  bool edited = false;                         // an operator replaced an input
  std::map<std::string, InstanceId> children;  // by path of the task: the last
  Timestamp ended_at = 0;                      // when it last came to an end
  // Effects that a cancellation undoes, in the order of their completion: occurrence and object.
  std::vector<std::pair<std::string, std::string>> done;
  bool spoken = false;  // an operator said by hand what became of an effect, or undid it
};

class Witness {
 public:
  Witness(Notebook& notebook, std::map<std::string, definition::ProgramPtr> programs)
      : notebook_(notebook), programs_(std::move(programs)) {}

  /// Who has written a batch of a partition, and under which epoch (I3).
  void wrote(PartitionId partition, Epoch epoch, const std::string& node);
  /// What one commit has made durable.
  void committed(const runtime::InstanceChange& change);
  /// A request is about to leave: I1 wants its intent on disk.
  void sent(const runtime::Attempt& attempt, int node);

  [[nodiscard]] const std::map<InstanceId, Witnessed>& runs() const { return runs_; }
  [[nodiscard]] const Witnessed* find(const InstanceId& id) const;
  /// False: its business key belongs to a later run.
  [[nodiscard]] bool has_its_key(const InstanceId& id) const;
  [[nodiscard]] std::uint64_t commits() const { return commits_; }
  /// How often a run has moved to another version.
  [[nodiscard]] std::size_t moves() const { return moves_; }

 private:
  [[nodiscard]] std::vector<InstanceId>& holders(const Witnessed& run);
  void check_claim(const InstanceId& id, const runtime::NewInstance& start);
  void check_revival(const InstanceId& id, const Witnessed& run);
  void follow(const InstanceId& id, Witnessed& run, const machine::Record& record);
  void follow_effects(Witnessed& run, const machine::Record& record);
  void follow_children(const InstanceId& id, Witnessed& run, const machine::Record& record);
  void check_row(const runtime::InstanceChange& change, const Witnessed& run);

  Notebook& notebook_;
  std::map<std::string, definition::ProgramPtr> programs_;  // by digest
  std::map<InstanceId, Witnessed> runs_;
  // Workflow and business key: who has had it, in the order of their starts.
  std::map<std::pair<std::string, std::string>, std::vector<InstanceId>> holders_;
  std::map<PartitionId, std::pair<Epoch, std::string>> writers_;
  std::set<InstanceId> replaced_;  // children whose tasks have others
  std::uint64_t commits_ = 0;
  std::size_t moves_ = 0;
};

}  // namespace sequent::simulation
