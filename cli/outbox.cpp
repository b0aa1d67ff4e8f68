// `outbox [list | show | retry | skip]`: where emitted events go, and the one that a sink refuses.
#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/run_text.hpp"

namespace sequent::cli {
namespace {

Request request_of(const std::string& sink, const std::string& verb = "") {
  Request request;
  request.path = "/api/v1/outbox/" + net::percent_encode(sink);
  if (verb.empty()) return request;
  request.method = "POST";
  request.path += ":" + verb;
  return request;
}

std::string next_text(const Json& sink) {
  const Json next = sink.value("next", Json());
  if (!next.is_object()) return "-";
  return dump_json(next.value("id", Json())) + " " + text_of(next, "type") + " " +
         shortened(text_of(next, "eventId"), 40);
}

std::string trouble_text(const Json& sink) {
  if (!sink.value("publishedHere", false)) return "published by another node";
  if (!sink.value("error", Json()).is_string()) return "-";
  return text_of(sink, "error") + " (since " + time_text(sink.value("failingSince", Json())) + ")";
}

void print_sinks(const Terminal& terminal, const Json& items) {
  Table table{{"SINK", "WHERE", "PENDING", "EMITTED", "NEXT EVENT", "LAST ERROR"}};
  for (const auto& sink : items) {
    const Json next = sink.value("next", Json());
    const bool fails = sink.value("error", Json()).is_string();
    const auto emitted =
        next.is_object() ? time_text(next.value("emittedAt", Json())) : std::string("-");
    table.add({{text_of(sink, "name"), Style::plain},
               {text_of(sink, "where"), Style::dim},
               {dump_json(sink.value("pending", Json())), Style::plain},
               {emitted, Style::plain},
               {next_text(sink), Style::plain},
               {trouble_text(sink), fails ? Style::bad : Style::plain}});
  }
  if (table.empty())
    terminal.out("No sinks: nothing is configured under `outbox`.");
  else
    table.print(terminal);
}

int act(const Session& session, const std::string& sink, const std::string& verb, Json body,
        const std::string& what) {
  Request request = request_of(sink, verb);
  request.body = std::move(body);
  return ask_and_show(session, request, [&](const Json& shown) {
    session.terminal.out(what);
    print_sinks(session.terminal, Json::array({shown}));
  });
}

}  // namespace

int run_outbox_list(const Session& session) {
  Request request;
  request.path = "/api/v1/outbox";
  return ask_and_show(session, request, [&session](const Json& page) {
    print_sinks(session.terminal, page.value("items", Json::array()));
  });
}

int run_outbox_show(const Session& session, const std::string& sink) {
  const auto answer = ask(session, request_of(sink));
  if (!answer) return report(session, answer.error());
  session.terminal.json(answer->body);
  return done;
}

int run_outbox_retry(const Session& session, const std::string& sink, const std::string& reason) {
  return act(session, sink, "retry", {{"reason", reason}},
             "the next event of " + printable(sink) + " is sent now");
}

int run_outbox_skip(const Session& session, const std::string& sink, std::int64_t event,
                    const std::string& reason) {
  return act(session, sink, "skip", {{"event", event}, {"reason", reason}},
             "event " + std::to_string(event) + " is left out of " + printable(sink));
}

}  // namespace sequent::cli
