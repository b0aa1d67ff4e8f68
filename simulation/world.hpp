#pragma once
// Private to the simulation: one world, from its first boot to its last check.
#include "simulation/clients.hpp"
#include "simulation/simulation.hpp"
#include "simulation/workflows.hpp"

namespace sequent::simulation {

class World {
 public:
  explicit World(const SeedOptions& options);

  void run();
  [[nodiscard]] SeedOutcome outcome() const;

 private:
  [[nodiscard]] std::map<std::string, definition::ProgramPtr> deploy();
  void add_versions(std::vector<Json>& documents, const WorkflowShape& shape);
  [[nodiscard]] runtime::EngineConfig rough_config();
  void plan_starts();
  void plan_keyed_starts();
  void plan_events();
  void plan_operators();
  void plan_rewinds();
  void plan_migrations();
  void plan_crashes();
  void plan_waits();
  void plan_jumps();
  void retry_failed_order();
  void plan_nodes();
  void plan_outages();
  void break_provider(DurationMs longest);
  void interfere();
  /// A run drawn from those that are there; null when there is none.
  const std::pair<const InstanceId, Witnessed>* any_run();
  void skip_or_rewind();
  /// False when the world never comes to rest.
  bool turn(Timestamp until);

  void calm_down();
  /// Does what an operator would: resumes, retries, delivers what is awaited. False: nothing to do.
  bool help();
  bool help_run(const InstanceId& id, const Witnessed& run);

  // cancelling.cpp
  void plan_cancellations();
  void lie_in_wait(int moment, int looks);
  void insist(const InstanceId& id);
  void prowl();
  void cancel_some();
  [[nodiscard]] static bool has_undoers(const definition::Program& program);
  [[nodiscard]] Json truth_of(const Witnessed& run, const std::string& task) const;

  // checks.cpp: what must hold at the end
  void check();
  void check_run(const InstanceId& id, const Witnessed& run);
  void check_journal(const InstanceId& id, const Witnessed& run);
  void check_starts();
  void check_events();
  void check_shares();
  // check_undoing.cpp
  void check_undoing();
  void check_order_of_undoing(const InstanceId& id, const Witnessed& run);
  // check_schedules.cpp
  void check_schedules();
  void check_times(const definition::Program& program, const std::vector<Timestamp>& times);
  void check_that_it_goes_on(const definition::Program& program);
  /// A schedule goes on for ever: its last run may still be under way.
  [[nodiscard]] bool has_just_begun(const InstanceId& id) const;
  [[nodiscard]] bool ended_as_designed(const Witnessed& run) const;

  SeedOptions options_;
  Dice dice_;
  Scheduler scheduler_;
  Timestamp began_;
  Notebook notebook_;
  std::vector<std::string> store_log_;
  MemoryStore store_;
  std::vector<std::string> names_;          // of workflows that callers start
  std::vector<std::string> keyed_names_;    // of those with a business key
  std::vector<std::string> undoing_names_;  // of those with effects that a cancellation undoes
  std::vector<std::string> event_types_;
  std::vector<std::string> moving_names_;                   // of those with two versions
  std::map<std::string, definition::ProgramPtr> programs_;  // by digest
  Weather weather_;
  Provider provider_;
  Witness witness_;
  Cluster cluster_;
  Clients clients_;
  int last_event_ = 0;
  int ambushes_ = 0;  // still to come
  // Runs of which an operator has said what became of an effect, or of what undoes one.
  std::set<InstanceId> mended_by_hand_;
  Timestamp calm_since_ = 0;
};

}  // namespace sequent::simulation
