// The options of `outbox`.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/arguments.hpp"
#include "cli/commands.hpp"

namespace sequent::cli {
namespace {

struct SinkOptions {
  std::string sink, reason;
  std::int64_t event = 0;
};

}  // namespace

void add_outbox_commands(CLI::App& app, Session& session, Chosen& chosen) {
  auto* outbox = client_options(
      app.add_subcommand("outbox", "Where emitted events go, and what a sink refuses"), session);
  outbox->require_subcommand(0, 1);
  const auto list = [&chosen, &session] {
    chosen = [&session] { return run_outbox_list(session); };
  };
  outbox->callback([outbox, list] {
    if (outbox->get_subcommands().empty()) list();
  });
  client_options(outbox->add_subcommand("list", "List the sinks"), session)->callback(list);
  const auto on_sink = [&](const char* name, const char* help, auto run) {
    auto* command = client_options(outbox->add_subcommand(name, help), session);
    const auto options = std::make_shared<SinkOptions>();
    command->add_option("sink", options->sink, "Name of the sink")->required();
    command->callback([&chosen, &session, options, run] {
      chosen = [&session, options, run] { return run(session, *options); };
    });
    return std::pair{command, options};
  };
  const auto reason = [](CLI::App* command, SinkOptions& options) {
    command->add_option("--reason", options.reason, "Why; the audit log keeps it")->required();
  };
  on_sink("show", "Read a sink and the event that it gets next",
          [](const Session& in, const SinkOptions& o) { return run_outbox_show(in, o.sink); });
  const auto [retry, retried] =
      on_sink("retry", "Send the next event at once", [](const Session& in, const SinkOptions& o) {
        return run_outbox_retry(in, o.sink, o.reason);
      });
  reason(retry, *retried);
  const auto [skip, skipped] = on_sink("skip", "Leave out the event that a sink does not take",
                                       [](const Session& in, const SinkOptions& o) {
                                         return run_outbox_skip(in, o.sink, o.event, o.reason);
                                       });
  skip->add_option("event", skipped->event, "Its number, as `outbox` shows it")->required();
  reason(skip, *skipped);
}

}  // namespace sequent::cli
