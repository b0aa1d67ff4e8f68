#include "engine/diagram/trace.hpp"
#include "engine/definition/workflow_name.hpp"

#include <algorithm>

namespace sequent::diagram {
namespace {

using definition::Arrow;
using definition::Program;

TracedDiagram& diagram_of(std::vector<TracedDiagram>& diagrams, const std::string& title) {
  const auto found = std::find_if(diagrams.begin(), diagrams.end(),
                                  [&](const auto& diagram) { return diagram.title == title; });
  if (found != diagrams.end()) return *found;
  return diagrams.emplace_back(TracedDiagram{.title = title, .document = {}, .rows = {}});
}

void add(std::vector<TracedDiagram>& diagrams, const Program& program, const Arrow& arrow,
         Carrier carrier) {
  for (const auto& place : arrow.places) {
    auto& rows = diagram_of(diagrams, program.diagrams.at(place.diagram - 1)).rows;
    while (rows.size() < place.number)
      rows.push_back(TraceRow{.number = static_cast<std::uint32_t>(rows.size() + 1)});
    TraceRow& row = rows[place.number - 1];
    row.arrow = arrow;
    carrier.place = place;
    row.carriers.push_back(carrier);
  }
}

// A cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string words_of(const TraceRow& row) {
  const Arrow& arrow = row.arrow;
  if (arrow.from.empty()) return "";
  return cell(arrow.from) + (arrow.reply ? " ⇢ " : " → ") + cell(arrow.to) + ": " +
         cell(arrow.text);
}

std::string words_of(const Carrier& carrier) {
  const std::string name = carrier.workflow.substr(carrier.workflow.find('/') + 1);
  return "[" + cell(name) + "](sequences/" + name + ".md), " +
         (carrier.task.empty() ? "the caller's own step" : "task `" + cell(carrier.name) + "`");
}

std::string test_of(const Carrier& carrier) {
  const bool elsewhere = carrier.task.empty() && carrier.shown_by.empty();
  return elsewhere ? "outside Sequent" : cell(carrier.shown_by);
}

}  // namespace

std::vector<TracedDiagram> trace(std::span<const definition::ProgramPtr> programs) {
  std::vector<TracedDiagram> diagrams;
  for (const auto& program : programs) {
    const std::string workflow = workflow_name(program->ref);
    for (const auto& title : program->diagrams) (void)diagram_of(diagrams, title);
    for (const auto& arrow : program->client_arrows)
      add(diagrams, *program, arrow,
          Carrier{.workflow = workflow, .task = {}, .name = {}, .place = {}, .shown_by = {}});
    for (const auto& node : program->nodes)
      for (const auto& arrow : node.arrows)
        add(diagrams, *program, arrow,
            Carrier{.workflow = workflow,
                    .task = node.pointer,
                    .name = node.name,
                    .place = {},
                    .shown_by = {}});
  }
  return diagrams;
}

std::string trace_markdown(std::span<const TracedDiagram> diagrams) {
  std::string out;
  for (const auto& diagram : diagrams) {
    out += (out.empty() ? "## " : "\n## ") + diagram.title + "\n\n";
    if (!diagram.document.empty()) out += "Document: `" + diagram.document + "`.\n\n";
    out += "| # | arrow | carried out by | shown by |\n|---|---|---|---|\n";
    for (const auto& row : diagram.rows) {
      std::string carriers, tests;
      for (const auto& carrier : row.carriers) {
        carriers += (carriers.empty() ? "" : "<br>") + words_of(carrier);
        tests += (tests.empty() ? "" : "<br>") + test_of(carrier);
      }
      out += "| " + std::to_string(row.number) + " | " + words_of(row) + " | " + carriers + " | " +
             tests + " |\n";
    }
  }
  return out;
}

}  // namespace sequent::diagram
