// `validate FILE...`: what `deploy` would say, without a server. `--strict`: what may cost money too.
#include "cli/checked_file.hpp"
#include "cli/commands.hpp"
#include "cli/workflow_files.hpp"
#include "engine/definition/compile.hpp"
#include "engine/definition/workflow_name.hpp"

namespace sequent::cli {
namespace {

using definition::lint::Strictness;
using definition::lint::Warning;

struct Count {
  std::size_t errors = 0, warnings = 0, accepted = 0;
};

Count count_of(const Checked& checked) {
  Count count{.errors = checked.errors.size()};
  for (const auto& warning : checked.warnings)
    ++(warning.accepted ? count.accepted : count.warnings);
  return count;
}

Json json_of(const Checked& checked) {
  Json json{{"file", checked.file}, {"valid", checked.errors.empty()}};
  for (const char* list : {"errors", "warnings", "accepted"}) json[list] = Json::array();
  for (const auto& finding : checked.errors) json["errors"].push_back(finding_json(finding));
  for (const auto& warning : checked.warnings) {
    Json finding = finding_json(warning.finding);
    if (warning.accepted) finding["reason"] = *warning.accepted;
    json[warning.accepted ? "accepted" : "warnings"].push_back(std::move(finding));
  }
  if (checked.program) json["workflow"] = full_name(checked.program->ref);
  return json;
}

void print_warning(const Terminal& terminal, const Warning& warning, bool verbose) {
  if (!warning.accepted)
    return terminal.out(terminal.paint(Style::warning, finding_line(warning.finding, "warning")));
  if (!verbose) return;
  terminal.out(terminal.paint(Style::dim, finding_line(warning.finding, "accepted")));
  terminal.out(terminal.paint(Style::dim, "    because: " + printable(*warning.accepted)));
}

void print(const Terminal& terminal, const Checked& checked, bool verbose) {
  for (const auto& finding : checked.errors)
    terminal.out(terminal.paint(Style::bad, finding_line(finding)));
  for (const auto& warning : checked.warnings) print_warning(terminal, warning, verbose);
  if (checked.program)
    terminal.out(checked.file + ": " + terminal.paint(Style::good, "valid") + ", " +
                 printable(full_name(checked.program->ref)));
}

std::string counted(std::size_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

}  // namespace

int run_validate(const Session& session, const ValidateCommand& command) {
  const auto found = workflow_files(command.files);
  if (!found) return report(session, found.error());
  if (found->empty()) {
    std::string places;
    for (const auto& place : command.files) places += (places.empty() ? "" : ", ") + place;
    return report(session, Error{.code = ErrorCode::not_found,
                                 .detail = "There is no workflow file in " + places + "."});
  }
  Count sum;
  Json all = Json::array();
  for (const auto& file : *found) {
    const Checked checked =
        check_file(file, command.strict ? Strictness::strict : Strictness::usual);
    const Count count = count_of(checked);
    sum.errors += count.errors;
    sum.warnings += count.warnings;
    sum.accepted += count.accepted;
    if (session.json) {
      all.push_back(json_of(checked));
    } else {
      print(session.terminal, checked, command.verbose);
    }
  }
  if (session.json) {
    session.terminal.json(all);
  } else if (command.strict) {
    session.terminal.out(counted(found->size(), "file") + ", " + counted(sum.errors, "error") +
                         ", " + counted(sum.warnings, "warning") + ", " +
                         std::to_string(sum.accepted) + " accepted" +
                         (sum.accepted > 0 && !command.verbose ? " (--verbose tells why)" : ""));
  }
  const bool good = sum.errors == 0 && (!command.strict || sum.warnings == 0);
  return good ? done : failed;
}

}  // namespace sequent::cli
