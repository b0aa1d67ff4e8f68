// The options of `batch`.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/arguments.hpp"
#include "cli/commands.hpp"

namespace sequent::cli {
namespace {

/// One that begins a batch; `resume` and `cancel` also change one, by its id.
void add_action(CLI::App* batch, const char* action, const char* help, Session& session,
                Chosen& chosen) {
  auto* command = client_options(batch->add_subcommand(action, help), session);
  const auto options = std::make_shared<BatchOptions>();
  options->action = action;
  const std::string name = action;
  const bool changes = name == "resume" || name == "cancel";
  if (changes) command->add_option("batch", options->batch, "Id of a batch, instead of --where");
  auto* where = command->add_option("--where", options->where,
                                    "Which runs: status=faulted and error.type~communication and "
                                    "workflow=billing/*");
  if (!changes) where->required();
  command->add_option("--rate", options->rate, "50/s, 100/m or 10/h; default as fast as it goes");
  command->add_option("--order", options->order, "deadline (default), age or newest")
      ->check(CLI::IsMember({"deadline", "age", "newest"}));
  command->add_flag("--no-waves", options->no_waves,
                    "All at once, instead of a few first, then twice as many each time");
  command->add_option("--stop-at", options->stop_at,
                      "Pause by itself when so many runs fail again: 20%, or never; default 50%");
  command->add_flag("--dry-run", options->dry_run, "Count what it would do, and do nothing");
  command->add_option("--reason", options->reason, "Why; the audit log keeps it");
  command->add_flag("--detach", options->detach, "Print the batch's id and do not follow it");
  if (name == "retry" || name == "skip" || name == "rewind") {
    auto* task = command->add_option("--task", options->task, "Name or pointer of the task");
    if (name == "rewind") task->required();
  }
  if (name == "rewind" || name == "cancel")
    command->add_flag("--yes", options->yes,
                      name == "cancel" ? "Undo what the runs have done, without asking"
                                       : "Let effects happen again, without asking");
  if (name == "retry") {
    auto* input = command->add_option("--input", options->input,
                                      "Input of the task instead of its own: JSON or file");
    command->add_option("--patch", options->patch, "JSON Patch of the task's input: JSON or file")
        ->excludes(input);
  }
  if (name == "migrate")
    command->add_option("--to", options->version, "The version, default the highest");
  if (name == "skip")
    command->add_option("--output", options->output, "Output of the task: JSON or file");
  command->callback([&chosen, &session, options] {
    if (options->batch.empty() == options->where.empty())
      throw CLI::ValidationError("--where", "give either --where or the id of a batch");
    chosen = [&session, options] {
      if (options->batch.empty()) return run_batch(session, *options);
      return run_batch_change(session, options->action, *options);
    };
  });
}

}  // namespace

void add_batch_commands(CLI::App& app, Session& session, Chosen& chosen) {
  auto* batch = app.add_subcommand("batch", "One action to every run that a search finds");
  batch->require_subcommand(1);
  add_action(batch, "retry", "Begin faulted or parked tasks again", session, chosen);
  add_action(batch, "skip", "End tasks that stand still with a given output", session, chosen);
  add_action(batch, "rewind", "Go back to an earlier task", session, chosen);
  add_action(batch, "migrate", "Go on under another version of the workflow", session, chosen);
  add_action(batch, "suspend", "Hold runs", session, chosen);
  add_action(batch, "resume", "Let suspended runs go on, or a paused batch", session, chosen);
  add_action(batch, "cancel", "End runs for good, or begin no further runs of a batch", session,
             chosen);

  auto* list = client_options(batch->add_subcommand("list", "List batches, newest first"), session);
  const auto page = std::make_shared<std::pair<std::string, int>>("", 50);
  list->add_option("--cursor", page->first, "Go on where the last page ended");
  list->add_option("--limit", page->second, "Most batches to show, default 50")
      ->check(CLI::Range(1, 500));
  list->callback([&chosen, &session, page] {
    chosen = [&session, page] { return run_batch_list(session, page->first, page->second); };
  });

  struct Shown {
    std::string id, state;
    bool watch = false;
  };
  auto* show =
      client_options(batch->add_subcommand("show", "A batch and what became of its runs"), session);
  const auto shown = std::make_shared<Shown>();
  show->add_option("batch", shown->id, "Id of the batch")->required();
  show->add_option("--state", shown->state,
                   "Only runs that are pending, taken, acted, succeeded, faulted, parked, refused "
                   "or changed");
  show->add_flag("--watch", shown->watch, "Follow it until it is over");
  show->callback([&chosen, &session, shown] {
    chosen = [&session, shown] {
      return run_batch_show(session, shown->id, shown->state, shown->watch);
    };
  });

  auto* pause =
      client_options(batch->add_subcommand("pause", "Begin no further runs for now"), session);
  const auto paused = std::make_shared<BatchOptions>();
  pause->add_option("batch", paused->batch, "Id of the batch")->required();
  pause->add_option("--reason", paused->reason, "Why; the audit log keeps it")->required();
  pause->callback([&chosen, &session, paused] {
    chosen = [&session, paused] { return run_batch_change(session, "pause", *paused); };
  });
}

}  // namespace sequent::cli
