#include "cli/arguments.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>

#include "cli/commands.hpp"
#include "engine/definition/report.hpp"

namespace sequent::cli {
namespace {

CLI::App* json_option(CLI::App* command, Session& session) {
  command->add_flag("--json", session.json, "Answer in JSON");
  return command;
}

template <class Options>
std::shared_ptr<Options> kept() {
  return std::make_shared<Options>();
}

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

CLI::App* client_options(CLI::App* command, Session& session) {
  command->add_option("--server", session.server,
                      "The server, default http://127.0.0.1:8233 (or SEQUENT_SERVER)");
  return json_option(command, session);
}

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
  const auto serving = kept<ServeOptions>();
  serve_options(serve, *serving);
  serve->add_option("--retention", serving->retention,
                    "How long ended runs are kept, such as 30d; default: for ever");
  serve->add_option("--workflows", serving->workflows,
                    "Folder whose workflow files are deployed at start");
  serve->callback([&, serving] { chosen = [&, serving] { return run_serve(session, *serving); }; });

  auto* doctor = app.add_subcommand("doctor",
                                    "Check configuration, store, disk, clock, ports and "
                                    "providers");
  const auto checked = kept<DoctorCommand>();
  serve_options(doctor, checked->node);
  doctor->add_flag("--journals", checked->journals,
                   "Fold the journal of every run and compare it with what is stored, instead");
  doctor->callback(
      [&, checked] { chosen = [&, checked] { return run_doctor(session, *checked); }; });

