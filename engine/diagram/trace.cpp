#include "engine/diagram/trace.hpp"

namespace sequent::diagram {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
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

}  // namespace

std::vector<TraceRow> trace(std::span<const definition::ProgramPtr> programs) {
  std::vector<TraceRow> rows;
  for (const auto& program : programs) {
    const std::string diagrams = joined(program->diagrams);
    const std::string workflow = program->ref.workflow_namespace + "/" + program->ref.name;
    for (const auto& arrow : program->client_arrows)
      rows.push_back(TraceRow{diagrams, arrow, workflow, ""});
    for (const auto& node : program->nodes)
      for (const auto& arrow : node.arrows)
        rows.push_back(TraceRow{diagrams, arrow, workflow, node.name});
  }
  return rows;
}

std::string trace_markdown(std::span<const TraceRow> rows) {
  std::string out;
  std::string workflow;
  for (const auto& row : rows) {
    if (row.workflow != workflow) {
      workflow = row.workflow;
      out += (out.empty() ? "## " : "\n## ") + workflow + "\n\n";
      if (!row.diagrams.empty()) out += "Diagram: " + row.diagrams + ".\n\n";
      out += "| arrow | carried out by |\n|---|---|\n";
    }
    out += "| " + cell(row.arrow.from) + (row.arrow.reply ? " ⇢ " : " → ") + cell(row.arrow.to) +
           ": " + cell(row.arrow.text) + " | " +
           (row.task.empty() ? "the caller's own step" : "`" + cell(row.task) + "`") + " |\n";
  }
  return out;
}

}  // namespace sequent::diagram
