// The options of `count`.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/arguments.hpp"
#include "cli/commands.hpp"

namespace sequent::cli {

void add_count_command(CLI::App& app, Session& session, Chosen& chosen) {
  auto* count = client_options(
      app.add_subcommand("count", "Count runs in groups, the largest first"), session);
  const auto options = std::make_shared<CountOptions>();
  count
      ->add_option("--by", options->by,
                   "status (default), workflow, version, task, waiting, park_reason, provider, "
                   "operation, error_type, error_status, error_title, attribute.NAME, …; several "
                   "with commas")
      ->delimiter(',');
  count->add_option("--where", options->where,
                    "Which runs: status=faulted and error.type~communication and started>1h");
  count->add_option("--limit", options->limit, "Most groups to show, default 50")
      ->check(CLI::Range(1, 500));
  count->add_flag(
      "--exact", options->exact,
      "Count all runs, however long that takes; else the newest when there are very many");
  count->callback([&chosen, &session, options] {
    chosen = [&session, options] { return run_count(session, *options); };
  });
}

}  // namespace sequent::cli
