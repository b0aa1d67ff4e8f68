// `audit`: what operators did, and what they were refused.
#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/run_text.hpp"
#include "engine/runtime/where.hpp"

namespace sequent::cli {
namespace {

Table table_of(const Json& entries, bool full) {
  Table table{{"TIME", "WHO", "FROM", "ACTION", "TARGET", "OUTCOME", "REASON"}};
  for (const auto& entry : entries) {
    const auto outcome = text_of(entry, "outcome");
    table.add({{time_text(entry.value("at", Json())), Style::dim},
               {shortened(text_of(entry, "principal"), 24), Style::plain},
               {shortened(text_of(entry, "remote", "-"), 40), Style::plain},
               {text_of(entry, "action"), Style::plain},
               {shortened(text_of(entry, "target", "-"), 40), Style::plain},
               {shortened(outcome, 50), outcome == "done" ? Style::good : Style::warning},
               {shortened(text_of(entry, "reason", "-"), 60), Style::plain}});
    if (!full) continue;
    for (const char* side : {"before", "after"})
      if (const auto value = entry.value(side, Json()); !value.is_null())
        table.add({{"", Style::plain},
                   {"", Style::plain},
                   {"", Style::plain},
                   {std::string("  ") + side, Style::dim},
                   {shortened(dump_json(value), 200), Style::plain},
                   {"", Style::plain},
                   {"", Style::plain}});
  }
  return table;
}

}  // namespace

int run_audit(const Session& session, const AuditOptions& options) {
  std::string since;
  if (!options.since.empty()) {
    const auto at = parse_time(options.since);
    const auto length = runtime::read_length(options.since);
    if (!at && !length) {
      session.terminal.error("error: expected --since as 90s, 15m, 1h, 2d or a time, got `" +
                             printable(options.since) + "`");
      return wrong_use;
    }
    since = format_time(at ? *at : session.clock.now() - *length);
  }
  Request request;
  request.path = "/api/v1/audit" + query_text({{"target", options.target},
                                               {"principal", options.principal},
                                               {"action", options.action},
                                               {"since", since},
                                               {"text", options.text},
                                               {"refused", options.refused ? "true" : ""},
                                               {"cursor", options.cursor},
                                               {"limit", std::to_string(options.limit)}});
  return ask_and_show(session, request, [&](const Json& page) {
    print_page(session.terminal, table_of(page.value("items", Json::array()), options.full), page,
               "Nothing was found in the audit log.");
  });
}

}  // namespace sequent::cli
