// What operators do to one run. Each is audited with who and why, refused or not.
#include "api/request.hpp"
#include "api/resources.hpp"
#include "api/run_json.hpp"

namespace sequent::api {
namespace {

struct ActionBody {
  std::string reason, task;
  std::optional<Json> input;
  Json output;
};

/// Which members an action takes besides `reason`.
struct Members {
  bool task = false, task_required = false, input = false, output = false;
};

Result<ActionBody> parse_action(const Context& context, const Call& call, Members members) {
  const auto body = json_body(call.request, context.config.max_json_depth);
  if (!body) return std::unexpected(body.error());
  Faults faults;
  StrictObject object{*body, faults};
  ActionBody action;
  action.reason = object.text("reason");
  if (action.reason.empty() && body->is_object() && faults.empty())
    faults.add("/reason", "expected why this is done, got nothing",
               "The audit log keeps the reason of every action.");
  if (members.task) action.task = object.text("task");
  if (members.task_required && action.task.empty())
    faults.add("/task", "expected the name or the JSON Pointer of a task, got nothing");
  if (members.input)
    if (const Json* input = object.get("input")) action.input = *input;
  if (members.output)
    if (const Json* output = object.get("output")) action.output = *output;
  object.finish();
  if (!faults.empty()) return std::unexpected(faults.error("The body"));
  return action;
}

using Act = asio::awaitable<Result<void>> (*)(runtime::Engine&, InstanceId, ActionBody,
                                              runtime::Engine::Action);

asio::awaitable<Answer> act_on_run(Context& context, const Call& call, const char* name,
                                   Members members, Act act) {
  Result<void> done;
  ActionBody body;
  auto parsed = parse_action(context, call, members);
  const auto id = run_id(call);
  if (!parsed) {
    done = std::unexpected(parsed.error());
  } else if (!id) {
    done = std::unexpected(id.error());
  } else {
    body = *std::move(parsed);
    runtime::Engine::Action action;
    action.reason = body.reason;
    action.by = call.principal.name;
    auto acting = act(context.ports.engine, *id, body, action);
    done = co_await std::move(acting);
  }
  AuditNote note;
  note.action = name;
  note.target = call.at("id");
  note.reason = body.reason;
  note.outcome = outcome_of(done);
  co_await audit(context, call, note);
  if (!done) co_return problem(context, done.error());
  auto reading = context.ports.engine.read(*id);
  const auto run = co_await std::move(reading);
  if (!run) co_return problem(context, run.error());
  co_return json_answer(200, run_json(*run));
}

}  // namespace

using Action = runtime::Engine::Action;
using runtime::Engine;

asio::awaitable<Answer> suspend_run(Context& context, const Call& call) {
  return act_on_run(context, call, "suspend", {},
                    [](Engine& engine, InstanceId id, ActionBody, Action action) {
                      return engine.suspend(id, std::move(action));
                    });
}

asio::awaitable<Answer> resume_run(Context& context, const Call& call) {
  return act_on_run(context, call, "resume", {},
                    [](Engine& engine, InstanceId id, ActionBody, Action action) {
                      return engine.resume(id, std::move(action));
                    });
}

asio::awaitable<Answer> cancel_run(Context& context, const Call& call) {
  return act_on_run(context, call, "cancel", {},
                    [](Engine& engine, InstanceId id, ActionBody, Action action) {
                      return engine.cancel(id, std::move(action));
                    });
}

asio::awaitable<Answer> retry_run(Context& context, const Call& call) {
  return act_on_run(context, call, "retry", {.task = true, .input = true},
                    [](Engine& engine, InstanceId id, ActionBody body, Action action) {
                      return engine.retry(id, std::move(body.task), std::move(body.input),
                                          std::move(action));
                    });
}

asio::awaitable<Answer> skip_task(Context& context, const Call& call) {
  return act_on_run(context, call, "skip", {.task = true, .output = true},
                    [](Engine& engine, InstanceId id, ActionBody body, Action action) {
                      return engine.skip(id, std::move(body.task), std::move(body.output),
                                         std::move(action));
                    });
}

asio::awaitable<Answer> rewind_run(Context& context, const Call& call) {
  return act_on_run(context, call, "rewind", {.task = true, .task_required = true},
                    [](Engine& engine, InstanceId id, ActionBody body, Action action) {
                      return engine.rewind(id, std::move(body.task), std::move(action));
                    });
}

}  // namespace sequent::api