  auto* sandbox = json_option(
      app.add_subcommand("sandbox", "Run stand-ins of the providers on this machine"), session);
  const auto wanted = kept<SandboxCommand>();
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
  const auto options = kept<SimulateOptions>();
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

void add_workflow_commands(CLI::App& app, Session& session, Chosen& chosen) {
  auto* validate = json_option(
      app.add_subcommand("validate", "Check workflow files, without a server"), session);
  const auto validated = kept<ValidateCommand>();
  validate->add_option("files", validated->files, "Files, or folders of files")->required();
  validate->add_flag("--strict", validated->strict,
                     "Also warn of what may cost money, and fail where there is a warning");
  validate->add_flag("--verbose", validated->verbose,
                     "Also list the warnings that a document accepts, with its reasons");
  validate->callback(
      [&, validated] { chosen = [&, validated] { return run_validate(session, *validated); }; });

  auto* test = json_option(
      app.add_subcommand("test", "Run the tests beside workflows, with mocked answers"), session);
  const auto declared = kept<TestCommand>();
  test->add_option("files", declared->files,
                   "NAME.tests.yaml, the workflows they belong to, or folders of them")
      ->required();
  test->add_option("--test", declared->only, "Only the test with this name");
  test->add_flag("--all-tested", declared->all_tested, "Fail where a workflow has no tests");
  test->callback(
      [&, declared] { chosen = [&, declared] { return run_test(session, *declared); }; });

  auto* crashtest = json_option(
      app.add_subcommand(
          "crashtest", "Crash at every checkpoint of workflows, against the providers' stand-ins"),
      session);
  const auto tested = kept<CrashtestCommand>();
  crashtest->add_option("files", tested->files, "Workflow files, or folders of files")->required();
  crashtest->add_option("--scenario", tested->scenario, "Only the scenario with this name");
  crashtest->add_option("--only", tested->only,
                        "Only this point: before:N or after:N (a checkpoint), reset:N, lost:N, "
                        "500:N, 500-after:N (a call), duplicate:N (a webhook)");
  crashtest
      ->add_option("--every", tested->every,
                   "Each Nth point alone, for slow builds; an odd N meets all kinds")
      ->check(CLI::Range(1, 1'000));
  crashtest->add_option("--seed", tested->seed,
                        "Of ids and of the pauses before retries, default 1");
  crashtest->add_option("--jobs", tested->jobs, "Trials side by side, default one for each core")
      ->check(CLI::Range(1, 256));
  crashtest->callback(
      [&, tested] { chosen = [&, tested] { return run_crashtest(session, *tested); }; });

  auto* play = client_options(
      app.add_subcommand("play",
                         "Play scenarios against a running engine and the running stand-ins"),
      session);
  const auto played = kept<PlayCommand>();
  play->add_option("files", played->files, "Workflow files, or folders of files")->required();
  play->add_option("--config", played->config,
                   "Where the stand-ins are: what `sequent sandbox --config-out FILE` wrote")
      ->required();
  play->add_option("--scenario", played->scenario,
                   "The scenario with this name, instead of those with `live: true`");
  play->callback([&, played] { chosen = [&, played] { return run_play(session, *played); }; });

  auto* deploy =
      client_options(app.add_subcommand("deploy", "Hand workflows to a server"), session);
  const auto deployed = kept<std::vector<std::string>>();
  deploy->add_option("files", *deployed, "Files, or folders of files")->required();
  deploy->callback(
      [&, deployed] { chosen = [&, deployed] { return run_deploy(session, *deployed); }; });

  auto* diagram = client_options(
      app.add_subcommand("diagram",
                         "Draw a workflow file, or what a run did, as a sequence diagram"),
      session);
  const auto drawn = kept<DiagramOptions>();
  diagram->add_option("subject", drawn->subjects, "A workflow file, or a run's id")->required();
  diagram->add_option("--format", drawn->format, "mermaid (default) or plantuml")
      ->check(CLI::IsMember({"mermaid", "plantuml"}));
  diagram->add_flag("--trace", drawn->trace,
                    "Instead, a table of every documented arrow, the task that carries it out, and "
                    "the test that shows it, for all given files and folders");
  auto* write = diagram->add_option("--write", drawn->write,
                                    "Write the table to FOLDER/sequences.md, and each workflow's "
                                    "page to FOLDER/sequences/");
  diagram
      ->add_flag("--check", drawn->check, "Write nothing; fail where something else stands there")
      ->needs(write);
  diagram->callback([&, drawn] { chosen = [&, drawn] { return run_diagram(session, *drawn); }; });

  auto* start = client_options(app.add_subcommand("start", "Start a run"), session);
  const auto options = kept<StartOptions>();
  start->add_option("workflow", options->workflow, "NAMESPACE/NAME[:VERSION]")->required();
  start->add_option("--input", options->input, "JSON, a file of JSON, or - for standard input");
  start->add_option("--key", options->key, "Business key, instead of the workflow's own");
  start->add_option("--idempotency-key", options->idempotency_key,
                    "Makes a repeated start answer with the first run");
  start->add_option("--on-conflict", options->on_conflict,
                    "When the business key is taken: return, reject, restart-if-faulted");
  start->add_option("--wait", options->wait_seconds, "Seconds to wait for the end of the run")
      ->check(CLI::Range(0, 86'400));
  start->callback([&, options] { chosen = [&, options] { return run_start(session, *options); }; });
}

void add_run_commands(CLI::App& app, Session& session, Chosen& chosen) {
  auto* runs = client_options(app.add_subcommand("runs", "List runs, newest first"), session);
  const auto filter = kept<RunsOptions>();
  runs->add_option("--status", filter->statuses,
                   "pending, running, waiting, suspended, cancelled, faulted, completed")
      ->delimiter(',');
  runs->add_option("--workflow", filter->workflow, "NAMESPACE/NAME[:VERSION]");
  runs->add_option("--key", filter->key, "Business key");
  runs->add_option("--task", filter->task, "JSON Pointer of a task, or its name");
  runs->add_option("--waiting", filter->waiting, "timer, event, activity, parked, child, limit");
  runs->add_option("--provider", filter->provider,
                   "That runs wait for, are parked on or faulted because of");
  runs->add_option("--error-type", filter->error_type, "`type` of the error");
  runs->add_option("--where", filter->where,
                   "Conditions: status=faulted and error.type~communication and started>1h");
  runs->add_option("--attr", filter->attributes, "NAME=VALUE of an attribute; may be repeated");
  runs->add_option("--since", filter->since, "Started since: 90s, 15m, 1h, 2d, or a time");
  runs->add_option("--text", filter->text, "Beginning of an id, or part of a key");
  runs->add_option("--limit", filter->limit, "Most runs to show, default 50")
      ->check(CLI::Range(1, 500));
  runs->add_option("--cursor", filter->cursor, "Go on where the last page ended");
  runs->add_flag("--all", filter->all, "All pages");
  runs->add_flag("--stuck", filter->stuck, "Live runs that nothing will wake: there must be none");
  runs->callback([&, filter] { chosen = [&, filter] { return run_runs(session, *filter); }; });

  auto* show = client_options(
      app.add_subcommand("show", "Where a run stands, and why it stands still"), session);
  const auto shown = kept<std::string>();
  show->add_option("run", *shown, "Id of the run")->required();
  show->callback([&, shown] { chosen = [&, shown] { return run_show(session, *shown); }; });

  auto* journal = client_options(app.add_subcommand("journal", "What happened to a run"), session);
  const auto records = kept<JournalOptions>();
  journal->add_option("run", records->run, "Id of the run")->required();
  journal->add_option("--after", records->after, "Only records after this number");
  journal->add_option("--limit", records->limit, "Most records to show, default 10000")
      ->check(CLI::Range(1, 1'000'000));
  journal->add_flag("--full", records->full, "Do not shorten the details");
  journal->callback(
      [&, records] { chosen = [&, records] { return run_journal(session, *records); }; });

  auto* replay = client_options(
      app.add_subcommand("replay",
                         "Run a recorded run against another definition, sending nothing, and show "
                         "the first difference"),
      session);
  const auto replayed = kept<ReplayCommand>();
  auto* replayed_run = replay->add_option("run", replayed->run, "Id of the run");
  replay
      ->add_option("--journal", replayed->journal,
                   "Its journal, as `sequent journal RUN --json` printed it, instead of a server")
      ->excludes(replayed_run);
  replay->add_option("--with", replayed->with, "The workflow file to run it against")->required();
  replay->add_option(
      "--under", replayed->under,
      "File of a version that a moved run was under, where no server is asked for it "
      "or has it; may be repeated");
  replay->callback(
      [&, replayed] { chosen = [&, replayed] { return run_replay(session, *replayed); }; });

  auto* watch = client_options(
      app.add_subcommand("watch", "What happens to a run, or to all, as it happens"), session);
  const auto watched = kept<std::string>();
  watch->add_option("run", *watched, "Id of the run; without it all runs");
  watch->callback([&, watched] { chosen = [&, watched] { return run_watch(session, *watched); }; });
}

void add_operator_commands(CLI::App& app, Session& session, Chosen& chosen) {
  const auto action = [&](const char* verb, const char* help) {
    auto* command = client_options(app.add_subcommand(verb, help), session);
    const auto options = kept<ActionOptions>();
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
  const auto filter = kept<InboxOptions>();
  list->add_option("--type", filter->type, "CloudEvents type");
  list->add_option("--state", filter->state,
                   "held, delivered, started, ignored, expired, unrouted");
  list->add_option("--limit", filter->limit, "Most events to show, default 50")
      ->check(CLI::Range(1, 500));
  list->add_option("--cursor", filter->cursor, "Go on where the last page ended");
  list->callback(
      [&, filter] { chosen = [&, filter] { return run_inbox_list(session, *filter); }; });
  auto* show = client_options(inbox->add_subcommand("show", "Read one event"), session);
  const auto id = kept<std::string>();
  show->add_option("id", *id, "Number of the event")->required();
  show->callback([&, id] { chosen = [&, id] { return run_inbox_show(session, *id); }; });
  auto* replay = client_options(inbox->add_subcommand("replay", "Route an event again"), session);
  const auto again = kept<std::pair<std::string, std::string>>();
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
  const auto options = kept<ReconcileOptions>();
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
                        "Configuration file of `serve`, for the provider's address and key");
  reconcile->add_option("--output", options->output,
                        "Also write the findings to this file, as JSON");
  reconcile->add_flag("--no-record", options->unrecorded, "Leave no entry in the audit log");
  reconcile->callback(
      [&, options] { chosen = [&, options] { return run_reconcile(session, *options); }; });
}

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
    const auto options = kept<ProviderOptions>();
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
