// Requests that are events: routes that `metadata.http` binds at listening tasks.
#include <algorithm>

#include "api/problem.hpp"
#include "api/request.hpp"
#include "api/trigger_answers.hpp"
#include "base/digest.hpp"

namespace sequent::api {
namespace {

// How often an answer is looked for that nobody has told of: a run of this node wakes the waiting
// caller, and so does one of another node, unless what it tells is lost or was told too early.
constexpr DurationMs look_again_ms = 2'000;
constexpr DurationMs look_soon_ms = 50;

/// The request as a CloudEvent. The same Idempotency-Key makes the same event.
Json event_of(const Context& context, const Call& call, const definition::EventFilter& filter,
              const std::string& source, const std::string& key, Json input) {
  auto& engine = context.ports.engine;
  const std::string id =
      key.empty() ? "req_" + engine.fresh_id()
                  : "key_" + sha256_hex(call.request.method + " " + call.request.path + "\n" + key);
  Json event{{"specversion", "1.0"}, {"id", id}, {"source", source}, {"type", filter.type}};
  event["time"] = format_time(context.ports.clock.now());
  event["datacontenttype"] = "application/json";
  event["sequentrequest"] = true;  // whoever consumes it owes an answer
  event["data"] = std::move(input);
  return event;
}

/// errors  those of the headers and the body
Result<Json> read_event(const Context& context, const Call& call, const BoundRoute& bound) {
  const auto& route = *bound.binding.listen;
  auto input =
      trigger_input(call.request, route.http, bound.parameters, context.config.max_json_depth);
  if (!input) return input;
  const auto key = idempotency_key(call.request);
  if (!key) return std::unexpected(key.error());
  return event_of(context, call, bound.binding.program->filters.at(route.filter), route.source,
                  *key, *std::move(input));
}

/// errors  idempotency_mismatch: the key came with another request before
asio::awaitable<Result<void>> check_same(Context& context, std::int64_t inbox_id, Json data) {
  auto look = [&context, inbox_id] { return context.ports.inbox.get(inbox_id); };
  const auto entry = co_await on_pool(context.ports.pool, std::move(look));
  if (!entry || entry->event.value("data", Json()) == data) co_return Result<void>{};
  co_return fail(ErrorCode::idempotency_mismatch,
                 "The Idempotency-Key was used with another request. Use a key of its own for "
                 "each request.");
}

Answer nobody_listens(const Context& context, const Call& call) {
  const Error error{.code = ErrorCode::not_found,
                    .detail = "No run waits for " + call.request.method + " " +
                              call.request.path.substr(0, 200) +
                              ": it is unknown, is over, or does not expect this now."};
  return problem(context, error);
}

// A faulted run may be retried, and takes the request then.
bool is_over(const std::string& status) {
  return status == machine::name_of(machine::Status::completed) ||
         status == machine::name_of(machine::Status::cancelled);
}

asio::awaitable<Answer> still_waiting(Context& context, runtime::Delivered delivered,
                                      std::optional<InstanceId> run) {
  if (run) {
    auto pending = pending_answer(context, *run);
    Answer answer = co_await std::move(pending);
    co_return with_run(std::move(answer), *run, delivered.duplicate);
  }
  const std::string id = std::to_string(delivered.id);
  const Json body{{"inbox", delivered.id}, {"status", "held"}};
  Answer answer = json_answer(202, body);
  answer.response.headers.set("Location", "/api/v1/inbox/" + id);
  answer.response.headers.set("Retry-After", "2");
  co_return answer;
}

}  // namespace

asio::awaitable<Answer> answer_request(Context& context, Call& call, const BoundRoute& bound,
                                       int wait_seconds) {
  const auto& clock = context.ports.clock;
  const auto& route = *bound.binding.listen;
  auto event = read_event(context, call, bound);
  if (!event) co_return problem(context, event.error());
  const std::string id = text_of(*event, "id");
  const Json data = event->at("data");
  const auto watch = context.ports.engine.watch_request(id);  // before it can be answered
  const Timestamp begun = clock.now();
  auto delivering = context.ports.engine.deliver(*std::move(event), "http", route.hold_ms);
  const auto delivered = co_await std::move(delivering);
  if (!delivered) co_return problem(context, delivered.error());
  if (delivered->duplicate) {
    auto checking = check_same(context, delivered->id, data);
    const auto same = co_await std::move(checking);
    if (!same) co_return problem(context, same.error());
  }
  const Timestamp patience = begun + wait_seconds * 1'000LL;
  // A moment more: an event that was taken in its last millisecond is on its way to the run.
  const Timestamp held_until = clock.now() + route.hold_ms;
  std::optional<InstanceId> run = delivered->run;
  DurationMs pause = look_soon_ms;
  while (true) {
    auto look = [&context, &id] { return context.ports.runs.request(id); };
    const auto taken = co_await on_pool(context.ports.pool, std::move(look));
    if (taken) run = taken->run;
    if (taken && taken->answer)
      co_return with_run(told_answer(*taken->answer), taken->run, delivered->duplicate);
    const Timestamp now = clock.now();
    if (!run && now >= held_until) {
      auto find = [&context, &delivered] { return context.ports.inbox.get(delivered->id); };
      const auto entry = co_await on_pool(context.ports.pool, std::move(find));
      if (!entry || entry->state != "delivered") co_return nobody_listens(context, call);
    }
    if (run && !taken) {
      auto find = [&context, &run] { return context.ports.runs.find(*run); };
      const auto found = co_await on_pool(context.ports.pool, std::move(find));
      if (found && is_over(found->row.status)) {
        // It may have taken the request and ended in one commit, after we looked.
        auto look_again = [&context, &id] { return context.ports.runs.request(id); };
        const auto late = co_await on_pool(context.ports.pool, std::move(look_again));
        if (!late) co_return nobody_listens(context, call);
        continue;
      }
    }
    if (now >= patience) {
      auto waiting = still_waiting(context, *delivered, run);
      Answer answer = co_await std::move(waiting);
      co_return answer;
    }
    pause = context.ports.engine.hears_at_once(run) ? look_again_ms
                                                    : std::min(pause * 2, look_again_ms);
    DurationMs slice = std::min(patience - now, pause);
    if (!run && now < held_until) slice = std::min(slice, held_until - now);
    auto waiting = watch->next(slice);
    (void)co_await std::move(waiting);
  }
}

}  // namespace sequent::api
