// `migrate`: a run, or all that a search finds, goes on under another version of its workflow.
#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/run_text.hpp"

namespace sequent::cli {
namespace {

int preview(const Session& session, const MigrateOptions& options) {
  Request request;
  request.path =
      run_path(options.run, "/migration" + query_text({{"version", options.batch.version}}));
  return ask_and_show(session, request, [&terminal = session.terminal](const Json& mapping) {
    terminal.out("from version " + text_of(mapping, "from") + " to " + text_of(mapping, "to"));
    Table table{{"TASK", "WOULD BE"}};
    for (const auto& task : mapping.value("tasks", Json::array()))
      table.add({{text_of(task, "from"), Style::plain}, {text_of(task, "to"), Style::plain}});
    if (!table.empty()) table.print(terminal);
    terminal.out("Nothing was done: without --dry-run it will be.");
  });
}

}  // namespace

int run_migrate(const Session& session, const MigrateOptions& options) {
  const BatchOptions& batch = options.batch;
  if (options.run.empty()) return run_batch(session, batch);
  if (batch.dry_run) return preview(session, options);
  if (batch.reason.empty()) {
    session.terminal.error("error: say why with --reason, or look first with --dry-run");
    return wrong_use;
  }
  Request request;
  request.method = "POST";
  request.path = run_path(options.run, ":migrate");
  request.body = Json{{"reason", batch.reason}};
  if (!batch.version.empty()) request.body["version"] = batch.version;
  return ask_and_show(session, request, [&](const Json& run) {
    const Json workflow = run.value("workflow", Json::object());
    session.terminal.out("run " + options.run + " is under version " +
                         text_of(workflow, "version") + " now, " + text_of(run, "status"));
  });
}

}  // namespace sequent::cli
