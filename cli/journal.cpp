// `journal RUN`: what happened to a run, in order.
#include <algorithm>
#include <array>

#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/journal_read.hpp"
#include "cli/run_text.hpp"

namespace sequent::cli {
namespace {

constexpr int records_a_page = 500;
constexpr std::size_t detail_columns = 100;

// What has a column of its own, and numbers that mean something inside the machine only.
constexpr std::array shown_elsewhere{"seq", "at", "kind", "task", "frame", "parent", "ordinal"};

std::string details(const Json& record, bool full) {
  std::string text;
  for (const auto& [name, value] : record.items()) {
    if (!full && (name == "digest" || name == "id")) continue;  // long, and `show` has them
    if (std::find(shown_elsewhere.begin(), shown_elsewhere.end(), name) != shown_elsewhere.end())
      continue;
    text += (text.empty() ? "" : " ") + name + "=" +
            (value.is_string() ? value.get<std::string>() : dump_json(value));
  }
  return text;
}

Style style_of_kind(const std::string& kind) {
  if (kind.find("Faulted") != std::string::npos || kind == "AttemptFailed" || kind == "TaskParked")
    return Style::bad;
  if (kind.find("Completed") != std::string::npos) return Style::good;
  return Style::plain;
}

// "08:15:30.250" is enough beside the date of the first record, which `show` tells.
std::string clock_text(const Json& record) {
  const auto at = text_of(record, "at");
  return at.size() == 24 ? at.substr(0, 10) + " " + at.substr(11, 12) : at;
}

void print_records(const Session& session, const Json& records, bool full) {
  Table table{{"TIME", "SEQ", "KIND", "TASK", "DETAILS"}};
  for (const auto& record : records) {
    const auto kind = text_of(record, "kind");
    std::string text = details(record, full);
    if (!full) text = shortened(text, detail_columns);
    table.add({{clock_text(record), Style::dim},
               {dump_json(record.value("seq", Json())), Style::plain},
               {kind, style_of_kind(kind)},
               {text_of(record, "task", "-"), Style::plain},
               {std::move(text), Style::plain}});
  }
  table.print(session.terminal);
}

}  // namespace

std::expected<JournalRead, Refusal> read_journal(const Session& session, const std::string& run,
                                                 std::uint64_t from, int limit) {
  JournalRead read;
  std::string after = std::to_string(from);
  bool more = true;
  while (more && read.records.size() < static_cast<std::size_t>(limit)) {
    const int left = limit - static_cast<int>(read.records.size());
    Request request;
    request.path =
        run_path(run, "/journal") +
        query_text({{"after", after}, {"limit", std::to_string(std::min(records_a_page, left))}});
    auto answer = ask(session, request);
    if (!answer) return std::unexpected(std::move(answer.error()));
    for (auto& record : answer->body["items"]) read.records.push_back(std::move(record));
    after = text_of(answer->body, "cursor");
    more = !after.empty();
  }
  if (more) read.more_after = after;
  return read;
}

int run_journal(const Session& session, const JournalOptions& options) {
  const auto read = read_journal(session, options.run, options.after, options.limit);
  if (!read) return report(session, read.error());
  if (session.json) {
    session.terminal.json(read->records);
    return done;
  }
  if (!read->records.empty()) print_records(session, read->records, options.full);
  if (!read->more_after.empty())
    session.terminal.out(
        session.terminal.paint(Style::dim, "more with --after " + read->more_after));
  return done;
}

}  // namespace sequent::cli
