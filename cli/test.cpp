// `test FILE...`: the tests that authors declare beside their workflows, without any server.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

#include "cli/checked_file.hpp"
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/workflow_files.hpp"
#include "workflowtest/workflowtest.hpp"

namespace sequent::cli {
namespace {

namespace fs = std::filesystem;
using workflowtest::Mismatch;
using workflowtest::TestReport;

constexpr std::size_t max_file_bytes = 1 << 20;

/// The tests of one file, run or not.
struct FileReport {
  std::string file, workflow;
  std::optional<Error> failure;  // what kept them from being run
  std::vector<TestReport> tests;

  [[nodiscard]] std::size_t failed() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        tests, [](const TestReport& test) { return !test.mismatches.empty(); }));
  }
  [[nodiscard]] bool good() const { return !failure && failed() == 0; }
};

struct Found {
  std::vector<std::string> tests;    // files of them
  std::vector<std::string> without;  // workflows that have none
};

/// errors  those of workflow_files()
Result<Found> find_tests(const std::vector<std::string>& files_and_folders) {
  std::vector<std::string> workflows;
  Found found;
  for (const auto& name : files_and_folders) {
    if (workflowtest::is_test_file(name)) {
      found.tests.push_back(name);
    } else {
      auto below = workflow_files({name});
      if (!below) return std::unexpected(below.error());
      for (auto& file : *below) workflows.push_back(std::move(file));
    }
  }
  std::error_code ignored;
  for (const auto& workflow : workflows) {
    const auto test = workflowtest::test_file_of(workflow);
    (fs::exists(test, ignored) ? found.tests : found.without)
        .push_back(fs::exists(test, ignored) ? test : workflow);
  }
  return found;
}

Error nothing_found(const Found& found, const std::vector<std::string>& places) {
  Error error{.code = ErrorCode::not_found, .detail = "There is no test"};
  std::string where;
  for (const auto& place : places) where += (where.empty() ? "" : ", ") + place;
  error.detail += " in " + where + ": expected NAME.tests.yaml beside a workflow NAME.yaml";
  if (!found.without.empty()) {
    constexpr std::size_t most_named = 5;
    error.detail += "; looked for";
    for (std::size_t i = 0; i < std::min(most_named, found.without.size()); ++i)
      error.detail += (i == 0 ? " " : ", ") + workflowtest::test_file_of(found.without[i]);
    if (found.without.size() > most_named)
      error.detail += " and " + std::to_string(found.without.size() - most_named) + " more";
  }
  error.detail += ". docs/testing-workflows.md describes the format.";
  return error;
}

FileReport run_file(const std::string& file, const std::string& only) {
  FileReport report{.file = file};
  const auto text = read_file(file, max_file_bytes);
  if (!text) {
    report.failure = text.error();
    return report;
  }
  const auto tests = workflowtest::read_tests(*text, file);
  if (!tests) {
    report.failure = tests.error();
    return report;
  }
  report.workflow = tests->workflow;
  const auto workflow = read_file(tests->workflow, max_file_bytes);
  if (!workflow) {
    report.failure = workflow.error();
    return report;
  }
  // An exception is our own bug, or a loop without end; other files are still worth testing.
  try {
    auto ran = workflowtest::run_tests(*tests, *workflow, all_activities(), only);
    if (ran) {
      report.tests = std::move(*ran);
    } else {
      report.failure = std::move(ran.error());
    }
  } catch (const std::exception& thrown) {
    report.failure =
        Error{.code = ErrorCode::internal, .detail = file + ": the engine threw: " + thrown.what()};
  }
  return report;
}

void print_mismatch(const Terminal& terminal, const FileReport& report, const Mismatch& mismatch) {
  terminal.out("  " + report.file + ":" + std::to_string(mismatch.line) + ": " +
               printable(mismatch.what));
  if (mismatch.expected.empty()) return;
  terminal.out("    expected: " + printable(mismatch.expected));
  terminal.out("    came:     " + printable(mismatch.came));
}

