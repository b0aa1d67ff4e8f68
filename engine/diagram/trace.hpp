#pragma once
// The trace table: each arrow of the source diagrams by its number, and the workflow and task that
// carries it out, or the word that it is the caller's own step.
#include <span>

#include "engine/definition/program.hpp"

namespace sequent::diagram {

/// Who carries out an arrow.
struct Carrier {
  std::string workflow;          // namespace/name
  std::string task;              // JSON Pointer; "" = the caller's own step
  std::string name;              // of the task
  definition::ArrowPlace place;  // as this workflow numbers it
  std::string shown_by;          // the test that shows it; "" = none
};
struct TraceRow {
  std::uint32_t number = 0;
  definition::Arrow arrow;  // empty texts: no workflow claims it
  std::vector<Carrier> carriers;
};
struct TracedDiagram {
  std::string title;
  std::string document;        // that has it; "" = not said
  std::vector<TraceRow> rows;  // from 1, without gaps
};

/// Diagrams in the order in which the programs name them, and within them that of the numbers.
[[nodiscard]] std::vector<TracedDiagram> trace(std::span<const definition::ProgramPtr> programs);
/// A Markdown table for each diagram; workflows are links to sequences/NAME.md.
[[nodiscard]] std::string trace_markdown(std::span<const TracedDiagram> diagrams);

}  // namespace sequent::diagram
