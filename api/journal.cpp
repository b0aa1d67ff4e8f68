// The records of a run, for people: nodes as pointers, times as text, sensitive data hidden.
#include <algorithm>
#include <map>

#include "api/journal_json.hpp"
#include "api/redact.hpp"
#include "api/request.hpp"
#include "api/resources.hpp"
#include "engine/machine/record_times.hpp"

namespace sequent::api {
namespace {

std::string pointer_of(const definition::Program& program, const Json& node) {
  if (!node.is_number_unsigned()) return {};
  const auto index = node.get<std::uint64_t>();
  return index < program.nodes.size() ? program.nodes[index].pointer : std::string{};
}

std::string type_of(const definition::Program& program, std::uint64_t filter) {
  return filter < program.filters.size() ? program.filters[filter].type : std::string{};
}

// A listening task opens its filters in order, those of `until` last.
std::string type_taken(const definition::Program& program, const definition::ListenTask& listen,
                       std::size_t subscription) {
  const auto& wanted = listen.to.filters;
  const auto& until = listen.to.until_filters;
  if (subscription < wanted.size()) return type_of(program, wanted[subscription]);
  const auto place = subscription - wanted.size();
  return place < until.size() ? type_of(program, until[place]) : std::string{};
}

// Records hold numbers where the definition has names; a reader without it needs the names.
void name_what_it_means(const definition::Program& program, const definition::Node& node,
                        Json& out) {
  const auto kind = text_of(out, "kind");
  const auto* call = std::get_if<definition::CallTask>(&node.body);
  if (call != nullptr && kind == "ActivityScheduled") out["activity"] = call->activity.name;
  const auto* listen = std::get_if<definition::ListenTask>(&node.body);
  if (listen == nullptr) return;
  if (kind == "ListenStarted" && out.contains("subscriptions"))
    for (auto& each : out["subscriptions"]) {
      auto type = type_of(program, each.value("filter", std::uint64_t{UINT32_MAX}));
      if (!type.empty()) each["type"] = std::move(type);
    }
  if (kind != "EventConsumed") return;
  auto type = type_taken(program, *listen, out.value("subscription", std::size_t{0}));
  if (!type.empty()) out["type"] = std::move(type);
}

/// Reads arrays of records from `after` on and hands each record to `take` until that says false.
/// One row holds the records of one commit, so `rows` rows hold `rows` records at least.
/// errors  internal: text that is no journal
template <class Take>
Result<void> each_record(runtime::RunQueries& runs, const InstanceId& id, std::uint64_t after,
                         std::size_t rows, Take take) {
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

Result<Answer> journal_answer(Context& context, const InstanceId& id, std::uint64_t after,
                              std::size_t limit) {
  const auto summary = context.ports.runs.find(id);
  const auto program = summary ? context.ports.engine.program(summary->digest) : nullptr;
  if (program == nullptr) return fail(ErrorCode::not_found, "There is no run " + id.text() + ".");
  const auto find = [&](const std::string& digest) { return context.ports.engine.program(digest); };
  auto page = read_journal(context.ports.runs, context.journals, id, *program, after, limit, find);
  if (!page) return std::unexpected(std::move(page.error()));
  const std::string cursor = page->more ? std::to_string(page->last) : "";
  return json_answer(200, page_json(std::move(page->items), cursor));
}

}  // namespace

JournalPlace JournalPlaces::before(const InstanceId& id, std::uint64_t after) {
  const std::lock_guard lock{mutex_};
  auto best = kept_.end();
  for (auto it = kept_.begin(); it != kept_.end(); ++it)
    if (it->id == id && it->place.seq <= after &&
        (best == kept_.end() || it->place.seq > best->place.seq))
      best = it;
  if (best == kept_.end()) return {};
  kept_.splice(kept_.begin(), kept_, best);
  return best->place;
}

void JournalPlaces::keep(const InstanceId& id, JournalPlace place) {
  constexpr std::size_t most_kept = 32;
  const std::lock_guard lock{mutex_};
  const auto same = [&](const Kept& kept) { return kept.id == id && kept.place.seq == place.seq; };
  if (std::ranges::any_of(kept_, same)) return;
  kept_.push_front({.id = id, .place = std::move(place)});
  if (kept_.size() > most_kept) kept_.pop_back();
}

JournalReader::JournalReader(const definition::Program& program, JournalPlace place,
                             FindProgram find)
    : last_(program),
      program_(&program),
      find_(std::move(find)),
      redact_(program),
      place_(std::move(place)) {
  if (!place_.digest.empty()) go_on_under(place_.digest);
}

// A version that nobody knows any more leaves its tasks without names.
void JournalReader::go_on_under(const std::string& digest) {
  place_.digest = digest;
  program_ = &last_;
  also_redact_.reset();
  if (digest == last_.digest || !find_) return;
  kept_ = find_(digest);
  if (!kept_) return;
  program_ = kept_.get();
  also_redact_.emplace(*kept_);
}

Json JournalReader::redacted(const Json& value) const {
  Json shown = redact_(value);
  return also_redact_ ? (*also_redact_)(shown) : shown;
}

void JournalReader::renumber(const Json& nodes) {
  const auto now = nodes.get<std::map<definition::NodeIndex, definition::NodeIndex>>();
  for (auto& task : place_.tasks) {
    const auto known = now.find(task);
    task = known == now.end() ? definition::no_node : known->second;
  }
}

void JournalReader::note(const Json& record) {
  place_.seq = record.value("seq", place_.seq);
  const auto kind = text_of(record, "kind");
  if (kind == "InstanceStarted" || kind == "Migrated") go_on_under(text_of(record, "digest"));
  if (kind == "Migrated") renumber(record.at("nodes"));
  if (kind != "TaskStarted") return;
  const auto frame = record.value("frame", std::size_t{0});
  const auto node = record.value("node", definition::no_node);
  if (frame >= place_.tasks.size()) place_.tasks.resize(frame + 1, definition::no_node);
  place_.tasks[frame] = node;
}

Json JournalReader::show(const Json& record) {
  note(record);
  const bool moved = text_of(record, "kind") == "Migrated";
  Json out = Json::object();
  for (const auto& [name, value] : record.items()) {
    const auto& times = machine::time_members;
    const bool time = std::find(times.begin(), times.end(), name) != times.end();
    if (moved && (name == "nodes" || name == "filters")) continue;  // numbers of two versions
    if (name == "node") {
      out["task"] = pointer_of(*program_, value);
    } else if (name == "next") {
      out["next"] = pointer_of(*program_, value);
    } else if (time && value.is_number_integer()) {
      out[name] = format_time(value.get<Timestamp>());
    } else if (name == "diff" && value.is_array()) {
      out[name] = also_redact_ ? also_redact_->patch(redact_.patch(value)) : redact_.patch(value);
    } else {
      out[name] = value.is_structured() ? redacted(value) : value;
    }
  }
  const auto frame = record.value("frame", std::size_t{0});
  const auto node = frame < place_.tasks.size() ? place_.tasks[frame] : definition::no_node;
  if (node < program_->nodes.size()) {
    if (!out.contains("task")) out["task"] = program_->nodes[node].pointer;
    name_what_it_means(*program_, program_->nodes[node], out);
  }
  return out;
}

Result<JournalPage> read_journal(runtime::RunQueries& runs, JournalPlaces& places,
                                 const InstanceId& id, const definition::Program& program,
                                 std::uint64_t after, std::size_t limit, const FindProgram& find) {
  constexpr std::size_t most_rows = 200;
  JournalPage page;
  JournalReader reader{program, places.before(id, after), find};
  const auto from = reader.place().seq;
  const auto rows = std::min(most_rows, limit + 1);  // one more says whether there is more
  const auto read = each_record(runs, id, from, rows, [&](Json& record) {
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
  if (page.more) places.keep(id, reader.place());
  return page;
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
