// The check of journals: definitions out of the store, compiled as a node compiles them.
#include "activities/register.hpp"
#include "cli/checks.hpp"
#include "engine/upkeep/journal_check.hpp"
#include "net/http_client.hpp"
#include "persistence/database.hpp"

namespace sequent::cli {
namespace {

Check bad(const std::string& detail) {
  return {"journals", Verdict::bad, detail};
}

Result<upkeep::ProgramsByDigest> compile_all(runtime::DefinitionStore& store,
                                             const Config& config) {
  net::HttpClient http;
  runtime::ActivityRegistry activities;
  activities::register_activities(activities, config.providers, http);
  definition::CompileOptions options;
  options.catalog = &activities;
  options.interpreters = 1;
  upkeep::ProgramsByDigest programs;
  for (const auto& stored : store.all()) {
    auto program = definition::compile(stored.source, options);
    if (!program) return std::unexpected(program.error());
    programs[stored.digest] = *std::move(program);
  }
  return programs;
}

}  // namespace

std::vector<Check> check_journals(const Config& config) {
  persistence::DatabaseOptions options;
  options.url = config.store;
  options.directory = config.data;
  options.node = "doctor";
  const auto store = persistence::open_database(options);
  if (!store) return {bad(store.error().detail)};
  const auto programs = compile_all(**store, config);
  if (!programs) return {bad(programs.error().detail)};
  const auto report = upkeep::check_journals(**store, **store, *programs);
  if (!report) return {bad(report.error().detail)};
  std::vector<Check> checks;
  for (const auto& [run, what] : report->wrong)
    checks.push_back({"journal of " + run.text(), Verdict::bad, what});
  if (checks.empty())
    checks.push_back(
        {"journals", Verdict::good, std::to_string(report->runs) + " runs agree with theirs"});
  return checks;
}

}  // namespace sequent::cli
