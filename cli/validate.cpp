// `validate FILE...`: what `deploy` would say, without a server.
#include "activities/register.hpp"
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/workflow_files.hpp"
#include "engine/definition/compile.hpp"

namespace sequent::cli {
namespace {

struct Checked {
  std::string file;
  definition::ProgramPtr program;  // null when there are errors
  std::vector<Finding> errors, warnings;
};

Checked check(const std::string& file, const runtime::ActivityRegistry& registry) {
  Checked checked;
  checked.file = file;
  definition::CompileOptions options;
  options.file = file;
  options.catalog = &registry;
  options.interpreters = 1;
  const auto text = read_file(file, options.max_bytes);
  if (!text) {
    checked.errors.push_back(Finding{.message = text.error().detail, .file = file});
    return checked;
  }
  const auto program = definition::compile(*text, options);
  if (program) {
    checked.program = *program;
    checked.warnings = definition::lint(**program);
  } else if (program.error().findings.empty()) {
    checked.errors.push_back(Finding{.message = program.error().detail, .file = file});
  } else {
    checked.errors = program.error().findings;
  }
  for (auto& warning : checked.warnings)
    if (warning.file.empty()) warning.file = file;
  return checked;
}

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
  net::HttpClient http;  // the activities want one; nothing is sent
  runtime::ActivityRegistry registry;
  activities::register_activities(registry, {}, http);
  const auto found = workflow_files(files);
  if (!found) return report(session, found.error());
  bool valid = true;
  Json all = Json::array();
  for (const auto& file : *found) {
    const Checked checked = check(file, registry);
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
