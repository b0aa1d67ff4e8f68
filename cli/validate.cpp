// `validate FILE...`: what `deploy` would say, without a server.
#include "cli/checked_file.hpp"
#include "cli/commands.hpp"
#include "cli/workflow_files.hpp"
#include "engine/definition/compile.hpp"

namespace sequent::cli {
namespace {

std::string name_of(const definition::Program& program) {
  return program.ref.workflow_namespace + "/" + program.ref.name + ":" + program.ref.version;
}

Json json_of(const Checked& checked) {
  Json json{{"file", checked.file}, {"valid", checked.errors.empty()}};
  json["errors"] = Json::array();
  json["warnings"] = Json::array();
  for (const auto& finding : checked.errors) json["errors"].push_back(finding_json(finding));
  for (const auto& finding : checked.warnings) json["warnings"].push_back(finding_json(finding));
  if (checked.program) json["workflow"] = name_of(*checked.program);
  return json;
}

void print(const Terminal& terminal, const Checked& checked) {
  for (const auto& finding : checked.errors)
    terminal.out(terminal.paint(Style::bad, finding_line(finding)));
  for (const auto& finding : checked.warnings)
    terminal.out(terminal.paint(Style::warning, finding_line(finding, "warning")));
  if (checked.program)
    terminal.out(checked.file + ": " + terminal.paint(Style::good, "valid") + ", " +
                 printable(name_of(*checked.program)));
}

}  // namespace

int run_validate(const Session& session, const std::vector<std::string>& files) {
  const auto found = workflow_files(files);
  if (!found) return report(session, found.error());
  bool valid = true;
  Json all = Json::array();
  for (const auto& file : *found) {
    const Checked checked = check_file(file);
    valid = valid && checked.errors.empty();
    if (session.json) {
      all.push_back(json_of(checked));
    } else {
      print(session.terminal, checked);
    }
  }
  if (session.json) session.terminal.json(all);
  return valid ? done : failed;
}

}  // namespace sequent::cli
