#pragma once
// Plays one instance of a definition through the pure core with chance outcomes, and checks after
// every event what must hold of any instance at any time.
#include <map>
#include <set>
#include <string>

#include "engine/definition/compile.hpp"
#include "engine/machine/command.hpp"
#include "engine/machine/decide.hpp"
#include "simulation/dice.hpp"

namespace sequent::testing {

[[nodiscard]] definition::ProgramPtr compile_document(const Json& document);

class Player {
 public:
  /// `smooth`: every call succeeds, every child completes, no operator comes.
  Player(definition::ProgramPtr program, std::uint64_t seed, bool smooth);

  void start();
  /// One thing happens. False: the instance has ended and nobody does anything about it.
  bool step();

  /// An operator cancels the run as it stands, and everybody helps it to its end from then on.
  void cancel();
  /// What a calm operator does about a run that stands still. False: nothing is to be done.
  bool mend();

  [[nodiscard]] const machine::State& state() const { return state_; }
  /// Calls that can be undone and of which nobody knows whether they happened.
  [[nodiscard]] const std::set<std::string>& doubtful() const { return doubtful_; }
  /// An operator has said how a task ended, or has edited what it takes.
  [[nodiscard]] bool had_its_word() const { return word_; }
  [[nodiscard]] const machine::Records& journal() const { return journal_; }

 private:
  void feed(const machine::Event& event);
  /// Another process, which has the journal alone, decides the same.
  void check_decision(const std::string& before, const machine::Event& event,
                      const Result<machine::Records>& live, std::uint64_t random);
  void check_fold(const machine::Records& records);
  void check_commands();
  void check_awake();
  void note_key(const machine::State& state, const machine::Record& record);
  void note_outcome(const machine::Event& event);

  [[nodiscard]] std::vector<machine::Event> possible();
  void add_calls(std::vector<machine::Event>& events);
  void add_parked(std::vector<machine::Event>& events);
  void add_children(std::vector<machine::Event>& events);
  void add_arrivals(std::vector<machine::Event>& events);
  [[nodiscard]] machine::Event answer(const machine::DispatchActivity& call);
  [[nodiscard]] machine::Event child_end(const machine::ChildState& child);
  [[nodiscard]] machine::Event operators_event();

  definition::ProgramPtr program_;
  simulation::Dice dice_;
  bool smooth_;
  machine::Surroundings surroundings_;
  machine::State state_;   // changed by decide()
  machine::State folded_;  // by apply() of what was written and read back
  machine::Records journal_;
  Timestamp now_ = 1'700'000'000'000;
  int last_event_ = 0;
  bool edited_ = false;
  std::map<std::string, std::string> keys_;  // by path and generation
  std::map<std::string, Json> arguments_;    // by key
  std::set<std::string> doubtful_;           // keys
  bool word_ = false;
};

}  // namespace sequent::testing
