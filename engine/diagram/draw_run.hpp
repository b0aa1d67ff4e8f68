#pragma once
// The sequence diagram of what a run did: each task's arrows when it ran, with attempts, waits, times
// the providers' ids of requests, and errors. Values are not drawn, so nothing sensitive is.
#include <map>

#include "engine/diagram/picture.hpp"
#include "engine/machine/record.hpp"

namespace sequent::diagram {

class RunArtist {
 public:
  explicit RunArtist(const definition::Program& program);

  /// Records must come in order, from the first.
  void add(const machine::Record& record);
  [[nodiscard]] Picture take();

 private:
  struct Task {
    definition::NodeIndex node = definition::no_node;
    machine::FrameId parent = 0;
    Timestamp since = 0;
    std::uint32_t attempts = 0;
    std::string request_id;
  };

  // One for each kind of record that is drawn; the others do nothing.
  template <class Body>
  void draw(const Body&) {}
  void draw(const machine::InstanceStarted& body);
  void draw(const machine::TaskStarted& body);
  void draw(const machine::ActivityScheduled& body);
  void draw(const machine::AttemptFailed& body);
  void draw(const machine::AttemptStarted& body);
  void draw(const machine::TaskParked& body);
  void draw(const machine::TaskLetGo& body);
  void draw(const machine::TaskReturned& body);
  void draw(const machine::TaskCompleted& body);
  void draw(const machine::TimerStarted& body);
  void draw(const machine::IterationStarted& body);
  void draw(const machine::ErrorCaught& body);
  void draw(const machine::ListenStarted& body);
  void draw(const machine::EventConsumed& body);
  void draw(const machine::InstanceFaulted& body);
  void draw(const machine::InstanceCompleted& body);
  void draw(const machine::InstanceSuspended& body);
  void draw(const machine::InstanceResumed& body);
  void draw(const machine::InstanceCancelled& body);
  void draw(const machine::CancelStarted& body);
  void draw(const machine::CompensationStarted& body);
  void draw(const machine::TaskDropped& body);
  void draw(const machine::TaskRetried& body);
  void draw(const machine::TaskSkippedByOperator& body);
  void draw(const machine::Rewound& body);

  void note(std::string text);
  [[nodiscard]] machine::FrameId speaker_of(machine::FrameId frame) const;
  [[nodiscard]] const definition::Node& node_of(machine::FrameId frame) const;
  [[nodiscard]] std::string name_of(machine::FrameId frame) const;

  const definition::Program& program_;
  Picture picture_;
  std::string owner_;
  std::map<machine::FrameId, Task> tasks_;
  Timestamp started_ = 0, now_ = 0;
};

}  // namespace sequent::diagram
