#include "engine/diagram/page.hpp"

#include <set>

#include "engine/definition/workflow_name.hpp"
#include "engine/diagram/draw_definition.hpp"

namespace sequent::diagram {
namespace {

using definition::Program;

std::string beginnings_of(const Program& program) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (program.http) add("`" + program.http->method + " " + program.http->path + "`");
  if (program.schedule.on) {
    std::set<std::string> types;
    for (const auto index : program.schedule.on->filters)
      types.insert(program.filters.at(index).type);
    for (const auto& type : types)
      add(type.empty() ? std::string{"an event"} : "the event `" + type + "`");
  }
  if (!program.schedule.cron.empty()) add("the time: `" + program.schedule.cron + "`");
  if (program.schedule.every || program.schedule.after) add("the time");
  return text.empty() ? "a caller or another workflow" : text;
}

std::string numbers_of(const Program& program) {
  std::string text;
  for (std::size_t i = 0; i < program.diagrams.size(); ++i)
    text += (i == 0                             ? ""
             : i + 1 == program.diagrams.size() ? " and "
                                                : ", ") +
            ("\"" + program.diagrams[i] + "\"");
  if (text.empty()) return "";
  if (program.diagrams.size() > 1) text += " (2.5: arrow 5 of the second)";
  return "Numbers are those of the arrows in " + text +
         "; [the trace table](../sequences.md) says which test shows each. " +
         "Arrows without one are ours.\n\n";
}

}  // namespace

std::string page(const Program& program, const std::string& source) {
  const std::string name = workflow_name(program.ref);
  std::string out = "# " + (program.title.empty() ? program.ref.name : program.title) + "\n\n";
  out += "[`" + name + "`](" + source + "), started by " + beginnings_of(program) + ".\n\n";
  if (!program.summary.empty()) out += program.summary + "\n\n";
  out += numbers_of(program);
  return out + "```mermaid\n" + mermaid(draw_definition(program)) + "```\n";
}

}  // namespace sequent::diagram
