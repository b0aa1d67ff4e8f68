#include "api/trigger_answers.hpp"

#include <algorithm>

#include "api/problem.hpp"
#include "api/request.hpp"
#include "api/standing.hpp"

namespace sequent::api {
namespace {

// A run that is parked answers soon, not when the caller's patience is at its end.
constexpr DurationMs look_for_parking_ms = 2'000;

Answer cancelled_answer(const Context& context, const InstanceId& id) {
  const Error error{.code = ErrorCode::cancelled,
                    .detail = "The run " + id.text() + " was cancelled before it answered."};
  return problem(context, error);
}

/// Waits for the answer of a run in slices, and gives up at once when the run is parked.
asio::awaitable<Result<runtime::WaitResult>> hear(Context& context, InstanceId id,
                                                  DurationMs patience_ms) {
  auto& engine = context.ports.engine;
  while (true) {
    const DurationMs slice = std::min(patience_ms, look_for_parking_ms);
    auto waiting = engine.wait(id, runtime::Until::responded, slice);
    const auto result = co_await std::move(waiting);
    if (!result) co_return std::unexpected(result.error());
    patience_ms -= slice;
    if (result->ended || result->response != nullptr || patience_ms <= 0) co_return *result;
    auto look = [&context, id] { return context.ports.runs.find(id); };
    const auto found = co_await on_pool(context.ports.pool, std::move(look));
    if (found && found->row.waiting_kind == "parked") co_return *result;
  }
}

asio::awaitable<Answer> answer_of(Context& context, InstanceId id, runtime::WaitResult result) {
  if (result.answer != nullptr) co_return told_answer(*result.answer);
  if (result.response != nullptr) co_return json_answer(200, *result.response);
  if (result.status == machine::Status::completed) co_return json_answer(200, nullptr);
  if (result.status == machine::Status::cancelled) co_return cancelled_answer(context, id);
  if (result.error) co_return fault_answer(*result.error, id);
  auto pending = pending_answer(context, id);
  Answer answer = co_await std::move(pending);
  co_return answer;
}

/// errors  as start_run, and those of the request's headers and body
Result<runtime::StartRequest> start_of(const Context& context, const Call& call,
                                       const BoundRoute& bound) {
  auto input = trigger_input(call.request, *bound.binding.http, bound.parameters,
                             context.config.max_json_depth);
  if (!input) return std::unexpected(std::move(input.error()));
  auto key = idempotency_key(call.request);
  if (!key) return std::unexpected(std::move(key.error()));
  runtime::StartRequest start;
  start.workflow = bound.binding.program->ref;
  start.input = *std::move(input);
  start.idempotency_key = *std::move(key);
  start.started_by = call.principal.name;
  return start;
}

/// Whether the caller may use bound routes now. Fills in the principal.
/// errors  unavailable, unauthenticated, forbidden
Result<void> check_caller(const Context& context, Call& call) {
  const auto health = context.ports.engine.health();
  if (health != runtime::Health::ready && health != runtime::Health::degraded) {
    Error error{.code = ErrorCode::unavailable,
                .detail = "The node takes no work now. Try again in a moment.",
                .retry_after_seconds = 1};
    return std::unexpected(std::move(error));
  }
  if (!context.config.authenticate) return {};
  auto principal = context.config.authenticate(call.request);
  if (!principal) return std::unexpected(std::move(principal.error()));
  call.principal = *std::move(principal);
  if (may(call.principal.role, Role::starter)) return {};
  return fail(ErrorCode::forbidden, "Starting needs the role starter; " + call.principal.name +
                                        " has " + std::string(name_of(call.principal.role)) + ".");
}

asio::awaitable<Answer> answer_start(Context& context, Call& call, const BoundRoute& bound,
                                     int wait_seconds) {
  auto start = start_of(context, call, bound);
  if (!start) co_return problem(context, start.error());
  auto starting = context.ports.engine.start_run(*std::move(start));
  const auto started = co_await std::move(starting);
  if (!started) co_return problem(context, started.error());
  auto hearing = hear(context, started->id, wait_seconds * 1'000LL);
  const auto heard = co_await std::move(hearing);
  if (!heard) co_return with_run(problem(context, heard.error()), started->id, started->replayed);
  auto answering = answer_of(context, started->id, *heard);
  Answer answer = co_await std::move(answering);
  co_return with_run(std::move(answer), started->id, started->replayed);
}

}  // namespace

Answer told_answer(const Json& answer) {
  Answer out;
  auto& response = out.response;
  response.status = answer.at("status").get<int>();
  for (const auto& [name, values] : answer.at("headers").items())
    for (const auto& value : values) response.headers.add(name, value.get<std::string>());
  const auto body = answer.find("body");
  if (body == answer.end()) return out;
  const bool own_type = response.headers.find("Content-Type") != nullptr;
  if (own_type && body->is_string() && !is_json_type(response.headers.value("Content-Type"))) {
    response.body = body->get<std::string>();
    return out;
  }
  response.body = dump_json(*body);
  if (!own_type)
    response.headers.set("Content-Type", answer.value("problem", false) ? "application/problem+json"
                                                                        : "application/json");
  return out;
}

Answer fault_answer(const machine::Problem& error, const InstanceId& id) {
  Json body = machine::to_json(error);
  body["run"] = id.text();
  const int status = error.status >= 400 && error.status <= 599 ? error.status : 500;
  return text_answer(status, "application/problem+json", dump_json(body));
}

asio::awaitable<Answer> pending_answer(Context& context, InstanceId id) {
  Json body{{"id", id.text()}, {"status", "running"}, {"waitingFor", nullptr}};
  auto standing = add_standing(context, id, body);
  co_await std::move(standing);
  body["waitingKind"] =
      body["waitingFor"].is_object() ? body["waitingFor"].at("kind") : Json(nullptr);
  Answer answer = json_answer(202, body);
  answer.response.headers.set("Retry-After", "2");
  co_return answer;
}

Answer with_run(Answer answer, const InstanceId& id, bool replayed) {
  auto& headers = answer.response.headers;
  headers.set("Sequent-Run", id.text());
  if (headers.find("Location") == nullptr) headers.set("Location", "/api/v1/runs/" + id.text());
  if (replayed) headers.set("Idempotency-Replayed", "true");
  return answer;
}

asio::awaitable<Answer> answer_trigger(Context& context, Call& call, const BoundRoute& bound) {
  const auto allowed = check_caller(context, call);
  if (!allowed) co_return problem(context, allowed.error());
  const auto asked = preferences(call.request);
  if (!asked) co_return problem(context, asked.error());
  const int wait = std::min(asked->wait_seconds.value_or(context.config.trigger_wait_seconds),
                            context.config.max_wait_seconds);
  auto answering = bound.binding.listen == nullptr ? answer_start(context, call, bound, wait)
                                                   : answer_request(context, call, bound, wait);
  Answer answer = co_await std::move(answering);
  co_return answer;
}

}  // namespace sequent::api
