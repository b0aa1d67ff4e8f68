// The options of `providers`.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/arguments.hpp"
#include "cli/commands.hpp"

namespace sequent::cli {

void add_provider_commands(CLI::App& app, Session& session, Chosen& chosen) {
  auto* providers = client_options(
      app.add_subcommand("providers", "Outages: health, limits and parked calls of providers"),
      session);
  providers->require_subcommand(0, 1);
  providers->callback([&, providers] {
    if (providers->get_subcommands().empty()) chosen = [&] { return run_providers_list(session); };
  });
  auto* list =
      client_options(providers->add_subcommand("list", "Every provider and account"), session);
  list->callback([&] { chosen = [&] { return run_providers_list(session); }; });
  const auto action = [&](const char* verb, const char* help) {
    auto* command = client_options(providers->add_subcommand(verb, help), session);
    const auto options = std::make_shared<ProviderOptions>();
    options->verb = verb;
    command->add_option("provider", options->name, "stripe, aws, http:HOST, …")->required();
    command->add_option("--reason", options->reason, "Why; the audit log keeps it")->required();
    command->add_option("--account", options->account,
                        "One account (\"\" = the platform's own); default the whole provider");
    command->add_option("--class", options->operation_class, "read, write, …; default all");
    command->callback([&chosen, &session, options] {
      chosen = [&session, options] { return run_provider_action(session, *options); };
    });
    return std::pair{command, options};
  };
  const auto [open, opened] = action("open", "Let no call leave: due calls park");
  open->add_option("--until", opened->until, "When canaries may probe; default: until closed");
  action("close", "Let calls leave again: what is parked drains");
  const auto [limit, limited] = action("limit", "Limit calls over all nodes; 0 = no limit");
  limit->add_option("--rate", limited->per_second, "Calls a second");
  limit->add_option("--at-once", limited->at_once, "Calls under way");
  const auto [declared, window] = action("maintenance", "Park due calls during a window");
  declared->add_option("--from", window->from, "Its begin: a time, or 30m from now; default now");
  declared->add_option("--to", window->to, "Its end")->required();
}

}  // namespace sequent::cli
