// `crashtest FILE...`: what a crash or a fault at each point of a workflow changes. Nothing, is the
// only good answer.
#include "crashtest/crashtest.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "cli/commands.hpp"
#include "cli/scenario_files.hpp"
#include "cli/workflow_files.hpp"

namespace sequent::cli {
namespace {

constexpr std::size_t shown_columns = 160;  // of a value in a difference

std::string repeat_command(const crashtest::ScenarioReport& report, const crashtest::Point& point,
                           std::uint64_t seed) {
  std::string command = "sequent crashtest " + report.workflow_file + " --scenario " +
                        report.scenario + " --only " + point.text();
  if (seed != 1) command += " --seed " + std::to_string(seed);
  return command;
}

void print_difference(const Session& session, const crashtest::ScenarioReport& report,
                      const crashtest::Difference& difference, std::uint64_t seed) {
  const auto& terminal = session.terminal;
  const auto shown = [](const Json& value) {
    return shortened(printable(dump_json(value)), shown_columns);
  };
  terminal.out("");
  terminal.out(terminal.paint(Style::bad, report.workflow_file + ", " + report.scenario + ", " +
                                              difference.point.text()) +
               ": " + printable(difference.where));
  if (!difference.error.empty()) terminal.out("  " + printable(difference.error));
  for (const auto& change : difference.changes) {
    terminal.out("  at " + printable(change.pointer));
    terminal.out("    undisturbed: " + shown(change.expected));
    terminal.out("    here:        " + shown(change.observed));
  }
  terminal.out("  repeat: " + repeat_command(report, difference.point, seed));
}

Json json_of(const crashtest::ScenarioReport& report, std::uint64_t seed) {
  Json json{{"workflow", report.workflow_file},  {"scenario", report.scenario},
            {"checkpoints", report.checkpoints}, {"calls", report.calls},
            {"webhooks", report.webhooks},       {"crashes", report.crashes},
            {"faults", report.faults},           {"differences", Json::array()}};
  json["failure"] = report.failure ? Json(report.failure->detail) : Json(nullptr);
  for (const auto& difference : report.differences) {
    Json changes = Json::array();
    for (const auto& change : difference.changes)
      changes.push_back({{"pointer", change.pointer},
                         {"undisturbed", change.expected},
                         {"here", change.observed}});
    json["differences"].push_back(
        {{"point", difference.point.text()},
         {"where", difference.where},
         {"error", difference.error.empty() ? Json(nullptr) : Json(difference.error)},
         {"changes", std::move(changes)},
         {"repeat", repeat_command(report, difference.point, seed)}});
  }
  return json;
}

void print_reports(const Session& session, const std::vector<crashtest::ScenarioReport>& reports,
                   std::uint64_t seed) {
  Table table{{"WORKFLOW", "SCENARIO", "CHECKPOINTS", "CALLS", "WEBHOOKS", "CRASHES", "FAULTS",
               "DIFFERENCES"}};
  for (const auto& report : reports) {
    const auto count = [](std::size_t number) { return Cell{.text = std::to_string(number)}; };
    const bool good = !report.failure && report.differences.empty();
    const auto differences =
        report.failure ? std::string("not run") : std::to_string(report.differences.size());
    table.add({Cell{.text = std::filesystem::path(report.workflow_file).stem().string()},
               Cell{.text = report.scenario}, count(report.checkpoints), count(report.calls),
               count(report.webhooks), count(report.crashes), count(report.faults),
               Cell{.text = differences, .style = good ? Style::good : Style::bad}});
  }
  table.print(session.terminal);
  for (const auto& report : reports) {
    for (const auto& difference : report.differences)
      print_difference(session, report, difference, seed);
    if (!report.failure) continue;
    session.terminal.out("");
    session.terminal.out(report.workflow_file + ", " + report.scenario + ":");
    (void)sequent::cli::report(session, *report.failure);
  }
}

// One line that is written over; only where somebody watches.
crashtest::OnProgress progress_on(const Session& session, const std::string& workflow) {
  if (session.json) return {};
  return [&session, workflow](const crashtest::Progress& progress) {
    const bool whole = progress.done == progress.of;
    session.terminal.progress("crashtest " + std::filesystem::path(workflow).stem().string() +
                                  ", " + progress.scenario + ": " + std::to_string(progress.done) +
                                  " of " + std::to_string(progress.of) + " trials, " +
                                  std::to_string(progress.differences) + " differences",
                              whole);
  };
}

}  // namespace

int run_crashtest(const Session& session, const CrashtestCommand& command) {
  crashtest::Options options;
  options.scenario = command.scenario;
  options.every = command.every;
  options.seed = command.seed;
  options.jobs = command.jobs > 0
                     ? command.jobs
                     : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  if (!command.only.empty()) {
    const auto point = crashtest::Point::parse(command.only);
    if (!point) {
      report(session, point.error());
      return wrong_use;
    }
    options.only = *point;
  }
  const auto files = workflow_files(command.files);
  if (!files) return report(session, files.error());
  // Broken stores are what is tried here: the engine's word about each is no news.
  spdlog::set_level(spdlog::level::off);
  bool bad = false;
  std::vector<crashtest::ScenarioReport> reports;
  for (const auto& file : *files) {
    const auto subject = read_subject(file, options.jobs);
    if (!subject) {
      bad = true;
      report(session, subject.error());
      continue;
    }
    for (const auto& scenario : subject->scenarios.scenarios) {
      if (!options.scenario.empty() && scenario.name != options.scenario) continue;
      reports.push_back(crashtest::run_scenario(subject->scenarios, scenario, subject->deployments,
                                                options, progress_on(session, file)));
      bad = bad || reports.back().failure || !reports.back().differences.empty();
    }
  }
  if (reports.empty() && !bad) {
    session.terminal.error("error: no scenario has the name `" + printable(options.scenario) + "`");
    return wrong_use;
  }
  if (session.json) {
    Json all = Json::array();
    for (const auto& one : reports) all.push_back(json_of(one, options.seed));
    session.terminal.json(all);
  } else if (!reports.empty()) {
    print_reports(session, reports, options.seed);
  }
  return bad ? failed : done;
}

}  // namespace sequent::cli
