#include "crashtest/crashtest.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

namespace sequent::crashtest {
namespace {

constexpr std::size_t most_changes = 20;  // shown of one difference

/// What every other trial is compared with.
struct Undisturbed {
  TrialResult result;
  std::set<std::string> random;  // places of texts that only chance explains
};

std::vector<Point> points_of(const TrialResult& undisturbed) {
  std::vector<Point> points;
  for (std::size_t i = 1; i <= undisturbed.checkpoints.size(); ++i)
    for (const auto side : {Trouble::crash_before, Trouble::crash_after})
      points.push_back({.trouble = side, .number = i});
  for (std::size_t i = 1; i <= undisturbed.calls.size(); ++i)
    for (const auto fault : {Trouble::reset, Trouble::lost, Trouble::broken, Trouble::broken_after})
      points.push_back({.trouble = fault, .number = i});
  for (std::size_t i = 1; i <= undisturbed.webhooks.size(); ++i)
    points.push_back({.trouble = Trouble::duplicate, .number = i});
  return points;
}

// Both sides of checkpoints and all kinds of faults are among each third, fifth or seventh.
std::vector<Point> each(std::size_t every, const std::vector<Point>& points) {
  std::vector<Point> chosen;
  for (std::size_t i = 0; i < points.size(); i += std::max<std::size_t>(1, every))
    chosen.push_back(points[i]);
  return chosen;
}

std::string where_is(const Point& point, const TrialResult& undisturbed) {
  const auto& list = point.is_crash()                      ? undisturbed.checkpoints
                     : point.trouble == Trouble::duplicate ? undisturbed.webhooks
                                                           : undisturbed.calls;
  return point.number <= list.size() ? list[point.number - 1] : "";
}

// An exception is a broken side of ours; the scenario's other points are still worth trying.
Result<TrialResult> safe_trial(const TrialPlan& plan, const Point& point) {
  try {
    return run_trial(plan, point);
  } catch (const std::exception& thrown) {
    return fail(ErrorCode::internal, std::string("the engine threw: ") + thrown.what());
  }
}

std::optional<Difference> difference_at(const TrialPlan& plan, const Point& point,
                                        const Undisturbed& undisturbed) {
  Difference difference{.point = point, .where = where_is(point, undisturbed.result)};
  if (difference.where.empty()) {
    difference.error = "the undisturbed run has no such point";
    return difference;
  }
  const auto result = safe_trial(plan, point);
  if (!result) {
    difference.error = result.error().detail;
    return difference;
  }
  if (!result->reached) {
    difference.error = "the point was never reached: the runs before it were not the same";
    return difference;
  }
  difference.changes = differences(undisturbed.result.observation, result->observation,
                                   undisturbed.random, most_changes);
  if (difference.changes.empty()) return std::nullopt;
  return difference;
}

Result<void> check_expectation(const ScenarioFile& file, const Scenario& scenario,
                               const TrialResult& undisturbed) {
  if (!scenario.expect) return {};
  const auto holds =
      file.expressions->evaluate(*scenario.expect, undisturbed.observation, expression::Scope{});
  if (!holds) return std::unexpected(holds.error());
  if (*holds == true) return {};
  Json runs = undisturbed.observation["runs"];
  return fail(ErrorCode::conflict, file.file + ":" + std::to_string(scenario.line) +
                                       ": the undisturbed run is not what `expect` says (" +
                                       file.expressions->source(*scenario.expect) + " gives " +
                                       dump_json(*holds) + "). Its runs: " + dump_json(runs));
}

// Without an outcome that repeats, no comparison means anything.
Result<Undisturbed> undisturbed_trials(const TrialPlan& plan) {
  auto first = safe_trial(plan, Point{});
  if (!first) return std::unexpected(first.error());
  if (auto expected = check_expectation(plan.file, plan.scenario, *first); !expected)
    return std::unexpected(expected.error());
  TrialPlan other_ids = plan;
  other_ids.seed = plan.seed + 1;
  const auto second = safe_trial(other_ids, Point{});
  if (!second) return std::unexpected(second.error());
  auto random = random_places(first->observation, second->observation);
  if (!random) return std::unexpected(random.error());
  return Undisturbed{.result = std::move(*first), .random = std::move(*random)};
}

}  // namespace

ScenarioReport run_scenario(const ScenarioFile& file, const Scenario& scenario,
                            const std::vector<Deployment>& deployments, const Options& options,
                            const OnProgress& progress) {
  ScenarioReport report;
  report.workflow_file = file.workflow;
  report.scenario_file = file.file;
  report.scenario = scenario.name;
  const TrialPlan plan{.file = file,
                       .scenario = scenario,
                       .deployments = deployments,
                       .programs = std::make_shared<Programs>(options.jobs),
                       .seed = options.seed,
                       .more_activities = options.more_activities};
  const auto undisturbed = undisturbed_trials(plan);
  if (!undisturbed) {
    report.failure = undisturbed.error();
    return report;
  }
  report.checkpoints = undisturbed->result.checkpoints.size();
  report.calls = undisturbed->result.calls.size();
  report.webhooks = undisturbed->result.webhooks.size();
  auto points = each(options.every, points_of(undisturbed->result));
  if (options.only) points = {*options.only};

  std::atomic<std::size_t> next = 0;
  std::mutex mutex;  // guards all below and the report
  Progress so_far{.scenario = scenario.name, .of = points.size()};
  std::vector<std::optional<Difference>> found(points.size());
  const auto work = [&] {
    for (std::size_t i = next++; i < points.size(); i = next++) {
      auto difference = difference_at(plan, points[i], *undisturbed);
      const std::lock_guard lock{mutex};
      ++(points[i].is_crash() ? report.crashes : report.faults);
      if (difference) ++so_far.differences;
      found[i] = std::move(difference);
      ++so_far.done;
      if (progress) progress(so_far);
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 1; i < options.jobs; ++i) threads.emplace_back(work);
    work();
  }
  for (auto& difference : found)
    if (difference) report.differences.push_back(std::move(*difference));
  return report;
}

Result<std::set<CompletedTask>> tasks_shown(const ScenarioFile& file, const Scenario& scenario,
                                            const std::vector<Deployment>& deployments,
                                            const std::shared_ptr<Programs>& programs) {
  const TrialPlan plan{.file = file,
                       .scenario = scenario,
                       .deployments = deployments,
                       .programs = programs,
                       .seed = 1,
                       .more_activities = {},
                       .note_tasks = true};
  auto trial = safe_trial(plan, Point{});
  if (!trial) return std::unexpected(trial.error());
  if (auto expected = check_expectation(file, scenario, *trial); !expected)
    return std::unexpected(expected.error());
  return std::move(trial->completed);
}

}  // namespace sequent::crashtest
