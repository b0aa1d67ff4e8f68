// Where emitted events go, and what an operator does when a sink refuses one for good.
#include "api/redact.hpp"
#include "api/request.hpp"
#include "api/resources.hpp"

namespace sequent::api {
namespace {

Json next_json(const runtime::EmittedEvent& next) {
  return {{"id", next.id},
          {"emittedAt", optional_time(next.emitted_at)},
          {"type", text_of(next.event, "type")},
          {"eventId", text_of(next.event, "id")}};
}

Json sink_json(const runtime::SinkStatus& sink) {
  return {{"name", sink.name},
          {"where", sink.where},
          {"cursor", sink.cursor},
          {"pending", sink.pending},
          {"next", sink.next ? next_json(*sink.next) : Json()},
          {"publishedHere", sink.here},
          {"published", sink.published},
          {"failures", sink.failures},
          {"error", sink.error.empty() ? Json() : Json(sink.error)},
          {"failingSince", optional_time(sink.failing_since)}};
}

Error no_sinks() {
  return {.code = ErrorCode::not_found, .detail = "This node publishes to no sink."};
}

asio::awaitable<Answer> answer_with(Context& context, std::string name) {
  auto look = [&context, name]() -> Result<runtime::SinkStatus> {
    if (context.ports.sinks == nullptr) return std::unexpected(no_sinks());
    return context.ports.sinks->find(name);
  };
  const auto sink = co_await on_pool(context.ports.pool, std::move(look));
  if (!sink) co_return problem(context, sink.error());
  Json json = sink_json(*sink);
  const Redactor redact{context.ports.engine.programs()};
  if (sink->next) json["next"]["event"] = redact(sink->next->event);
  co_return json_answer(200, json);
}

struct SinkAction {
  std::string reason;
  std::int64_t event = 0;
};

Result<SinkAction> parse_sink_action(const Context& context, const Call& call, bool with_event) {
  const auto body = json_body(call.request, context.config.max_json_depth);
  if (!body) return std::unexpected(body.error());
  Faults faults;
  StrictObject object{*body, faults};
  SinkAction action;
  action.reason = object.reason();
  if (with_event) {
    const auto event = object.whole("event", 1, INT64_MAX);
    if (event) action.event = *event;
    if (!event && faults.empty())
      faults.add("/event", "expected the number of the event that comes next, got nothing",
                 "GET /api/v1/outbox tells it: `next.id`.");
  }
  object.finish();
  if (!faults.empty()) return std::unexpected(faults.error("The body"));
  return action;
}

using SinkAct = Result<void> (*)(runtime::Sinks&, const std::string& sink, std::int64_t event);

asio::awaitable<Answer> act_on_sink(Context& context, const Call& call, std::string name,
                                    bool with_event, SinkAct act) {
  Result<void> done;
  const auto action = parse_sink_action(context, call, with_event);
  if (!action) done = std::unexpected(action.error());
  if (done && context.ports.sinks == nullptr) done = std::unexpected(no_sinks());
  if (done) {
    auto acting = [&] { return act(*context.ports.sinks, call.at("sink"), action->event); };
    done = co_await on_pool(context.ports.pool, std::move(acting));
  }
  AuditNote note;
  note.action = std::move(name);
  note.target = "outbox/" + call.at("sink");
  if (action && with_event) note.target += "/" + std::to_string(action->event);
  if (action) note.reason = action->reason;
  note.outcome = outcome_of(done);
  co_await audit(context, call, note);
  if (!done) co_return problem(context, done.error());
  auto answering = answer_with(context, call.at("sink"));
  co_return co_await std::move(answering);
}

}  // namespace

asio::awaitable<Answer> list_sinks(Context& context, const Call&) {
  auto look = [&context] {
    return context.ports.sinks != nullptr ? context.ports.sinks->list()
                                          : std::vector<runtime::SinkStatus>{};
  };
  const auto sinks = co_await on_pool(context.ports.pool, std::move(look));
  Json items = Json::array();
  for (const auto& sink : sinks) items.push_back(sink_json(sink));
  co_return json_answer(200, page_json(std::move(items), ""));
}

asio::awaitable<Answer> show_sink(Context& context, const Call& call) {
  auto answering = answer_with(context, call.at("sink"));
  co_return co_await std::move(answering);
}

asio::awaitable<Answer> retry_sink(Context& context, const Call& call) {
  const SinkAct act = [](runtime::Sinks& sinks, const std::string& sink, std::int64_t) {
    return sinks.retry(sink);
  };
  auto acting = act_on_sink(context, call, "retry-sink", false, act);
  co_return co_await std::move(acting);
}

asio::awaitable<Answer> skip_event(Context& context, const Call& call) {
  const SinkAct act = [](runtime::Sinks& sinks, const std::string& sink, std::int64_t event) {
    return sinks.skip(sink, event);
  };
  auto acting = act_on_sink(context, call, "skip-event", true, act);
  co_return co_await std::move(acting);
}

}  // namespace sequent::api
