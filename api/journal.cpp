// The records of a run, for people: nodes as pointers, times as text, sensitive data hidden.
#include <array>

#include "api/journal_json.hpp"
#include "api/redact.hpp"
#include "api/request.hpp"
#include "api/resources.hpp"

namespace sequent::api {
namespace {

constexpr std::array time_members{"at",          "retryAt",  "timeoutAt",   "dueAt",
                                  "firstSentAt", "parkedAt", "attemptUntil"};

std::string pointer_of(const definition::Program& program, const Json& node) {
  if (!node.is_number_unsigned()) return {};
  const auto index = node.get<std::uint64_t>();
  return index < program.nodes.size() ? program.nodes[index].pointer : std::string{};
}

struct JournalPage {
  Json items = Json::array();
  std::uint64_t last = 0;
  bool more = false;
};

/// Reads arrays of records from `after` on and hands each record to `take` until that says false.
/// errors  internal: text that is no journal
template <class Take>
Result<void> each_record(runtime::RunQueries& runs, const InstanceId& id, std::uint64_t after,
                         Take take) {
  constexpr std::size_t rows = 200;
  while (true) {
    const auto texts = runs.journal(id, after, rows);
    const std::uint64_t before = after;
    for (const auto& text : texts) {
      auto records = parse_json(text);
      if (!records || !records->is_array())
        return fail(ErrorCode::internal, "The journal of run " + id.text() + " can't be read.");
      for (auto& record : *records) {
        const auto seq = record.value("seq", std::uint64_t{0});
        if (seq <= after) continue;
        after = seq;
        if (!take(record)) return {};
      }
    }
    if (after == before) return {};
  }
}

Result<JournalPage> read_page(const Context& context, const InstanceId& id,
                              const definition::Program& program, std::uint64_t after,
                              std::size_t limit) {
  JournalPage page;
  JournalReader reader{program};
  // Most records name a frame; which task that is was said when the frame began, maybe pages ago.
  const auto read = each_record(context.ports.runs, id, 0, [&](Json& record) {
    const auto seq = record.value("seq", std::uint64_t{0});
    if (seq <= after) {
      reader.note(record);
      return true;
    }
    if (page.items.size() == limit) {
      page.more = true;
      return false;
    }
    page.items.push_back(reader.show(record));
    page.last = seq;
    return true;
  });
  if (!read) return std::unexpected(read.error());
  return page;
}

Result<Answer> journal_answer(const Context& context, const InstanceId& id, std::uint64_t after,
                              std::size_t limit) {
  const auto summary = context.ports.runs.find(id);
  const auto program = summary ? context.ports.engine.program(summary->digest) : nullptr;
  if (program == nullptr) return fail(ErrorCode::not_found, "There is no run " + id.text() + ".");
  auto page = read_page(context, id, *program, after, limit);
  if (!page) return std::unexpected(std::move(page.error()));
  const std::string cursor = page->more ? std::to_string(page->last) : "";
  return json_answer(200, page_json(std::move(page->items), cursor));
}

}  // namespace

JournalReader::JournalReader(const definition::Program& program)
    : program_(program), redact_(program) {}

void JournalReader::note(const Json& record) {
  if (text_of(record, "kind") != "TaskStarted") return;
  tasks_[record.value("frame", 0U)] = pointer_of(program_, record.value("node", Json()));
}

Json JournalReader::show(const Json& record) {
  note(record);
  Json out = Json::object();
  for (const auto& [name, value] : record.items()) {
    const bool time =
        std::find(time_members.begin(), time_members.end(), name) != time_members.end();
    if (name == "node") {
      out["task"] = pointer_of(program_, value);
    } else if (name == "next") {
      out["next"] = pointer_of(program_, value);
    } else if (time && value.is_number_integer()) {
      out[name] = format_time(value.get<Timestamp>());
    } else {
      out[name] = value.is_structured() ? redact_(value) : value;
    }
  }
  const auto task = tasks_.find(record.value("frame", 0U));
  if (!out.contains("task") && task != tasks_.end()) out["task"] = task->second;
  return out;
}

asio::awaitable<Answer> show_journal(Context& context, const Call& call) {
  const auto id = run_id(call);
  if (!id) co_return problem(context, id.error());
  const auto after = query_number(call.request, "after", 0, 0, INT64_MAX);
  if (!after) co_return problem(context, after.error());
  const auto limit = page_size(context, call);
  if (!limit) co_return problem(context, limit.error());
  auto look = [&] {
    return journal_answer(context, *id, static_cast<std::uint64_t>(*after), *limit);
  };
  auto answer = co_await on_pool(context.ports.pool, std::move(look));
  if (!answer) co_return problem(context, answer.error());
  co_return *std::move(answer);
}

}  // namespace sequent::api
