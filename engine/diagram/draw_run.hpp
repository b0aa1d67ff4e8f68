#pragma once
// The sequence diagram of what a run did: each task's arrows when it ran, with attempts, waits, times
// the providers' ids of requests, and errors. Values are not drawn, so nothing sensitive is.
#include <functional>
#include <map>

#include "engine/diagram/picture.hpp"
#include "engine/machine/record.hpp"

namespace sequent::diagram {

class RunArtist {
 public:
  /// `program`: the version that the run is under now. `find`: others by digest, for a run that has
  /// moved; null = it is not known.
  using Find = std::function<definition::ProgramPtr(const std::string& digest)>;
  explicit RunArtist(const definition::Program& program, Find find = {});

  /// Records must come in order, from the first.
  void add(const machine::Record& record);
  [[nodiscard]] Picture take();

 private:
  struct Task {
    definition::NodeIndex node = definition::no_node;
    machine::FrameId parent = 0;
    Timestamp since = 0;
    std::uint32_t attempts = 0, uncounted = 0;
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
  void draw(const machine::Migrated& body);

  void go_on_under(const std::string& digest);
  void note(std::string text);
  [[nodiscard]] machine::FrameId speaker_of(machine::FrameId frame) const;
  [[nodiscard]] const definition::Node& node_of(machine::FrameId frame) const;
  [[nodiscard]] std::string name_of(machine::FrameId frame) const;

  const definition::Program& last_;
  const definition::Program* program_;  // of the records that come
  definition::ProgramPtr kept_;
  Find find_;
  Picture picture_;
  std::string owner_;
  std::map<machine::FrameId, Task> tasks_;
  Timestamp started_ = 0, now_ = 0;
};

}  // namespace sequent::diagram
