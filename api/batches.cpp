// Batches: one action to every run that a filter finds. The work is done by repair/worker.cpp.
#include <map>

#include "api/batch_json.hpp"
#include "api/request.hpp"
#include "api/resources.hpp"

namespace sequent::api {

using runtime::RepairBatch;
using State = RepairBatch::State;

namespace {

Error no_batch(const std::string& id) {
  return {.code = ErrorCode::not_found, .detail = "There is no batch \"" + id + "\"."};
}

asio::awaitable<void> audit_batch(Context& context, const Call& call, const std::string& action,
                                  const std::string& id, const std::string& reason,
                                  const Result<void>& done) {
  AuditNote note;
  note.action = action;
  note.target = id;
  note.reason = reason;
  note.outcome = outcome_of(done);
  return audit(context, call, std::move(note));
}

Json groups_json(Context& context, const runtime::RunFilter& filter, const std::string& dimension) {
  constexpr std::size_t most = 20;
  const auto groups = context.ports.runs.aggregate(filter, {dimension}, most);
  Json list = Json::array();
  if (!groups) return list;
  for (const auto& group : *groups)
    list.push_back({{"value", optional_text(group.group.front())}, {"count", group.count}});
  return list;
}

/// What the batch would do, without doing it.
Json preview(Context& context, const RepairBatch& batch) {
  const auto all = context.ports.runs.aggregate(batch.filter, {}, 1);
  const std::int64_t total = all && !all->empty() ? all->front().count : 0;
  constexpr DurationMs hour_ms = 3'600'000;
  DurationMs length = 0;
  if (batch.rate_per_hour != 0) length = total * hour_ms / batch.rate_per_hour;
  const Timestamp now = context.ports.clock.now();
  const auto passed = context.ports.repairs.deadlines(batch.filter, now);
  const auto by_the_end = context.ports.repairs.deadlines(batch.filter, now + length);
  Json json{{"dryRun", true},
            {"action", batch.action},
            {"where", optional_text(batch.where)},
            {"rate", rate_json(batch.rate_per_hour)},
            {"total", total},
            {"estimatedSeconds", batch.rate_per_hour == 0 ? Json() : Json(length / 1'000)}};
  json["by"] = {{"error", groups_json(context, batch.filter, "error_type")},
                {"provider", groups_json(context, batch.filter, "provider")},
                {"workflow", groups_json(context, batch.filter, "workflow")},
                {"status", groups_json(context, batch.filter, "status")}};
  // At risk: those that lie in the time which the batch takes, and those that have passed.
  json["deadlines"] = {{"earliest", optional_time(passed.earliest)},
                       {"passed", passed.before},
                       {"atRisk", by_the_end.before}};
  return json;
}

/// Which of the runs can move, and why others can't: of the newest, so that it ends soon.
asio::awaitable<Json> preview_moves(Context& context, RepairBatch batch) {
  constexpr std::size_t most = 200;
  auto look = [&context, &batch] { return context.ports.runs.list(batch.filter, "", most); };
  const auto page = co_await on_pool(context.ports.pool, std::move(look));
  Json moves{{"looked", 0}, {"can", 0}, {"cannot", Json::array()}};
  if (!page) co_return moves;
  std::map<std::string, std::int64_t> reasons;
  std::int64_t can = 0;
  for (const auto& run : page->runs) {
    auto looking =
        context.ports.engine.preview_migration(run.id, text_of(batch.arguments, "version"));
    const auto preview = co_await std::move(looking);
    if (preview) {
      ++can;
      continue;
    }
    const Error& error = preview.error();
    if (error.findings.empty()) ++reasons[error.detail];
    for (const auto& finding : error.findings) ++reasons[finding.pointer + ": " + finding.message];
  }
  moves["looked"] = page->runs.size();
  moves["can"] = can;
  for (const auto& [reason, count] : reasons)
    moves["cannot"].push_back({{"value", reason}, {"count", count}});
  co_return moves;
}

asio::awaitable<Answer> tell_batch(Context& context, std::string id, int status) {
  auto look = [&context, &id] {
    std::optional<Json> json;
    if (const auto batch = context.ports.repairs.batch(id))
      json = batch_json(*batch, context.ports.repairs.count_items(id));
    return json;
  };
  const auto json = co_await on_pool(context.ports.pool, std::move(look));
  if (!json) co_return problem(context, no_batch(id));
  Answer answer = json_answer(status, *json);
  if (status == 201) answer.response.headers.set("Location", "/api/v1/batches/" + id);
  co_return answer;
}

/// What was done to a batch, or why not: for the audit log first, then for the caller.
asio::awaitable<Answer> answer_change(Context& context, const Call& call, std::string action,
                                      std::string id, std::string reason, Result<void> done,
                                      int status) {
  auto auditing = audit_batch(context, call, action, id, reason, done);
  co_await std::move(auditing);
  if (!done) co_return problem(context, done.error());
  if (context.ports.batches_changed) context.ports.batches_changed();
  auto telling = tell_batch(context, std::move(id), status);
  Answer answer = co_await std::move(telling);
  co_return answer;
}

Result<std::string> reason_of(const Context& context, const Call& call) {
  const auto body = json_body(call.request, context.config.max_json_depth);
  if (!body) return std::unexpected(body.error());
  Faults faults;
  StrictObject object{*body, faults};
  auto reason = object.reason();
  object.finish();
  if (!faults.empty()) return std::unexpected(faults.error("The body"));
  return reason;
}

asio::awaitable<Answer> change_state(Context& context, const Call& call, std::string action,
                                     std::vector<State> from, State to) {
  const std::string id = call.at("id");
  const auto reason = reason_of(context, call);
  Result<void> done;
  if (!reason) {
    done = std::unexpected(reason.error());
  } else {
    const Timestamp now = context.ports.clock.now();
    auto change = [&]() -> Result<void> {
      auto& repairs = context.ports.repairs;
      if (repairs.change_batch(id, from, to, "", now)) return {};
      const auto batch = repairs.batch(id);
      if (!batch) return std::unexpected(no_batch(id));
      return fail(ErrorCode::wrong_state,
                  "The batch is " + std::string(runtime::name_of(batch->state)) + ".");
    };
    done = co_await on_pool(context.ports.pool, std::move(change));
  }
  auto answering =
      answer_change(context, call, "batch." + action, id, reason.value_or(""), done, 200);
  Answer answer = co_await std::move(answering);
  co_return answer;
}

}  // namespace

asio::awaitable<Answer> create_batch(Context& context, const Call& call) {
  auto order = parse_batch(context, call);
  if (order && order->dry_run) {
    auto look = [&context, &order] { return preview(context, order->batch); };
    Json json = co_await on_pool(context.ports.pool, std::move(look));
    if (order->batch.action == "migrate") {
      auto previewing = preview_moves(context, order->batch);
      json["moves"] = co_await std::move(previewing);
    }
    co_return json_answer(200, json);
  }
  std::string id = "-";
  Result<void> done;
  if (order) {
    id = context.ports.engine.fresh_id();
    order->batch.id = id;
    auto create = [&context, &order] {
      context.ports.repairs.create_batch(order->batch);
      return true;
    };
    (void)co_await on_pool(context.ports.pool, std::move(create));
  } else {
    done = std::unexpected(order.error());
  }
  std::string reason, action = "batch";
  if (order) {
    reason = order->batch.reason;
    action += "." + order->batch.action;
  }
  auto answering = answer_change(context, call, action, id, reason, done, 201);
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
      items.push_back(batch_json(batch, context.ports.repairs.count_items(batch.id)));
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
  return change_state(context, call, "pause", {State::running}, State::paused);
}

asio::awaitable<Answer> resume_batch(Context& context, const Call& call) {
  return change_state(context, call, "resume", {State::paused}, State::running);
}

asio::awaitable<Answer> cancel_batch(Context& context, const Call& call) {
  return change_state(context, call, "cancel", {State::running, State::paused}, State::cancelled);
}

}  // namespace sequent::api
