#pragma once
// Crash at every checkpoint: each scenario runs once undisturbed, then once for each crash before and
// after each of its checkpoints and for each fault of each of its calls and webhooks; what can be
// seen at the end must be the same.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "crashtest/observe.hpp"
#include "crashtest/trial.hpp"

namespace sequent::crashtest {

struct Options {
  std::optional<Point> only;  // one point instead of all
  std::string scenario;       // one scenario instead of all; empty = all
  std::size_t every = 1;      // each Nth point alone, beginning with the first
  std::uint64_t seed = 1;
  int jobs = 1;  // trials side by side
  MoreActivities more_activities;
};

struct Difference {
  Point point;
  std::string where;  // what the checkpoint held, or which call or webhook it was
  std::string error;  // why the scenario could not be played to its end; empty: it was
  std::vector<Change> changes;
};

struct ScenarioReport {
  std::string workflow_file, scenario_file, scenario;
  std::optional<Error> failure;  // the undisturbed run is not what the scenario expects
  std::size_t checkpoints = 0, calls = 0, webhooks = 0;
  std::size_t crashes = 0, faults = 0;  // trials made
  std::vector<Difference> differences;  // in the order of the points
};

/// Told after each trial; from any thread, never two at once.
struct Progress {
  std::string scenario;
  std::size_t done = 0, of = 0, differences = 0;
};
using OnProgress = std::function<void(const Progress&)>;

/// threads  uses options.jobs threads; `progress` may be empty
[[nodiscard]] ScenarioReport run_scenario(const ScenarioFile& file, const Scenario& scenario,
                                          const std::vector<Deployment>& deployments,
                                          const Options& options, const OnProgress& progress);

/// The tasks that the undisturbed run of a scenario completes, which is what the scenario shows.
/// errors  those of run_trial(); conflict: the run is not what the scenario expects
[[nodiscard]] Result<std::set<CompletedTask>> tasks_shown(
    const ScenarioFile& file, const Scenario& scenario, const std::vector<Deployment>& deployments,
    const std::shared_ptr<Programs>& programs);

}  // namespace sequent::crashtest
