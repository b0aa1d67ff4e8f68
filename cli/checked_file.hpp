#pragma once
// One workflow file, compiled against the catalog of activities, without a server.
#include <string>
#include <vector>

#include "base/error.hpp"
#include "engine/definition/lint/warnings.hpp"
#include "engine/definition/program.hpp"
#include "engine/runtime/activity.hpp"

namespace sequent::cli {

struct Checked {
  std::string file;
  definition::ProgramPtr program;  // null when there are errors
  std::vector<Finding> errors;
  std::vector<definition::lint::Warning> warnings;  // accepted ones too
};

/// The activities as `serve` has them; nothing is sent.
[[nodiscard]] const runtime::ActivityRegistry& all_activities();

[[nodiscard]] Checked check_file(const std::string& file, definition::lint::Strictness strictness =
                                                              definition::lint::Strictness::usual);

}  // namespace sequent::cli