void print_failures(const Session& session, const FileReport& report) {
  if (report.failure) {
    session.terminal.out("");
    (void)sequent::cli::report(session, *report.failure);
  }
  for (const auto& test : report.tests) {
    if (test.mismatches.empty()) continue;
    session.terminal.out("");
    session.terminal.out(session.terminal.paint(Style::bad, "failed") + " " + printable(test.name) +
                         ", " + report.file + ":" + std::to_string(test.line));
    for (const auto& mismatch : test.mismatches) print_mismatch(session.terminal, report, mismatch);
    std::string path;
    for (const auto& task : test.path) path += (path.empty() ? "" : ", ") + task;
    session.terminal.out("  path: " + printable(path.empty() ? "no task was entered" : path));
  }
}

void print_table(const Session& session, const std::vector<FileReport>& reports,
                 const std::vector<std::string>& without) {
  Table table{{"WORKFLOW", "TESTS", "PASSED", "FAILED"}};
  std::size_t tests = 0, failed = 0;
  for (const auto& report : reports) {
    const auto bad = report.failed();
    tests += report.tests.size();
    failed += bad;
    auto name = fs::path(report.file).stem().stem().string();
    table.add({Cell{.text = std::move(name)}, Cell{.text = std::to_string(report.tests.size())},
               Cell{.text = std::to_string(report.tests.size() - bad)},
               Cell{.text = report.failure ? "not run" : std::to_string(bad),
                    .style = report.good() ? Style::good : Style::bad}});
  }
  table.print(session.terminal);
  session.terminal.out("");
  session.terminal.out(std::to_string(tests) + " tests, " + std::to_string(failed) + " failed");
  for (const auto& workflow : without)
    session.terminal.out(session.terminal.paint(Style::warning, "without tests: " + workflow));
}

Json json_of(const FileReport& report) {
  Json json{{"file", report.file}, {"workflow", report.workflow}, {"tests", Json::array()}};
  json["failure"] = nullptr;
  if (report.failure) {
    json["failure"] = {{"detail", report.failure->detail}, {"findings", Json::array()}};
    for (const auto& finding : report.failure->findings)
      json["failure"]["findings"].push_back(finding_json(finding));
  }
  for (const auto& test : report.tests) {
    Json mismatches = Json::array();
    for (const auto& mismatch : test.mismatches)
      mismatches.push_back({{"line", mismatch.line},
                            {"pointer", mismatch.pointer},
                            {"what", mismatch.what},
                            {"expected", mismatch.expected},
                            {"came", mismatch.came}});
    json["tests"].push_back({{"name", test.name},
                             {"line", test.line},
                             {"passed", test.mismatches.empty()},
                             {"path", test.path},
                             {"mismatches", std::move(mismatches)}});
  }
  return json;
}

}  // namespace

int run_test(const Session& session, const TestCommand& command) {
  const auto found = find_tests(command.files);
  if (!found) return report(session, found.error());
  if (found->tests.empty()) return report(session, nothing_found(*found, command.files));
  // What the engine has to say of failures that are meant is no news.
  spdlog::set_level(spdlog::level::off);
  std::vector<FileReport> reports;
  for (const auto& file : found->tests) reports.push_back(run_file(file, command.only));
  const bool none = std::ranges::all_of(
      reports, [](const FileReport& one) { return one.tests.empty() && !one.failure; });
  if (none) {
    session.terminal.error("error: no test has the name `" + printable(command.only) + "`");
    return wrong_use;
  }
  if (session.json) {
    Json all = Json::array();
    for (const auto& one : reports) all.push_back(json_of(one));
    session.terminal.json({{"files", std::move(all)}, {"withoutTests", found->without}});
  } else {
    for (const auto& one : reports) print_failures(session, one);
    const bool good = std::ranges::all_of(reports, &FileReport::good);
    if (!good) session.terminal.out("");
    print_table(session, reports, found->without);
  }
  const bool untested = command.all_tested && !found->without.empty();
  return std::ranges::all_of(reports, &FileReport::good) && !untested ? done : failed;
}

}  // namespace sequent::cli
