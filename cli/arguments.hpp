#pragma once
// The command line: what may be written, and which command it means.
#include <functional>

#include "cli/session.hpp"

namespace CLI {
class App;
}

namespace sequent::cli {

/// What the command line chose; empty until one command was.
using Chosen = std::function<int()>;

/// Gives a command its --json, and returns it.
CLI::App* json_option(CLI::App* command, Session& session);
/// Gives a command that asks a server its --server and --json, and returns it.
CLI::App* client_options(CLI::App* command, Session& session);

/// `session` and `chosen` outlive `app`; options go into `session`, the command into `chosen`.
void add_server_commands(CLI::App& app, Session& session, Chosen& chosen);
void add_simulation_command(CLI::App& app, Session& session, Chosen& chosen);
void add_workflow_commands(CLI::App& app, Session& session, Chosen& chosen);
void add_run_commands(CLI::App& app, Session& session, Chosen& chosen);
void add_count_command(CLI::App& app, Session& session, Chosen& chosen);
void add_audit_command(CLI::App& app, Session& session, Chosen& chosen);
void add_operator_commands(CLI::App& app, Session& session, Chosen& chosen);
void add_migrate_command(CLI::App& app, Session& session, Chosen& chosen);
void add_definition_commands(CLI::App& app, Session& session, Chosen& chosen);
void add_outbox_commands(CLI::App& app, Session& session, Chosen& chosen);
void add_batch_commands(CLI::App& app, Session& session, Chosen& chosen);
void add_reconcile_command(CLI::App& app, Session& session, Chosen& chosen);
void add_provider_commands(CLI::App& app, Session& session, Chosen& chosen);

/// Reads the arguments and runs the command. 0 done, 1 failed, 2 wrong use.
int run_command_line(int count, const char* const* arguments, Session& session);

}  // namespace sequent::cli
