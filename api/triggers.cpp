#include "api/triggers.hpp"

#include <algorithm>

#include "api/problem.hpp"
#include "api/request.hpp"
#include "api/routes.hpp"
#include "api/run_json.hpp"

namespace sequent::api {
namespace {

using definition::HttpTrigger;
using definition::ProgramPtr;

// A run that is parked answers soon, not when the caller's patience is at its end.
constexpr DurationMs look_for_parking_ms = 2'000;

Json headers_of(const net::ServerRequest& request, const std::vector<std::string>& names) {
  Json headers = Json::object();
  for (const auto& name : names)
    if (const auto* value = request.headers.find(name)) headers[name] = *value;
  return headers;
}

Result<Json> body_of(const net::ServerRequest& request, int max_depth) {
  if (request.body.empty()) return Json::object();
  if (media_type(request) != "application/x-www-form-urlencoded")
    return json_body(request, max_depth);
  Json form = Json::object();
  for (const auto& [name, value] : net::parse_query(request.body)) form[name] = value;
  return form;
}

Answer with_run(Answer answer, const InstanceId& id, bool replayed) {
  answer.response.headers.set("Sequent-Run", id.text());
  answer.response.headers.set("Location", "/api/v1/runs/" + id.text());
  if (replayed) answer.response.headers.set("Idempotency-Replayed", "true");
  return answer;
}

// The run's own error is the answer: its type is the workflow's, not one of ours.
Answer fault_answer(const machine::Problem& error, const InstanceId& id) {
  Json body = machine::to_json(error);
  body["run"] = id.text();
  const int status = error.status >= 400 && error.status <= 599 ? error.status : 500;
  return text_answer(status, "application/problem+json", dump_json(body));
}

Answer cancelled_answer(const Context& context, const InstanceId& id) {
  const Error error{.code = ErrorCode::cancelled,
                    .detail = "The run " + id.text() + " was cancelled before it answered."};
  return problem(context, error);
}

Answer pending_answer(const InstanceId& id, const std::string& status, const std::string& waiting) {
  Json body{{"id", id.text()}, {"status", status}, {"waitingKind", optional_text(waiting)}};
  Answer answer = json_answer(202, body);
  answer.response.headers.set("Retry-After", "2");
  return answer;
}

struct Heard {
  runtime::WaitResult result;
  std::string waiting;  // kind, when it is not over
};

/// Waits for the answer of a run in slices, and gives up at once when the run is parked.
asio::awaitable<Result<Heard>> hear(Context& context, InstanceId id, DurationMs patience_ms) {
  auto& engine = context.ports.engine;
  Heard heard;
  while (true) {
    const DurationMs slice = std::min(patience_ms, look_for_parking_ms);
    auto waiting = engine.wait(id, runtime::Until::responded, slice);
    const auto result = co_await std::move(waiting);
    if (!result) co_return std::unexpected(result.error());
    heard.result = *result;
    patience_ms -= slice;
    if (result->ended || result->response != nullptr) co_return heard;
    auto look = [&context, id] { return context.ports.runs.find(id); };
    const auto found = co_await on_pool(context.ports.pool, std::move(look));
    if (found) heard.waiting = found->row.waiting_kind;
    if (patience_ms <= 0 || heard.waiting == "parked") co_return heard;
  }
}

Answer answer_of(const Context& context, const InstanceId& id, const Heard& heard) {
  const auto& result = heard.result;
  if (result.response != nullptr) return json_answer(200, *result.response);
  if (result.status == machine::Status::completed) return json_answer(200, nullptr);
  if (result.status == machine::Status::cancelled) return cancelled_answer(context, id);
  if (result.error) return fault_answer(*result.error, id);
  return pending_answer(id, std::string(machine::name_of(result.status)), heard.waiting);
}

/// errors  as start_run, and those of the request's headers and body
Result<runtime::StartRequest> start_of(const Context& context, const Call& call,
                                       const BoundRoute& bound) {
  auto input = trigger_input(call.request, *bound.program->http, bound.parameters,
                             context.config.max_json_depth);
  if (!input) return std::unexpected(std::move(input.error()));
  auto key = idempotency_key(call.request);
  if (!key) return std::unexpected(std::move(key.error()));
  runtime::StartRequest start;
  start.workflow = bound.program->ref;
  start.input = *std::move(input);
  start.idempotency_key = *std::move(key);
  start.started_by = call.principal.name;
  return start;
}

}  // namespace

std::vector<ProgramPtr> bound_programs(const runtime::Engine& engine) {
  std::vector<ProgramPtr> bound;
  for (auto& program : engine.programs()) {
    if (!program->http) continue;
    const auto latest = engine.program(
        definition::WorkflowRef{program->ref.workflow_namespace, program->ref.name, {}});
    if (latest != nullptr && latest->digest == program->digest) bound.push_back(program);
  }
  std::sort(bound.begin(), bound.end(), [](const ProgramPtr& a, const ProgramPtr& b) {
    return std::tie(a->http->path, a->http->method, a->ref.workflow_namespace, a->ref.name) <
           std::tie(b->http->path, b->http->method, b->ref.workflow_namespace, b->ref.name);
  });
  return bound;
}

BoundRoute find_trigger(const runtime::Engine& engine, std::string_view method,
                        std::string_view path) {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  BoundRoute found;  // HEAD fits none: a start is nothing that merely looks
  std::string best;
  for (const auto& program : bound_programs(engine)) {
    auto parameters = match_path(program->http->path, path);
    if (!parameters) continue;
    if (found.allow.find(program->http->method) == std::string::npos)
      found.allow += (found.allow.empty() ? "" : ", ") + program->http->method;
    const auto order = specificity(program->http->path);
    if (program->http->method != method || (!best.empty() && order >= best)) continue;
    best = order;
    found.program = program;
    found.parameters = *std::move(parameters);
  }
  return found;
}

Result<void> check_trigger(const runtime::Engine& engine, const definition::Program& program) {
  if (!program.http) return {};
  const HttpTrigger& wanted = *program.http;
  const std::string route = wanted.method + " " + wanted.path;
  Error error{.code = ErrorCode::conflict};
  Finding finding{.pointer = "/document/metadata/http/path"};
  if (is_reserved(wanted.path)) {
    error.detail = "The engine itself answers to " + route + ".";
    finding.hint = "Bind a path outside of /api/v1, /webhooks and the paths of /openapi.json.";
  }
  for (const auto& other : bound_programs(engine)) {
    const bool same = other->ref.workflow_namespace == program.ref.workflow_namespace &&
                      other->ref.name == program.ref.name;
    if (same || other->http->method != wanted.method || !same_shape(other->http->path, wanted.path))
      continue;
    error.detail = route + " is bound by " + other->ref.workflow_namespace + "/" + other->ref.name +
                   ":" + other->ref.version + ".";
    finding.hint = "Bind another path, or deploy a version of the other workflow that binds none.";
  }
  if (error.detail.empty()) return {};
  finding.message = error.detail;
  error.findings.push_back(std::move(finding));
  return std::unexpected(std::move(error));
}

runtime::Engine::DeployCheck trigger_check(const runtime::Engine& engine) {
  return [&engine](const definition::Program& program) { return check_trigger(engine, program); };
}

Result<Json> trigger_input(const net::ServerRequest& request, const HttpTrigger& trigger,
                           const Parameters& parameters, int max_depth) {
  auto body = body_of(request, max_depth);
  if (!body) return std::unexpected(std::move(body.error()));
  Json input = Json::object();
  if (body->is_object()) {
    input = *std::move(body);
  } else {
    input["body"] = *std::move(body);
  }
  Json query = Json::object();
  for (auto& [name, value] : net::parse_query(request.query))
    if (!query.contains(name)) query[name] = value;  // the first of several
  input.update(query);
  for (const auto& [name, value] : parameters) input[name] = value;
  if (!trigger.headers.empty()) input["headers"] = headers_of(request, trigger.headers);
  return input;
}

asio::awaitable<Answer> answer_trigger(Context& context, Call& call, const BoundRoute& bound) {
  auto& engine = context.ports.engine;
  const bool ready =
      engine.health() == runtime::Health::ready || engine.health() == runtime::Health::degraded;
  if (!ready) {
    const Error error{.code = ErrorCode::unavailable,
                      .detail = "The node takes no work now. Try again in a moment.",
                      .retry_after_seconds = 1};
    co_return problem(context, error);
  }
  if (context.config.authenticate) {
    const auto principal = context.config.authenticate(call.request);
    if (!principal) co_return problem(context, principal.error());
    call.principal = *principal;
    const Error refused{.code = ErrorCode::forbidden,
                        .detail = "Starting needs the role starter; " + principal->name + " has " +
                                  std::string(name_of(principal->role)) + "."};
    if (!may(principal->role, Role::starter)) co_return problem(context, refused);
  }
  auto start = start_of(context, call, bound);
  if (!start) co_return problem(context, start.error());
  const auto asked = preferences(call.request);
  if (!asked) co_return problem(context, asked.error());
  auto starting = engine.start_run(*std::move(start));
  const auto started = co_await std::move(starting);
  if (!started) co_return problem(context, started.error());
  const int wait = std::min(asked->wait_seconds.value_or(context.config.trigger_wait_seconds),
                            context.config.max_wait_seconds);
  auto hearing = hear(context, started->id, wait * 1'000LL);
  const auto heard = co_await std::move(hearing);
  Answer answer = heard ? answer_of(context, started->id, *heard) : problem(context, heard.error());
  co_return with_run(std::move(answer), started->id, started->replayed);
}

Error unknown_workflow(const runtime::Engine& engine, const definition::WorkflowRef& ref) {
  Error error{.code = ErrorCode::not_found};
  const std::string name = ref.workflow_namespace + "/" + ref.name;
  std::vector<std::string> names;
  std::string versions;
  for (const auto& program : engine.programs()) {
    names.push_back(program->ref.workflow_namespace + "/" + program->ref.name);
    if (names.back() == name) versions += (versions.empty() ? "" : ", ") + program->ref.version;
  }
  if (!versions.empty()) {
    error.detail =
        "The workflow " + name + " has no version " + ref.version + "; it has " + versions + ".";
    return error;
  }
  const auto meant = did_you_mean(name, names);
  error.detail = "There is no workflow " + name + ". " +
                 (meant.empty() ? "GET /api/v1/workflows lists them all." : meant);
  return error;
}

}  // namespace sequent::api
