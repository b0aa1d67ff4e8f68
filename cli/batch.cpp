// `batch ACTION --where …`, `batch list | show | pause | resume | cancel`: repair of many runs.
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <iostream>
#include <optional>

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
  if (options.no_waves) body["waves"] = false;
  if (!options.stop_at.empty()) body["stopAt"] = options.stop_at;
  Json arguments = Json::object();
  if (options.yes) arguments["confirm"] = true;
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
    table.add({{shortened(text_of(group, "value", "-"), 100), Style::plain},
               {dump_json(group.value("count", Json(0))), Style::plain}});
  table.print(terminal);
}

std::string count_text(const Json& json, const char* name) {
  return dump_json(json.value(name, Json(0)));
}

/// The title and status beside the type: half of all failures have the same one.
Json named_errors(const Json& by) {
  Json errors = by.value("error", Json::array());
  for (auto& error : errors) {
    std::string text = text_of(error, "value", "-");
    if (const auto status = error.value("status", Json()); !status.is_null())
      text += " " + dump_json(status);
    if (const auto title = text_of(error, "title"); !title.empty()) text += " " + title;
    error["value"] = text;
  }
  return errors;
}

void print_outlook(const Terminal& terminal, const Json& preview) {
  const Json outlook = preview.value("outlook", Json::object());
  const Json refused = outlook.value("refused", Json::array());
  const Json effects = outlook.value("effects", Json::array());
  if (!outlook.value("complete", true))
    terminal.out("looked at the newest " + count_text(outlook, "looked") + " of " +
                 count_text(preview, "total") + ":");
  if (!refused.empty() || text_of(preview, "action") == "migrate")
    terminal.out(count_text(outlook, "accepted") + " of " + count_text(outlook, "looked") +
                 " would take it");
  if (!refused.empty()) {
    Table table{{"WHAT OTHERS WOULD ANSWER", "RUNS", "FOR EXAMPLE"}};
    for (const auto& reason : refused) {
      const Json runs = reason.value("runs", Json::array());
      table.add({{shortened(text_of(reason, "value", "-"), 100), Style::warning},
                 {count_text(reason, "count"), Style::plain},
                 {runs.empty() ? "" : runs.front().get<std::string>(), Style::plain}});
    }
    table.print(terminal);
  }
  if (effects.empty()) return;
  const bool undone = text_of(preview, "action") == "cancel";
  Table table{{undone ? "WILL BE UNDONE" : "WILL HAPPEN AGAIN", "EFFECT", "TIMES", "RUNS"}};
  for (const auto& effect : effects)
    table.add({{text_of(effect, "task"), Style::plain},
               {shortened(text_of(effect, "what"), 80), Style::plain},
               {count_text(effect, "times"), Style::warning},
               {count_text(effect, "runs"), Style::plain}});
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
  print_groups(terminal, "ERROR", named_errors(by));
  print_groups(terminal, "PROVIDER", by.value("provider", Json::array()));
  print_groups(terminal, "STATUS", by.value("status", Json::array()));
  print_outlook(terminal, preview);
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
               text_of(batch, "rate", "full speed") + ", " +
               (batch.value("waves", false) ? "in waves" : "all at once") + ", stops at " +
               text_of(batch, "stopAt", "nothing") +
               (text_of(batch, "stopAt").empty() ? "" : " failed again"));
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

/// The server refused because effects would be undone, or happen again. Nothing when nobody can be
/// asked.
std::optional<bool> agreed_to_all(const Session& session, const Refusal& refusal, bool undoes) {
  const auto listed = refusal.problem.is_object() && refusal.problem.contains("errors");
  if (!text_of(refusal.problem, "type").ends_with("/needs-confirmation") || session.json ||
      isatty(STDIN_FILENO) == 0)
    return std::nullopt;
  session.terminal.error(printable(text_of(refusal.problem, "detail")));
  if (listed)
    for (const auto& effect : refusal.problem.at("errors"))
      session.terminal.error("  " + printable(text_of(effect, "pointer")) + " " +
                             printable(text_of(effect, "detail")));
  session.terminal.error(undoes ? "Undo it, and cancel the runs? [y/N]"
                                : "Go back all the same? [y/N]");
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
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
  auto answer = ask(session, request);
  if (!answer) {
    const auto agrees = agreed_to_all(session, answer.error(), options.action == "cancel");
    if (agrees && !*agrees) {
      session.terminal.error("Nothing was done.");
      return failed;
    }
    if (agrees) {
      request.body["arguments"]["confirm"] = true;
      answer = ask(session, request);
    }
  }
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

int run_batch_change(const Session& session, const std::string& verb, const BatchOptions& options) {
  Request request;
  request.method = "POST";
  request.path = batch_path(options.batch, ":" + verb);
  request.body = Json{{"reason", options.reason}};
  if (!options.stop_at.empty()) request.body["stopAt"] = options.stop_at;
  return ask_and_show(session, request,
                      [&session](const Json& batch) { print_batch(session, batch); });
}

}  // namespace sequent::cli
