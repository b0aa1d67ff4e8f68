// The options of what reads runs: `runs`, `show`, `journal`, `replay`, `watch`.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/arguments.hpp"
#include "cli/commands.hpp"

namespace sequent::cli {

void add_run_commands(CLI::App& app, Session& session, Chosen& chosen) {
  auto* runs = client_options(app.add_subcommand("runs", "List runs, newest first"), session);
  const auto filter = std::make_shared<RunsOptions>();
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
  const auto shown = std::make_shared<std::string>();
  show->add_option("run", *shown, "Id of the run")->required();
  show->callback([&, shown] { chosen = [&, shown] { return run_show(session, *shown); }; });

  auto* journal = client_options(app.add_subcommand("journal", "What happened to a run"), session);
  const auto records = std::make_shared<JournalOptions>();
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
  const auto replayed = std::make_shared<ReplayCommand>();
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
  const auto watched = std::make_shared<std::string>();
  watch->add_option("run", *watched, "Id of the run; without it all runs");
  watch->callback([&, watched] { chosen = [&, watched] { return run_watch(session, *watched); }; });
}

}  // namespace sequent::cli
