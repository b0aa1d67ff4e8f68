#pragma once
// One scenario run once, undisturbed or with one disturbance, and what could be observed at its end.
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "crashtest/crashing_store.hpp"
#include "crashtest/programs.hpp"
#include "crashtest/scenario.hpp"
#include "engine/runtime/activity.hpp"
#include "net/http_client.hpp"

namespace sequent::crashtest {

enum class Trouble : std::uint8_t {
  none,
  crash_before,  // just before a checkpoint is durable
  crash_after,   // just after, before its effects leave
  reset,         // a call's connection breaks before the effect
  lost,          // … after the effect: the answer is lost
  broken,        // 500, kept under the idempotency key, without the effect
  broken_after,  // 500, kept under the idempotency key, after the effect
  duplicate,     // a webhook is delivered twice
};

/// Where: "before:7", the 7th checkpoint; "lost:3", the 3rd call; "duplicate:1", the 1st webhook.
struct Point {
  Trouble trouble = Trouble::none;
  std::size_t number = 0;  // from 1

  [[nodiscard]] std::string text() const;
  /// errors  invalid_request: expected KIND:NUMBER, with the kinds
  [[nodiscard]] static Result<Point> parse(const std::string& text);
  [[nodiscard]] bool is_crash() const {
    return trouble == Trouble::crash_before || trouble == Trouble::crash_after;
  }
};

/// Adds activities besides those of the build: for tests of this very instrument. May be empty.
using MoreActivities = std::function<void(runtime::ActivityRegistry&, net::HttpClient&)>;

/// A workflow's text as it is deployed.
struct Deployment {
  std::string file, text;
};

/// A task that was completed by some run.
struct CompletedTask {
  std::string workflow;  // namespace/name
  std::string task;      // JSON Pointer

  auto operator<=>(const CompletedTask&) const = default;
};

struct TrialPlan {
  const ScenarioFile& file;
  const Scenario& scenario;
  const std::vector<Deployment>& deployments;
  std::shared_ptr<Programs> programs;
  std::uint64_t seed = 1;
  MoreActivities more_activities;
  bool note_tasks = false;  // fill in TrialResult::completed
};

struct TrialResult {
  /// shape  {answers: {step: body}, runs: [{workflow, status, output, error, …}],
  ///        records: {collection: [{key, value}]}, providers: {name: {state, effects, …}}}
  Json observation;
  std::vector<std::string> checkpoints, calls, webhooks;  // what each was, in order
  std::set<CompletedTask> completed;                      // of all runs, when it was asked for
  bool reached = false;                                   // the point came
};

/// threads  any number of trials side by side; each has its own store in a temporary folder
/// errors   what kept the scenario from being played: a deployment that is refused, an expression
///          that fails, an engine that does not start
[[nodiscard]] Result<TrialResult> run_trial(const TrialPlan& plan, const Point& point);

}  // namespace sequent::crashtest
