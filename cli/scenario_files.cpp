#include "cli/scenario_files.hpp"

#include <filesystem>

#include "cli/files.hpp"
#include "crashtest/fresh.hpp"
#include "crashtest/outside.hpp"

namespace sequent::cli {

Result<Subject> read_subject(const std::string& workflow_file, int jobs, std::int64_t play) {
  constexpr std::size_t max_file_bytes = 1 << 20;
  const auto scenario_file = crashtest::scenario_file_of(workflow_file);
  std::error_code ignored;
  if (!std::filesystem::exists(scenario_file, ignored))
    return fail(ErrorCode::not_found,
                workflow_file + ": there is no " + scenario_file +
                    ", which would say how the workflow is tried; docs/crashtest.md describes it.");
  auto text = read_file(scenario_file, max_file_bytes);
  if (text && play > 0) text = crashtest::with_fresh_ids(*text, scenario_file, play);
  if (!text) return std::unexpected(text.error());
  auto scenarios =
      crashtest::read_scenarios(*text, scenario_file, crashtest::Outside::names(), jobs);
  if (!scenarios) return std::unexpected(scenarios.error());
  Subject subject;
  subject.scenarios = *std::move(scenarios);
  std::vector<std::string> files = subject.scenarios.needs;
  files.push_back(subject.scenarios.workflow);
  for (const auto& file : files) {
    auto workflow = read_file(file, max_file_bytes);
    if (!workflow) return std::unexpected(workflow.error());
    subject.deployments.push_back({.file = file, .text = *std::move(workflow)});
  }
  return subject;
}

}  // namespace sequent::cli
