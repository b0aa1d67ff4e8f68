// Events that came in, and routing them once more.
#include "api/delivery.hpp"
#include "api/redact.hpp"
#include "api/request.hpp"
#include "api/resources.hpp"

namespace sequent::api {
namespace {

Json entry_json(const runtime::InboxEntry& entry) {
  return {{"id", entry.id},
          {"source", entry.source},
          {"eventId", entry.event_id},
          {"type", entry.type},
          {"origin", entry.origin},
          {"state", entry.state},
          {"receivedAt", optional_time(entry.received_at)},
          {"deliveries", entry.deliveries}};
}

std::optional<std::int64_t> number_of(const std::string& text) {
  constexpr std::size_t most_digits = 18;
  if (text.empty() || text.size() > most_digits ||
      text.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return std::stoll(text);
}

Error no_entry(const std::string& id) {
  return {.code = ErrorCode::not_found, .detail = "There is no event " + id + " in the inbox."};
}

asio::awaitable<std::optional<runtime::InboxEntry>> find_entry(Context& context, std::string id) {
  const auto number = number_of(id);
  if (!number) co_return std::nullopt;
  auto look = [&context, number] { return context.ports.inbox.get(*number); };
  auto entry = co_await on_pool(context.ports.pool, std::move(look));
  co_return entry;
}

}  // namespace

asio::awaitable<Answer> list_inbox(Context& context, const Call& call) {
  static const std::vector<std::string> states{"held",    "delivered", "started",
                                               "ignored", "expired",   "unrouted"};
  const auto type = query_value(call.request, "type").value_or("");
  const auto state = query_value(call.request, "state").value_or("");
  if (!state.empty() && std::find(states.begin(), states.end(), state) == states.end()) {
    const Error error{.code = ErrorCode::invalid_request,
                      .detail =
                          "Expected `state` to be held, delivered, started, ignored, expired "
                          "or unrouted, got \"" +
                          state + "\". " + did_you_mean(state, states)};
    co_return problem(context, error);
  }
  const auto before = query_number(call.request, "cursor", INT64_MAX, 1, INT64_MAX);
  if (!before) co_return problem(context, before.error());
  const auto limit = page_size(context, call);
  if (!limit) co_return problem(context, limit.error());
  auto look = [&] { return context.ports.inbox.list(type, state, *before, *limit); };
  const auto entries = co_await on_pool(context.ports.pool, std::move(look));
  Json items = Json::array();
  for (const auto& entry : entries) items.push_back(entry_json(entry));
  const bool full = entries.size() == *limit;
  co_return json_answer(200,
                        page_json(std::move(items), full ? std::to_string(entries.back().id) : ""));
}

asio::awaitable<Answer> show_inbox_entry(Context& context, const Call& call) {
  auto finding = find_entry(context, call.at("id"));
  const auto entry = co_await std::move(finding);
  if (!entry) co_return problem(context, no_entry(call.at("id")));
  Json json = entry_json(*entry);
  const Redactor redact{context.ports.engine.programs()};
  json["event"] = redact(entry->event);
  co_return json_answer(200, json);
}

asio::awaitable<Answer> replay_inbox_entry(Context& context, const Call& call) {
  Faults faults;
  std::string reason;
  Result<void> done;
  const auto body = json_body(call.request, context.config.max_json_depth);
  if (body) {
    StrictObject object{*body, faults};
    reason = object.reason();
    object.finish();
    if (!faults.empty()) done = std::unexpected(faults.error("The body"));
  } else {
    done = std::unexpected(body.error());
  }
  std::optional<runtime::InboxEntry> entry;
  if (done) {
    auto finding = find_entry(context, call.at("id"));
    entry = co_await std::move(finding);
    if (!entry) done = std::unexpected(no_entry(call.at("id")));
  }
  runtime::Delivered delivered;
  if (done) {
    auto replaying = context.ports.engine.replay_event(entry->id, entry->event);
    const auto replayed = co_await std::move(replaying);
    if (replayed) delivered = *replayed;
    if (!replayed) done = std::unexpected(replayed.error());
  }
  AuditNote note;
  note.action = "replay-event";
  note.target = "inbox/" + call.at("id");
  note.reason = reason;
  note.outcome = outcome_of(done);
  co_await audit(context, call, note);
  if (!done) co_return problem(context, done.error());
  co_return json_answer(200, delivery_json(delivered));
}

}  // namespace sequent::api
