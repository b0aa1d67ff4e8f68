// `batch ACTION --where …`, `batch list | show | pause | resume | cancel`: repair of many runs.
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "cli/batch_progress.hpp"
#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/run_text.hpp"

namespace sequent::cli {
namespace {

constexpr std::chrono::milliseconds between_looks{500};

std::string batch_path(const std::string& id, const std::string& rest = "") {
  return "/api/v1/batches/" + net::percent_encode(id) + rest;
}

Result<Json> batch_body(const BatchOptions& options) {
  Json body{{"action", options.action}, {"where", options.where}, {"dryRun", options.dry_run}};
  if (!options.reason.empty()) body["reason"] = options.reason;
  if (!options.rate.empty()) body["rate"] = options.rate;
  if (!options.order.empty()) body["order"] = options.order;
  Json arguments = Json::object();
  if (!options.task.empty()) arguments["task"] = options.task;
  if (!options.version.empty()) arguments["version"] = options.version;
  const auto add = [&](const char* name, const std::string& given) -> Result<void> {
    if (given.empty()) return {};
    auto value = json_argument(given);
    if (!value) return std::unexpected(value.error());
    arguments[name] = *std::move(value);
    return {};
  };
  if (const auto read = add("input", options.input); !read) return std::unexpected(read.error());
  if (const auto read = add("patch", options.patch); !read) return std::unexpected(read.error());
  if (const auto read = add("output", options.output); !read) return std::unexpected(read.error());
  if (!arguments.empty()) body["arguments"] = std::move(arguments);
  return body;
}

void print_groups(const Terminal& terminal, const std::string& heading, const Json& groups) {
  if (groups.empty()) return;
  Table table{{heading, "RUNS"}};
  for (const auto& group : groups)
    table.add({{shortened(text_of(group, "value", "-"), 80), Style::plain},
               {dump_json(group.value("count", Json(0))), Style::plain}});
  table.print(terminal);
}

void print_preview(const Terminal& terminal, const Json& preview) {
  const Json by = preview.value("by", Json::object());
  terminal.out(text_of(preview, "action") + " would act on " +
               dump_json(preview.value("total", Json(0))) + " runs");
  if (const auto seconds = preview.value("estimatedSeconds", Json()); seconds.is_number_integer())
    terminal.out("at " + text_of(preview, "rate") + " that takes " +
                 format_duration(seconds.get<std::int64_t>() * 1'000));
  print_groups(terminal, "WORKFLOW", by.value("workflow", Json::array()));
  print_groups(terminal, "ERROR", by.value("error", Json::array()));
  print_groups(terminal, "PROVIDER", by.value("provider", Json::array()));
  print_groups(terminal, "STATUS", by.value("status", Json::array()));
  if (const Json moves = preview.value("moves", Json()); moves.is_object()) {
    terminal.out("of the newest " + dump_json(moves.value("looked", Json(0))) + ", " +
                 dump_json(moves.value("can", Json(0))) + " can be moved");
    print_groups(terminal, "WHAT KEEPS OTHERS", moves.value("cannot", Json::array()));
  }
  const Json deadlines = preview.value("deadlines", Json::object());
  if (const auto earliest = time_text(deadlines.value("earliest", Json())); !earliest.empty())
    terminal.out("deadlines: the earliest is " + earliest + "; " +
                 dump_json(deadlines.value("passed", Json(0))) + " have passed, " +
                 dump_json(deadlines.value("atRisk", Json(0))) + " pass before the batch is over");
  terminal.out("Nothing was done: without --dry-run it will be.");
}

Style style_of_batch(const std::string& state) {
  if (state == "finished") return Style::good;
  return state == "running" ? Style::plain : Style::warning;
}

void print_batch(const Session& session, const Json& batch) {
  const Terminal& terminal = session.terminal;
  const auto state = text_of(batch, "state");
  terminal.out("batch " + text_of(batch, "id") + ": " + text_of(batch, "action") + ", " +
               terminal.paint(style_of_batch(state), state));
  if (const auto where = text_of(batch, "where"); !where.empty())
    terminal.out("  where   " + printable(where));
  terminal.out("  order   " + text_of(batch, "order") + ", at " +
               text_of(batch, "rate", "full speed"));
  terminal.out("  reason  " + printable(text_of(batch, "reason")) + " (" +
               printable(text_of(batch, "createdBy")) + ", " +
               time_text(batch.value("createdAt", Json())) + ")");
  terminal.out("  runs    " + outcome_text(batch.value("items", Json::object())));
  if (const auto detail = text_of(batch, "detail"); !detail.empty())
    terminal.out("  " + printable(detail));
}

/// What the exit code says: 1 when some run did not come through.
int exit_code(const Json& batch) {
  const Json items = batch.value("items", Json::object());
  return items.value("succeeded", 0) == items.value("total", 0) ? done : failed;
}

// Until it is over, or somebody pauses or cancels it.
int follow_batch(const Session& session, Json batch) {
  const auto id = text_of(batch, "id");
  BatchProgress progress;
  boost::asio::io_context io;
  while (text_of(batch, "state") == "running") {
    session.terminal.progress(progress.line(batch, session.clock.now()), false);
    boost::asio::steady_timer pause{io, between_looks};
    pause.wait();
    Request request;
    request.path = batch_path(id);
    const auto answer = ask(session, request);
    if (!answer) return report(session, answer.error());
    batch = answer->body;
  }
  session.terminal.progress(progress.line(batch, session.clock.now()), true);
  (void)show(session, batch, [&session](const Json& ended) { print_batch(session, ended); });
  return exit_code(batch);
}

}  // namespace

int run_batch(const Session& session, const BatchOptions& options) {
  auto body = batch_body(options);
  if (!body) {
    report(session, body.error());
    return wrong_use;
  }
  if (!options.dry_run && options.reason.empty()) {
    session.terminal.error("error: say why with --reason, or look first with --dry-run");
    return wrong_use;
  }
  Request request;
  request.method = "POST";
  request.path = "/api/v1/batches";
  request.body = *std::move(body);
  const auto answer = ask(session, request);
  if (!answer) return report(session, answer.error());
  if (options.dry_run)
    return show(session, answer->body,
                [&](const Json& preview) { print_preview(session.terminal, preview); });
  if (options.detach)
    return show(session, answer->body,
                [&](const Json& batch) { session.terminal.out(text_of(batch, "id")); });
  if (!session.json)
    session.terminal.out("batch " + text_of(answer->body, "id") +
                         " (it goes on without this terminal)");
  return follow_batch(session, answer->body);
}

int run_batch_list(const Session& session, const std::string& cursor, int limit) {
  Request request;
  request.path =
      "/api/v1/batches" + query_text({{"cursor", cursor}, {"limit", std::to_string(limit)}});
  return ask_and_show(session, request, [&session](const Json& page) {
    Table table{{"BATCH", "CREATED", "BY", "ACTION", "STATE", "RUNS"}};
    for (const auto& batch : page.value("items", Json::array())) {
      const auto state = text_of(batch, "state");
      table.add({{text_of(batch, "id"), Style::plain},
                 {time_text(batch.value("createdAt", Json())), Style::dim},
                 {shortened(text_of(batch, "createdBy"), 24), Style::plain},
                 {text_of(batch, "action"), Style::plain},
                 {state, style_of_batch(state)},
                 {outcome_text(batch.value("items", Json::object())), Style::plain}});
    }
    if (table.empty())
      session.terminal.out("No batches.");
    else
      table.print(session.terminal);
  });
}

int run_batch_show(const Session& session, const std::string& id, const std::string& state,
                   bool watch) {
  Request request;
  request.path = batch_path(id);
  const auto answer = ask(session, request);
  if (!answer) return report(session, answer.error());
  if (watch) return follow_batch(session, answer->body);
  Json batch = answer->body;
  constexpr int most_items = 500;
  request.path = batch_path(
      id, "/items" + query_text({{"state", state}, {"limit", std::to_string(most_items)}}));
  const auto items = ask(session, request);
  if (!items) return report(session, items.error());
  if (session.json) {
    batch["runs"] = items->body.value("items", Json::array());
    session.terminal.json(batch);
    return done;
  }
  print_batch(session, batch);
  Table table{{"RUN", "OUTCOME", "DETAIL"}};
  for (const auto& item : items->body.value("items", Json::array()))
    table.add({{text_of(item, "run"), Style::plain},
               {text_of(item, "state"), Style::plain},
               {shortened(text_of(item, "detail", "-"), 100), Style::plain}});
  if (!table.empty()) table.print(session.terminal);
  if (!text_of(items->body, "cursor").empty())
    session.terminal.out(session.terminal.paint(Style::dim, "more with --state, or over HTTP"));
  return done;
}

int run_batch_change(const Session& session, const std::string& verb, const std::string& id,
                     const std::string& reason) {
  Request request;
  request.method = "POST";
  request.path = batch_path(id, ":" + verb);
  request.body = Json{{"reason", reason}};
  return ask_and_show(session, request,
                      [&session](const Json& batch) { print_batch(session, batch); });
}

}  // namespace sequent::cli
