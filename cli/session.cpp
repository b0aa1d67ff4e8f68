#include "cli/session.hpp"

namespace sequent::cli {

std::string finding_line(const Finding& finding, std::string_view kind) {
  std::string line = finding.file;
  if (finding.line > 0) {
    line += ":" + std::to_string(finding.line);
    if (finding.column > 0) line += ":" + std::to_string(finding.column);
  }
  if (!line.empty()) line += ": ";
  line += std::string(kind) + ": " + finding.message;
  if (!finding.hint.empty()) line += "; " + finding.hint;
  if (!finding.pointer.empty()) line += " (at " + finding.pointer + ")";
  if (!finding.rule.empty()) line += " [" + finding.rule + "]";
  return printable(line);
}

Json finding_json(const Finding& finding) {
  Json json{{"detail", finding.message}, {"pointer", finding.pointer}};
  if (!finding.file.empty()) json["file"] = finding.file;
  if (finding.line > 0) json["line"] = finding.line;
  if (finding.column > 0) json["column"] = finding.column;
  if (!finding.hint.empty()) json["hint"] = finding.hint;
  if (!finding.rule.empty()) json["rule"] = finding.rule;
  return json;
}

int report(const Session& session, const Error& error) {
  const Terminal& terminal = session.terminal;
  if (session.json) {
    Json json{{"detail", error.detail}};
    for (const auto& finding : error.findings) json["errors"].push_back(finding_json(finding));
    terminal.error(dump_json(json));
    return failed;
  }
  for (const auto& finding : error.findings) terminal.error(finding_line(finding));
  terminal.error(terminal.paint_error(Style::bad, "error") + ": " + printable(error.detail));
  return failed;
}

}  // namespace sequent::cli
