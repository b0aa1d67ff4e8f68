// The options of `audit`.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/arguments.hpp"
#include "cli/commands.hpp"

namespace sequent::cli {

void add_audit_command(CLI::App& app, Session& session, Chosen& chosen) {
  auto* audit =
      client_options(app.add_subcommand("audit", "What operators did, newest first"), session);
  const auto options = std::make_shared<AuditOptions>();
  audit->add_option("--target", options->target, "Id of a run or batch, name of a workflow");
  audit->add_option("--who", options->principal, "Who did it");
  audit->add_option("--action", options->action,
                    "retry, batch.retry, …; `batch.*` for all of them");
  audit->add_option("--since", options->since, "90s, 15m, 1h, 2d, or a time");
  audit->add_option("--text", options->text, "Part of the reason or the outcome");
  audit->add_flag("--refused", options->refused, "Only what was refused");
  audit->add_flag("--full", options->full, "What it was before and after, too");
  audit->add_option("--limit", options->limit, "Most entries to show, default 50")
      ->check(CLI::Range(1, 500));
  audit->add_option("--cursor", options->cursor, "Go on where the last page ended");
  audit->callback([&chosen, &session, options] {
    chosen = [&session, options] { return run_audit(session, *options); };
  });
}

}  // namespace sequent::cli
