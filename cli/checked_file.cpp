#include "cli/checked_file.hpp"

#include "activities/register.hpp"
#include "cli/files.hpp"
#include "engine/definition/compile.hpp"
#include "net/http_client.hpp"

namespace sequent::cli {

const runtime::ActivityRegistry& all_activities() {
  struct Catalog {
    net::HttpClient http;  // the activities want one
    runtime::ActivityRegistry registry;
    Catalog() { activities::register_activities(registry, {}, http); }
  };
  static const Catalog catalog;
  return catalog.registry;
}

Checked check_file(const std::string& file, definition::lint::Strictness strictness) {
  Checked checked;
  checked.file = file;
  definition::CompileOptions options;
  options.file = file;
  options.catalog = &all_activities();
  options.interpreters = 1;
  const auto text = read_file(file, options.max_bytes);
  if (!text) {
    checked.errors.push_back(Finding{.message = text.error().detail, .file = file});
    return checked;
  }
  const auto program = definition::compile(*text, options);
  if (program) {
    checked.program = *program;
    checked.warnings = definition::lint::warnings(**program, strictness);
  } else if (program.error().findings.empty()) {
    checked.errors.push_back(Finding{.message = program.error().detail, .file = file});
  } else {
    checked.errors = program.error().findings;
  }
  for (auto& warning : checked.warnings)
    if (warning.finding.file.empty()) warning.finding.file = file;
  return checked;
}

}  // namespace sequent::cli
