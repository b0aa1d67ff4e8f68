#pragma once
// One workflow file, compiled against the catalog of activities, without a server.
#include <string>
#include <vector>

#include "base/error.hpp"
#include "engine/definition/program.hpp"
#include "engine/runtime/activity.hpp"

namespace sequent::cli {

struct Checked {
  std::string file;
  definition::ProgramPtr program;  // null when there are errors
  std::vector<Finding> errors, warnings;
};

/// The activities as `serve` has them; nothing is sent.
[[nodiscard]] const runtime::ActivityRegistry& all_activities();

[[nodiscard]] Checked check_file(const std::string& file);

}  // namespace sequent::cli
