// `inbox list | show | replay`: events and webhooks that came in.
#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/run_text.hpp"

namespace sequent::cli {
namespace {

std::string number_text(const Json& json, const char* name) {
  const auto value = json.value(name, Json());
  return value.is_number() ? dump_json(value) : std::string("-");
}

Style style_of_state(const std::string& state) {
  if (state == "held") return Style::warning;
  if (state == "expired" || state == "unrouted") return Style::bad;
  return Style::plain;
}

Table table_of(const Json& entries) {
  Table table{{"ID", "RECEIVED", "TYPE", "EVENT", "SOURCE", "STATE", "DELIVERIES"}};
  for (const auto& entry : entries) {
    const auto state = text_of(entry, "state");
    table.add({{number_text(entry, "id"), Style::plain},
               {time_text(entry.value("receivedAt", Json())), Style::dim},
               {text_of(entry, "type"), Style::plain},
               {shortened(text_of(entry, "eventId", "-"), 40), Style::plain},
               {shortened(text_of(entry, "source", "-"), 40), Style::plain},
               {state, style_of_state(state)},
               {number_text(entry, "deliveries"), Style::plain}});
  }
  return table;
}

}  // namespace

int run_inbox_list(const Session& session, const InboxOptions& options) {
  Request request;
  request.path = "/api/v1/inbox" + query_text({{"type", options.type},
                                               {"state", options.state},
                                               {"cursor", options.cursor},
                                               {"limit", std::to_string(options.limit)}});
  return ask_and_show(session, request, [&](const Json& page) {
    print_page(session.terminal, table_of(page.value("items", Json::array())), page, "No events.");
  });
}

int run_inbox_show(const Session& session, const std::string& id) {
  Request request;
  request.path = "/api/v1/inbox/" + net::percent_encode(id);
  const auto answer = ask(session, request);
  if (!answer) return report(session, answer.error());
  session.terminal.json(answer->body);
  return done;
}

int run_inbox_replay(const Session& session, const std::string& id, const std::string& reason) {
  Request request;
  request.method = "POST";
  request.path = "/api/v1/inbox/" + net::percent_encode(id) + ":replay";
  request.body = Json{{"reason", reason}};
  return ask_and_show(session, request, [&](const Json& routed) {
    session.terminal.out("event " + printable(id) +
                         " was routed again: " + number_text(routed, "runs") + " runs take it, " +
                         number_text(routed, "started") + " were started" +
                         (routed.value("held", false) ? ", and it is held" : ""));
  });
}

}  // namespace sequent::cli
