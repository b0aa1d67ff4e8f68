// Batches: one action to every run that a filter finds. The work is done by repair/worker.cpp.
#include <algorithm>

#include "api/batch_json.hpp"
#include "api/batch_preview.hpp"
#include "api/request.hpp"
#include "api/resources.hpp"

namespace sequent::api {

using runtime::RepairBatch;
using State = RepairBatch::State;

namespace {

Error no_batch(const std::string& id) {
  return {.code = ErrorCode::not_found, .detail = "There is no batch \"" + id + "\"."};
}

std::optional<Json> look_at(Context& context, const std::string& id) {
  const auto batch = context.ports.repairs.batch(id);
  if (!batch) return std::nullopt;
  return batch_json(context, *batch, context.ports.repairs.count_items(id));
}

/// Of a batch as it is told, what pausing, resuming and cancelling change, for the audit log.
Json standing(const std::optional<Json>& batch) {
  if (!batch) return nullptr;
  Json json = Json::object();
  for (const char* name : {"state", "stopAt", "items", "detail"}) json[name] = batch->at(name);
  return json;
}

/// …and what was asked for.
Json asked_for(const Json& batch, const Json& total) {
  Json json{{"total", total}};
  for (const char* name :
       {"action", "filter", "where", "arguments", "order", "rate", "waves", "stopAt"})
    json[name] = batch.at(name);
  return json;
}

asio::awaitable<Answer> tell_batch(Context& context, std::string id, int status) {
  auto look = [&context, &id] { return look_at(context, id); };
  const auto json = co_await on_pool(context.ports.pool, std::move(look));
  if (!json) co_return problem(context, no_batch(id));
  Answer answer = json_answer(status, *json);
  if (status == 201) answer.response.headers.set("Location", "/api/v1/batches/" + id);
  co_return answer;
}

/// What was done to a batch, or why not: for the audit log first, then for the caller.
asio::awaitable<Answer> answer_change(Context& context, const Call& call, AuditNote note,
                                      Result<void> done, int status) {
  note.outcome = outcome_of(done);
  const std::string id = note.target;
  auto auditing = audit(context, call, std::move(note));
  co_await std::move(auditing);
  if (!done) co_return problem(context, done.error());
  if (context.ports.batches_changed) context.ports.batches_changed();
  auto telling = tell_batch(context, id, status);
  Answer answer = co_await std::move(telling);
  co_return answer;
}

struct StateChange {
  const char* action;
  std::vector<State> from;
  State to;
  std::string reason;
  std::optional<int> stop_percent;
  Json before, after;
};

Result<void> parse_change(const Context& context, const Call& call, StateChange& change) {
  const auto body = json_body(call.request, context.config.max_json_depth);
  if (!body) return std::unexpected(body.error());
  Faults faults;
  StrictObject object{*body, faults};
  change.reason = object.reason();
  const Json* stop = change.to == State::running ? object.get("stopAt") : nullptr;
  if (stop != nullptr) change.stop_percent = stop_of(*stop, faults);
  object.finish();
  if (!faults.empty()) return std::unexpected(faults.error("The body"));
  return {};
}

Result<void> change_it(Context& context, const std::string& id, StateChange& change) {
  auto& repairs = context.ports.repairs;
  const Timestamp now = context.ports.clock.now();
  const auto before = look_at(context, id);
  if (!before) return std::unexpected(no_batch(id));
  change.before = standing(before);
  // First: who resumes it without a limit means that no other one stops it again at once.
  const bool fits = std::ranges::any_of(change.from, [&](State state) {
    return text_of(*before, "state") == runtime::name_of(state);
  });
  if (fits && change.stop_percent) repairs.set_stop(id, *change.stop_percent, now);
  if (!repairs.change_batch(id, change.from, change.to, "", now))
    return fail(ErrorCode::wrong_state, "The batch is " + text_of(*before, "state") + ".");
  change.after = standing(look_at(context, id));
  return {};
}

asio::awaitable<Answer> change_state(Context& context, const Call& call, StateChange change) {
  const std::string id = call.at("id");
  Result<void> done = parse_change(context, call, change);
  if (done) {
    auto act = [&context, &id, &change] { return change_it(context, id, change); };
    done = co_await on_pool(context.ports.pool, std::move(act));
  }
  AuditNote note;
  note.action = std::string("batch.") + change.action;
  note.target = id;
  note.reason = change.reason;
  note.before = change.before;
  note.after = change.after;
  auto answering = answer_change(context, call, std::move(note), done, 200);
  Answer answer = co_await std::move(answering);
  co_return answer;
}

/// errors  unconfirmed: it undoes what runs have done, or does it again, and nobody said that this is
///         meant. Also where there are too many runs to know.
asio::awaitable<Result<void>> confirm(Context& context, RepairBatch batch) {
  const bool risky = batch.action == "cancel" || batch.action == "rewind";
  if (!risky || batch.arguments.value("confirm", Json()) == Json(true)) co_return Result<void>{};
  auto looking = outlook_of(context, batch);
  const Outlook outlook = co_await std::move(looking);
  co_return confirmed_by(batch, outlook);
}

}  // namespace

asio::awaitable<Answer> create_batch(Context& context, const Call& call) {
  auto order = parse_batch(context, call);
  if (order && order->dry_run) {
    auto previewing = preview_batch(context, order->batch);
    const Json json = co_await std::move(previewing);
    co_return json_answer(200, json);
  }
  AuditNote note;
  note.action = "batch";
  note.target = "-";
  Result<void> done;
  if (order) {
    note.action += "." + order->batch.action;
    note.reason = order->batch.reason;
    auto confirming = confirm(context, order->batch);
    done = co_await std::move(confirming);
  } else {
    done = std::unexpected(order.error());
  }
  if (order) {
    if (done) order->batch.id = note.target = context.ports.engine.fresh_id();
    auto create = [&context, &order, &done] {
      const auto count = context.ports.runs.aggregate(order->batch.filter, {}, 1);
      if (done) context.ports.repairs.create_batch(order->batch);
      const Json total = count ? Json(count->empty() ? 0 : count->front().count) : Json();
      return asked_for(batch_json(context, order->batch, {}), total);
    };
    note.after = co_await on_pool(context.ports.pool, std::move(create));
  }
  auto answering = answer_change(context, call, std::move(note), done, 201);
  Answer answer = co_await std::move(answering);
  co_return answer;
}

asio::awaitable<Answer> list_batches(Context& context, const Call& call) {
  const auto limit = page_size(context, call);
  if (!limit) co_return problem(context, limit.error());
  const auto before = query_value(call.request, "cursor").value_or("");
  auto look = [&] {
    Json items = Json::array();
    for (const auto& batch : context.ports.repairs.batches(before, *limit))
      items.push_back(batch_json(context, batch, context.ports.repairs.count_items(batch.id)));
    return items;
  };
  Json items = co_await on_pool(context.ports.pool, std::move(look));
  const std::string next = items.size() == *limit ? text_of(items.back(), "id") : "";
  co_return json_answer(200, page_json(std::move(items), next));
}

asio::awaitable<Answer> show_batch(Context& context, const Call& call) {
  return tell_batch(context, call.at("id"), 200);
}

asio::awaitable<Answer> list_batch_items(Context& context, const Call& call) {
  const std::string id = call.at("id");
  const auto limit = page_size(context, call);
  if (!limit) co_return problem(context, limit.error());
  Faults faults;
  std::optional<runtime::RepairItem::State> state;
  if (const auto name = query_value(call.request, "state"); name && !name->empty()) {
    state = runtime::item_state_from(*name);
    if (!state) faults.add("", "`state`: expected a state of an item, got \"" + *name + "\"");
  }
  std::optional<InstanceId> after;
  if (const auto cursor = query_value(call.request, "cursor"); cursor && !cursor->empty()) {
    after = InstanceId::parse(*cursor);
    if (!after)
      faults.add("", "`cursor`: expected that of the page before, got \"" + *cursor + "\"");
  }
  if (!faults.empty()) co_return problem(context, faults.error("The query"));
  auto look = [&] {
    std::optional<std::vector<runtime::RepairItem>> items;
    if (context.ports.repairs.batch(id))
      items = context.ports.repairs.items(id, state, after, *limit);
    return items;
  };
  const auto items = co_await on_pool(context.ports.pool, std::move(look));
  if (!items) co_return problem(context, no_batch(id));
  Json list = Json::array();
  for (const auto& item : *items)
    list.push_back({{"run", item.run.text()},
                    {"state", runtime::name_of(item.state)},
                    {"detail", optional_text(item.detail)},
                    {"updatedAt", optional_time(item.updated_at)}});
  const std::string next = items->size() == *limit ? items->back().run.text() : "";
  co_return json_answer(200, page_json(std::move(list), next));
}

asio::awaitable<Answer> pause_batch(Context& context, const Call& call) {
  StateChange change{.action = "pause", .from = {State::running}, .to = State::paused};
  return change_state(context, call, std::move(change));
}

asio::awaitable<Answer> resume_batch(Context& context, const Call& call) {
  StateChange change{.action = "resume", .from = {State::paused}, .to = State::running};
  return change_state(context, call, std::move(change));
}

asio::awaitable<Answer> cancel_batch(Context& context, const Call& call) {
  StateChange change{
      .action = "cancel", .from = {State::running, State::paused}, .to = State::cancelled};
  return change_state(context, call, std::move(change));
}

}  // namespace sequent::api
