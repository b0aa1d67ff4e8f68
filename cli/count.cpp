// `count --by …`: how many runs there are of each kind.
#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/run_text.hpp"

namespace sequent::cli {
namespace {

Table table_of(const Json& items, const CountOptions& options, Timestamp now) {
  std::vector<std::string> columns{"COUNT"};
  columns.insert(columns.end(), options.by.begin(), options.by.end());
  columns.insert(columns.end(), {"OLDEST", "NEWEST"});
  Table table{columns};
  for (const auto& item : items) {
    std::vector<Cell> row{{std::to_string(item.value("count", 0LL)), Style::plain}};
    for (const auto& dimension : options.by) {
      const Json value = item.at("group").value(dimension, Json());
      const std::string text = value.is_string() ? value.get<std::string>() : dump_json(value);
      row.push_back({text.empty() ? "-" : shortened(text, 80), Style::plain});
    }
    for (const char* end : {"oldest", "newest"})
      row.push_back({age_text(item.value(end, Json()), now), Style::dim});
    table.add(std::move(row));
  }
  return table;
}

}  // namespace

int run_count(const Session& session, const CountOptions& options) {
  Request request;
  request.method = "POST";
  request.path = "/api/v1/runs:aggregate";
  Json filter = Json::object();
  if (!options.where.empty()) filter["where"] = options.where;
  request.body = {{"by", options.by},
                  {"filter", std::move(filter)},
                  {"limit", options.limit},
                  {"exact", options.exact}};
  return ask_and_show(session, request, [&](const Json& counted) {
    const Json items = counted.value("items", Json::array());
    if (items.empty())
      session.terminal.out("No runs.");
    else
      table_of(items, options, session.clock.now()).print(session.terminal);
    if (!counted.value("complete", true))
      session.terminal.out(
          session.terminal.paint(Style::warning, "of the newest runs alone, back to " +
                                                     time_text(counted.value("since", Json())) +
                                                     "; all of them with --exact"));
  });
}

}  // namespace sequent::cli
