#pragma once
// A workflow file with the scenarios beside it, ready to be played.
#include <string>
#include <vector>

#include "crashtest/crashtest.hpp"

namespace sequent::cli {

struct Subject {
  crashtest::ScenarioFile scenarios;
  std::vector<crashtest::Deployment> deployments;  // the workflow and what it needs
};

/// `jobs`: how many trials evaluate at the same time. `play`: gets ids of its own (crashtest/fresh.hpp);
/// 0 = those of the file.
/// errors  not_found: no scenarios beside it, or a file that they name; those of read_scenarios()
[[nodiscard]] Result<Subject> read_subject(const std::string& workflow_file, int jobs,
                                           std::int64_t play = 0);

}  // namespace sequent::cli
