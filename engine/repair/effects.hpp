#pragma once
// What a run has done that going back would do again.
#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/definition/program.hpp"
#include "engine/machine/record.hpp"

namespace sequent::repair {

struct Effect {
  std::string task;  // pointer
  std::string
      what;  // "calls stripe.charges.create", "emits com.acme.paid", "starts billing/refund"
  int times = 1;
};

/// Of the tasks that ran at or after the last time the run came to `target`, in the block that holds
/// it: calls that are not harmless to repeat, events, child runs. In the order they happened first.
class Effects {
 public:
  Effects(const definition::Program& program, definition::NodeIndex target);

  /// All records of the journal, in order, in any number of pieces.
  void hear(std::span<const machine::Record> records);
  [[nodiscard]] const std::vector<Effect>& list() const { return effects_; }

 private:
  struct Place {
    machine::FrameId parent = 0;
    definition::NodeIndex node = definition::no_node;
  };
  void hear(const machine::Record& record);
  void begin(machine::FrameId frame, machine::FrameId parent, definition::NodeIndex node);
  void move(const machine::Migrated& moved);
  void add(machine::FrameId frame, std::string what);
  [[nodiscard]] bool repeats(machine::FrameId frame) const;

  const definition::Program& program_;
  definition::NodeIndex target_;
  std::map<machine::FrameId, Place> frames_;
  machine::FrameId block_ = 0;  // 0 = the run has not come to the target
  std::vector<Effect> effects_;
};

}  // namespace sequent::repair
