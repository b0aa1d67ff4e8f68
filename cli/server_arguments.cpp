// The options of `serve`, `doctor`, `sandbox` and `simulate`.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/arguments.hpp"
#include "cli/commands.hpp"

namespace sequent::cli {

void add_server_commands(CLI::App& app, Session& session, Chosen& chosen) {
  const auto serve_options = [&session](CLI::App* command, ServeOptions& options) {
    command->add_option("--config", options.config, "Configuration file (YAML)");
    command->add_option("--data", options.data, "Folder of the SQLite store");
    command->add_option("--store", options.store,
                        "postgresql://… instead, for any number of nodes");
    command->add_option("--listen", options.listen, "HOST:PORT, default 127.0.0.1:8233");
    json_option(command, session);
  };
  auto* serve = app.add_subcommand("serve", "Run the engine and its HTTP API");
  const auto serving = std::make_shared<ServeOptions>();
  serve_options(serve, *serving);
  serve->add_option("--retention", serving->retention,
                    "How long ended runs are kept, such as 30d; default: for ever");
  serve->add_option("--workflows", serving->workflows,
                    "Folder whose workflow files are deployed at start");
  serve->callback([&, serving] { chosen = [&, serving] { return run_serve(session, *serving); }; });

  auto* doctor = app.add_subcommand("doctor",
                                    "Check configuration, store, disk, clock, ports and "
                                    "providers");
  const auto checked = std::make_shared<DoctorCommand>();
  serve_options(doctor, checked->node);
  doctor->add_flag("--journals", checked->journals,
                   "Fold the journal of every run and compare it with what is stored, instead");
  doctor->callback(
      [&, checked] { chosen = [&, checked] { return run_doctor(session, *checked); }; });

  auto* sandbox = json_option(
      app.add_subcommand("sandbox", "Run stand-ins of the providers on this machine"), session);
  const auto wanted = std::make_shared<SandboxCommand>();
  sandbox->add_option("--host", wanted->host, "Address to listen on, default 127.0.0.1");
  sandbox->add_option("--stripe-port", wanted->stripe_port, "Default: any free port");
  sandbox->add_option("--auth-port", wanted->auth_port, "Default: any free port");
  sandbox->add_option("--aws-port", wanted->aws_port, "Default: any free port");
  sandbox->add_option("--flexprice-port", wanted->flexprice_port, "Default: any free port");
  sandbox->add_option("--langfuse-port", wanted->langfuse_port, "Default: any free port");
  sandbox->add_flag("--price-everything", wanted->price_everything,
                    "Flexprice's plans can be subscribed to before anybody prices them");
  sandbox->add_option("--webhook-url", wanted->webhook_url,
                      "Where Stripe's events go, usually http://127.0.0.1:8233/webhooks/stripe");
  sandbox->add_option("--seed", wanted->seed, "Of ids and of random faults, default 1");
  sandbox->add_option("--config-out", wanted->config_out,
                      "Also write the printed configuration to this file");
  sandbox->callback(
      [&, wanted] { chosen = [&, wanted] { return run_sandbox(session, *wanted); }; });
}

void add_simulation_command(CLI::App& app, Session& session, Chosen& chosen) {
  auto* simulate = json_option(
      app.add_subcommand("simulate",
                         "Run the engine in simulated worlds that fail, and check its invariants"),
      session);
  const auto options = std::make_shared<SimulateOptions>();
  simulate->add_option("--seeds", options->seeds, "How many worlds, default 100");
  simulate->add_option("--first", options->first, "The first seed, default 1");
  simulate->add_option("--seed", options->seed, "This seed alone");
  simulate->add_option("--runs", options->runs, "Starts in each world, default 8")
      ->check(CLI::Range(1, 1'000));
  simulate->add_flag("--verbose", options->verbose, "Print the trace");
  simulate->add_flag("--keep-going", options->keep_going, "Do not stop at the first broken seed");
  simulate->add_flag(
      "--no-rewinds", options->no_rewinds,
      "Operators neither skip tasks nor go back, as for seeds found before they did");
  simulate->add_flag("--one-node", options->one_node,
                     "One node has the store for itself, as for seeds found before there were "
                     "clusters");
  simulate->add_flag("--no-keys-and-times", options->no_keys_and_times,
                     "No business keys, and clocks that nobody sets, as for seeds found before");
  simulate->add_flag("--no-outages", options->no_outages,
                     "The provider is never out of order, as for seeds found before it was");
  simulate->add_flag("--no-migrations", options->no_migrations,
                     "Every workflow has one version, and no run moves to another");
  simulate->add_flag("--no-undoing", options->no_undoing,
                     "No workflow says what undoes its tasks, as for seeds found before");
  simulate->callback(
      [&, options] { chosen = [&, options] { return run_simulate(session, *options); }; });
}

}  // namespace sequent::cli
