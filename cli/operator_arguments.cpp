// The options of what operators do to runs and events, and of `reconcile`.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/arguments.hpp"
#include "cli/commands.hpp"

namespace sequent::cli {

void add_operator_commands(CLI::App& app, Session& session, Chosen& chosen) {
  const auto action = [&](const char* verb, const char* help) {
    auto* command = client_options(app.add_subcommand(verb, help), session);
    const auto options = std::make_shared<ActionOptions>();
    options->verb = verb;
    command->add_option("run", options->run, "Id of the run")->required();
    command->add_option("--reason", options->reason, "Why; the audit log keeps it")->required();
    command->callback([&chosen, &session, options] {
      chosen = [&session, options] { return run_action(session, *options); };
    });
    return std::pair{command, options};
  };
  action("suspend", "Hold a run and its children");
  action("resume", "Let a suspended run go on");
  const auto [cancel, cancelled] =
      action("cancel", "Undo what a run has done (metadata.compensate), and end it");
  cancel->add_flag("--yes", cancelled->yes, "Undo it without asking");
  action("terminate", "End a run at once, whatever it has done: nothing is undone");
  const auto [retry, retried] = action("retry", "Begin a faulted or parked task again");
  retry->add_option("--task", retried->task, "Name or pointer; default the one that stands still");
  retry->add_option("--input", retried->input,
                    "Input of the task instead of its own: JSON or file");
  retry->add_option("--patch", retried->patch,
                    "JSON Patch (RFC 6902) of the task's input: JSON or file");
  const auto [skip, skipped] = action("skip", "End a task that stands still with a given output");
  skip->add_option("--task", skipped->task, "Name or pointer; default the one that stands still");
  skip->add_option("--output", skipped->output, "Output of the task: JSON or file; default null");
  const auto [rewind, rewound] = action("rewind", "Go back to an earlier task");
  rewind->add_option("--task", rewound->task, "Name or pointer of the task")->required();
  rewind->add_flag("--yes", rewound->yes, "Even if effects happen again, without asking");

  auto* inbox = app.add_subcommand("inbox", "Events and webhooks that came in");
  inbox->require_subcommand(1);
  auto* list = client_options(inbox->add_subcommand("list", "List them, newest first"), session);
  const auto filter = std::make_shared<InboxOptions>();
  list->add_option("--type", filter->type, "CloudEvents type");
  list->add_option("--state", filter->state,
                   "held, delivered, started, ignored, expired, unrouted");
  list->add_option("--limit", filter->limit, "Most events to show, default 50")
      ->check(CLI::Range(1, 500));
  list->add_option("--cursor", filter->cursor, "Go on where the last page ended");
  list->callback(
      [&, filter] { chosen = [&, filter] { return run_inbox_list(session, *filter); }; });
  auto* show = client_options(inbox->add_subcommand("show", "Read one event"), session);
  const auto id = std::make_shared<std::string>();
  show->add_option("id", *id, "Number of the event")->required();
  show->callback([&, id] { chosen = [&, id] { return run_inbox_show(session, *id); }; });
  auto* replay = client_options(inbox->add_subcommand("replay", "Route an event again"), session);
  const auto again = std::make_shared<std::pair<std::string, std::string>>();
  replay->add_option("id", again->first, "Number of the event")->required();
  replay->add_option("--reason", again->second, "Why; the audit log keeps it")->required();
  replay->callback([&, again] {
    chosen = [&, again] { return run_inbox_replay(session, again->first, again->second); };
  });
}

void add_reconcile_command(CLI::App& app, Session& session, Chosen& chosen) {
  auto* reconcile = client_options(
      app.add_subcommand("reconcile",
                         "Compare what the journals say was made with what a provider lists"),
      session);
  const auto options = std::make_shared<ReconcileOptions>();
  reconcile->add_option("provider", options->provider, "stripe")
      ->required()
      ->check(CLI::IsMember({"stripe"}));
  reconcile->add_option("--since", options->since,
                        "Made since: 90s, 15m, 24h, 2d, P1D, or a time; default 24h");
  reconcile->add_option("--until", options->until, "Made until, in the same words; default now");
  reconcile->add_option("--account", options->account,
                        "This connected account alone; default the platform and all accounts that "
                        "the journals name");
  reconcile->add_option("--config", options->config,
                        "Configuration file of `serve`, for the provider's address and key; "
                        "without a key here, the server reads the provider with its own");
  reconcile->add_option("--output", options->output,
                        "Also write the findings to this file, as JSON");
  reconcile->add_flag("--no-record", options->unrecorded, "Leave no entry in the audit log");
  reconcile->callback(
      [&, options] { chosen = [&, options] { return run_reconcile(session, *options); }; });
}

}  // namespace sequent::cli
