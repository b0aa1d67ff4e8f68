#include "cli/arguments.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <optional>

#include "cli/commands.hpp"
#include "engine/definition/report.hpp"

namespace sequent::cli {
namespace {

/// "unknown command `depoly`; did you mean `deploy`?", when the first word is no command.
std::optional<std::string> unknown_command(const CLI::App& app, int count,
                                           const char* const* arguments) {
  if (count < 2 || std::string_view(arguments[1]).starts_with('-')) return std::nullopt;
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  const std::string word = arguments[1];
  if (std::find(names.begin(), names.end(), word) != names.end()) return std::nullopt;
  const auto hint = definition::suggestion(word, names, "`sequent --help` lists them");
  return "unknown command `" + printable(word) + "`; " + hint;
}

}  // namespace

CLI::App* json_option(CLI::App* command, Session& session) {
  command->add_flag("--json", session.json, "Answer in JSON");
  return command;
}

CLI::App* client_options(CLI::App* command, Session& session) {
  command->add_option("--server", session.server,
                      "The server, default http://127.0.0.1:8233 (or SEQUENT_SERVER)");
  return json_option(command, session);
}

int run_command_line(int count, const char* const* arguments, Session& session) {
  CLI::App app{"Sequent: documented billing sequences as durable state machines.", "sequent"};
  app.set_version_flag("--version", "sequent " + std::string(program_version));
  app.require_subcommand(1);
  app.footer("Exit codes: 0 done, 1 failed, 2 wrong use. `sequent COMMAND --help` says more.");
  Chosen chosen;
  add_server_commands(app, session, chosen);
  add_simulation_command(app, session, chosen);
  add_workflow_commands(app, session, chosen);
  add_run_commands(app, session, chosen);
  add_count_command(app, session, chosen);
  add_audit_command(app, session, chosen);
  add_operator_commands(app, session, chosen);
  add_migrate_command(app, session, chosen);
  add_definition_commands(app, session, chosen);
  add_outbox_commands(app, session, chosen);
  add_batch_commands(app, session, chosen);
  add_reconcile_command(app, session, chosen);
  add_provider_commands(app, session, chosen);
  if (const auto unknown = unknown_command(app, count, arguments)) {
    session.terminal.error("error: " + *unknown);
    return wrong_use;
  }
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    // --help and --version come this way too, with the code 0.
    return app.exit(error, std::cout, std::cerr) == 0 ? done : wrong_use;
  }
  return chosen();
}

}  // namespace sequent::cli
