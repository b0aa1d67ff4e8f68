#pragma once
// YAML or JSON text -> Program, or every mistake in it.
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "engine/definition/activity_spec.hpp"
#include "engine/definition/program.hpp"

namespace sequent::definition {

struct CompileOptions {
  std::string file;  // for messages; empty when the text came over HTTP
  const ActivityCatalog* catalog = nullptr;
  expression::Limits expression_limits;
  int interpreters = 4;  // copies of the compiled expressions, one per thread
  std::size_t max_bytes = 1 << 20;
  int max_depth = 64;
  std::size_t max_nodes = 50'000;  // YAML nodes after aliases are expanded
};

/// Reads, validates and compiles one document.
/// errors  invalid_definition with one finding for each mistake, in the order of the file: syntax,
///         unknown or missing or mistyped properties ("did you mean"), `then` out of scope,
///         unreachable tasks, expressions that do not compile, unknown functions, missing arguments,
///         constructs that this version does not run
[[nodiscard]] Result<ProgramPtr> compile(std::string_view text, const CompileOptions& options);

/// "file.yaml:12:5: error: … (at /do/0/x)" lines for a terminal.
[[nodiscard]] std::string format_findings(const std::vector<Finding>& findings);

}  // namespace sequent::definition
