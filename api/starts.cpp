// Starts of runs by name.
#include "api/request.hpp"
#include "api/resources.hpp"
#include "api/run_json.hpp"
#include "api/standing.hpp"
#include "api/triggers.hpp"

namespace sequent::api {
namespace {

Result<runtime::OnConflict> on_conflict_of(const net::ServerRequest& request) {
  const auto text = query_value(request, "onConflict").value_or("return");
  if (text == "return") return runtime::OnConflict::return_first;
  if (text == "reject") return runtime::OnConflict::reject;
  if (text == "restart-if-faulted") return runtime::OnConflict::restart_if_faulted;
  return fail(
      ErrorCode::invalid_request,
      "Expected `onConflict` to be return, reject or restart-if-faulted, got \"" + text + "\".");
}

Result<runtime::StartRequest> parse_start(const Context& context, const Call& call) {
  runtime::StartRequest start;
  start.workflow.workflow_namespace = call.at("namespace");
  start.workflow.name = call.at("name");
  start.workflow.version = query_value(call.request, "version").value_or("");
  if (context.ports.engine.program(start.workflow) == nullptr)
    return std::unexpected(unknown_workflow(context.ports.engine, start.workflow));
  start.input = Json::object();
  if (!call.request.body.empty()) {
    auto input = json_body(call.request, context.config.max_json_depth);
    if (!input) return std::unexpected(std::move(input.error()));
    start.input = *std::move(input);
  }
  auto key = idempotency_key(call.request);
  if (!key) return std::unexpected(std::move(key.error()));
  start.idempotency_key = *std::move(key);
  start.key = query_value(call.request, "key").value_or("");
  constexpr std::size_t longest_key = 1'000;
  if (start.key.size() > longest_key)
    return fail(ErrorCode::invalid_request, "Expected `key` to have at most 1000 bytes, got " +
                                                std::to_string(start.key.size()) + ".");
  const auto conflict = on_conflict_of(call.request);
  if (!conflict) return std::unexpected(conflict.error());
  start.on_conflict = *conflict;
  start.started_by = call.principal.name;
  return start;
}

// A start that is answered at once need not read its run: it has just begun.
asio::awaitable<Result<runtime::WaitResult>> outcome(runtime::Engine& engine,
                                                     const runtime::Started& started, int wait) {
  if (wait == 0 && !started.replayed) {
    runtime::WaitResult begun;
    co_return begun;
  }
  auto waiting = engine.wait(started.id, runtime::Until::ended, wait * 1'000LL);
  auto result = co_await std::move(waiting);
  co_return result;
}

}  // namespace

// POST /api/v1/workflows/{namespace}/{name}/runs. 201: it runs, and who waited hears what it waits for;
// 200: it has ended within the wait, or an earlier start had the same key.
asio::awaitable<Answer> start_run(Context& context, const Call& call) {
  auto& engine = context.ports.engine;
  const auto asked = preferences(call.request);
  if (!asked) co_return problem(context, asked.error());
  auto start = parse_start(context, call);
  if (!start) co_return problem(context, start.error());
  const std::string key = start->key;
  auto starting = engine.start_run(*std::move(start));
  const auto started = co_await std::move(starting);
  if (!started) co_return problem(context, started.error());

  const int wait = std::min(asked->wait_seconds.value_or(0), context.config.max_wait_seconds);
  auto hearing = outcome(engine, *started, wait);
  const auto result = co_await std::move(hearing);
  if (!result) {
    // The run is there, whatever became of the wait for it.
    Answer answer = problem(context, result.error());
    answer.response.headers.set("Location", "/api/v1/runs/" + started->id.text());
    answer.response.headers.set("Sequent-Run", started->id.text());
    co_return answer;
  }
  Json body = outcome_json(started->id, *started->program, *result);
  if (!key.empty()) body["key"] = key;
  if (!result->ended && !asked->representation && (wait > 0 || started->replayed)) {
    auto standing = add_standing(context, started->id, body);
    co_await std::move(standing);
  }
  if (asked->representation) {
    auto reading = engine.read(started->id);
    const auto run = co_await std::move(reading);
    if (!run) co_return problem(context, run.error());
    body = run_json(*run);
  }
  Answer answer = json_answer(result->ended || started->replayed ? 200 : 201, body);
  auto& headers = answer.response.headers;
  headers.set("Location", "/api/v1/runs/" + started->id.text());
  headers.set("Sequent-Run", started->id.text());
  if (started->replayed) headers.set("Idempotency-Replayed", "true");
  if (asked->wait_seconds) headers.set("Preference-Applied", "wait=" + std::to_string(wait));
  co_return answer;
}

}  // namespace sequent::api
