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
  const auto answer = ask(session, request);
  if (!answer) return report(session, answer.error());
  const Terminal& terminal = session.terminal;
  if (session.json) {
    terminal.json(answer->body);
    return done;
  }
  terminal.out("from version " + text_of(answer->body, "from") + " to " +
               text_of(answer->body, "to"));
  Table table{{"TASK", "WOULD BE"}};
  for (const auto& task : answer->body.value("tasks", Json::array()))
    table.add({{text_of(task, "from"), Style::plain}, {text_of(task, "to"), Style::plain}});
  if (!table.empty()) table.print(terminal);
  terminal.out("Nothing was done: without --dry-run it will be.");
  return done;
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
  const auto answer = ask(session, request);
  if (!answer) return report(session, answer.error());
  if (session.json) {
    session.terminal.json(answer->body);
    return done;
  }
  const Json workflow = answer->body.value("workflow", Json::object());
  session.terminal.out("run " + options.run + " is under version " + text_of(workflow, "version") +
                       " now, " + text_of(answer->body, "status"));
  return done;
}

}  // namespace sequent::cli
