// The options of `migrate` and `definitions`.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/arguments.hpp"
#include "cli/commands.hpp"

namespace sequent::cli {

void add_migrate_command(CLI::App& app, Session& session, Chosen& chosen) {
  auto* migrate = client_options(
      app.add_subcommand("migrate", "Move runs to another version of their workflow"), session);
  const auto options = std::make_shared<MigrateOptions>();
  BatchOptions& batch = options->batch;
  batch.action = "migrate";
  migrate->add_option("run", options->run, "Id of the run; or --where");
  migrate->add_option("--where", batch.where,
                      "Which runs: status=waiting and workflow=billing/refund:1.0.0");
  migrate->add_option("--to", batch.version, "The version, default the highest");
  migrate->add_flag("--dry-run", batch.dry_run, "Say whether it can be, and do nothing");
  migrate->add_option("--reason", batch.reason, "Why; the audit log keeps it");
  migrate->add_option("--rate", batch.rate, "Of many: 50/s, 100/m or 10/h");
  migrate->callback([&chosen, &session, options] {
    if (options->run.empty() == options->batch.where.empty())
      throw CLI::ValidationError("run", "give either the id of a run or --where");
    chosen = [&session, options] { return run_migrate(session, *options); };
  });
}

void add_definition_commands(CLI::App& app, Session& session, Chosen& chosen) {
  auto* definitions = app.add_subcommand("definitions", "Versions of workflows on a server");
  definitions->require_subcommand(1);
  auto* list = client_options(definitions->add_subcommand("list", "List every version"), session);
  list->callback(
      [&chosen, &session] { chosen = [&session] { return run_definitions_list(session); }; });
  auto* remove = client_options(
      definitions->add_subcommand("delete", "Delete a version of which every run has ended"),
      session);
  const auto options = std::make_shared<DeleteDefinitionOptions>();
  remove->add_option("workflow", options->workflow, "NAMESPACE/NAME:VERSION")->required();
  remove->add_option("--reason", options->reason, "Why; the audit log keeps it")->required();
  remove->add_flag("--yes", options->yes, "Even if starts, routes or schedules change by it");
  remove->callback([&chosen, &session, options] {
    chosen = [&session, options] { return run_definitions_delete(session, *options); };
  });
}

}  // namespace sequent::cli
