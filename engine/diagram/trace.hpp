#pragma once
// The trace table: each arrow of the documenting diagrams, and the workflow and task that carries it
// out, or the word that it is the caller's own step.
#include <span>

#include "engine/definition/program.hpp"

namespace sequent::diagram {

struct TraceRow {
  std::string diagrams;  // titles, joined
  definition::Arrow arrow;
  std::string workflow;  // namespace/name
  std::string task;      // its name; "" = the caller's own step
};

[[nodiscard]] std::vector<TraceRow> trace(std::span<const definition::ProgramPtr> programs);
/// As a Markdown table for each workflow.
[[nodiscard]] std::string trace_markdown(std::span<const TraceRow> rows);

}  // namespace sequent::diagram
