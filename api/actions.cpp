// What operators do to one run. Each is audited with who and why, refused or not.
#include "api/batch_json.hpp"
#include "api/problem.hpp"
#include "api/redact.hpp"
#include "api/request.hpp"
#include "api/resources.hpp"
#include "api/run_json.hpp"
#include "base/json_difference.hpp"
#include "engine/repair/edit.hpp"
#include "engine/repair/foresight.hpp"

namespace sequent::api {
namespace {

struct ActionBody {
  std::string reason, task, version;
  std::optional<Json> input, patch;
  Json output;
  bool confirm = false;
};

/// Which members an action takes besides `reason`.
struct Members {
  bool task = false, task_required = false, input = false, output = false, confirm = false,
       version = false;
};

Result<ActionBody> parse_action(const Context& context, const Call& call, Members members) {
  const auto body = json_body(call.request, context.config.max_json_depth);
  if (!body) return std::unexpected(body.error());
  Faults faults;
  StrictObject object{*body, faults};
  ActionBody action;
  action.reason = object.reason();
  if (members.task) action.task = object.text("task");
  if (members.task_required && action.task.empty())
    faults.add("/task", "expected the name or the JSON Pointer of a task, got nothing");
  if (members.version) action.version = object.text("version");
  if (members.input) {
    if (const Json* input = object.get("input")) action.input = *input;
    if (const Json* patch = object.get("patch")) action.patch = *patch;
  }
  if (action.input && action.patch)
    faults.add("/patch", "expected a patch or a whole input, got both");
  if (action.patch)
    if (const auto fits = repair::check_patch(*action.patch); !fits)
      faults.add("/patch", fits.error().detail);
  if (members.output)
    if (const Json* output = object.get("output")) action.output = *output;
  if (const Json* confirm = members.confirm ? object.get("confirm") : nullptr) {
    if (!confirm->is_boolean())
      faults.add("/confirm", "expected true or false, got " + described(*confirm));
    action.confirm = *confirm == Json(true);
  }
  object.finish();
  if (!faults.empty()) return std::unexpected(faults.error("The body"));
  return action;
}

using Act = asio::awaitable<Result<void>> (*)(Context&, InstanceId, ActionBody,
                                              runtime::Engine::Action);

/// Where a run stands, for the audit log.
Json standing(const runtime::RunDetails& run) {
  Json json{{"status", machine::name_of(run.view.status)},
            {"version", run.program->ref.version},
            {"task", optional_text(run.view.task)},
            {"seq", run.state.seq}};
  if (run.state.error) json["error"] = run.state.error->type;
  return json;
}

/// The input that an edit replaces, and by what; sensitive data stays hidden here too.
asio::awaitable<void> note_edit(Context& context, InstanceId id, const ActionBody& body,
                                AuditNote& note) {
  auto reading = context.ports.engine.read(id);
  const auto run = co_await std::move(reading);
  if (!run) co_return;
  note.before = standing(*run);
  if (!body.input && !body.patch) co_return;
  const Redactor redact{*run->program};
  const auto input = repair::input_of(*run, body.task);
  if (!input) co_return;
  note.before["input"] = redact(*input);
  Json after = body.input.value_or(Json());
  if (body.patch) {
    const auto edit = repair::edited_input(*run, body.task, *body.patch);
    if (!edit) co_return;
    after = edit->after;
  }
  note.after =
      Json{{"input", redact(after)}, {"diff", redact.patch(json_difference(*input, after))}};
}

asio::awaitable<Answer> act_on_run(Context& context, const Call& call, const char* name,
                                   Members members, Act act) {
  Result<void> done;
  ActionBody body;
  AuditNote note;
  auto parsed = parse_action(context, call, members);
  const auto id = run_id(call);
  if (!parsed) {
    done = std::unexpected(parsed.error());
  } else if (!id) {
    done = std::unexpected(id.error());
  } else {
    body = *std::move(parsed);
    auto noting = note_edit(context, *id, body, note);
    co_await std::move(noting);
    runtime::Engine::Action action;
    action.reason = body.reason;
    action.by = call.principal.name;
    auto acting = act(context, *id, body, action);
    done = co_await std::move(acting);
  }
  std::optional<Result<runtime::RunDetails>> run;
  if (done) {
    auto reading = context.ports.engine.read(*id);
    run = co_await std::move(reading);
    if (*run) note.after.update(standing(**run));
  }
  note.action = name;
  note.target = call.at("id");
  note.reason = body.reason;
  note.outcome = outcome_of(done);
  auto auditing = audit(context, call, note);
  co_await std::move(auditing);
  if (!done) co_return problem(context, done.error());
  if (!*run) co_return problem(context, run->error());
  co_return json_answer(200, run_json(**run));
}

asio::awaitable<Result<void>> retry(Context& context, InstanceId id, ActionBody body,
                                    runtime::Engine::Action action) {
  if (body.patch) {
    auto reading = context.ports.engine.read(id);
    const auto run = co_await std::move(reading);
    if (!run) co_return std::unexpected(run.error());
    auto edit = repair::edited_input(*run, body.task, *body.patch);
    if (!edit) co_return std::unexpected(edit.error());
    body.input = std::move(edit->after);
    action.at_seq = run->state.seq;  // the patch is of this input
  }
  auto retrying = context.ports.engine.retry(id, std::move(body.task), std::move(body.input),
                                             std::move(action));
  const Result<void> done = co_await std::move(retrying);
  co_return done;
}

Finding told(const repair::ToBeUndone& undone, const InstanceId& asked) {
  const auto& effect = undone.effect;
  std::string message = "is undone by " + effect.by;
  if (effect.settles) message += " if it turns out to have happened";
  message += " (" + effect.occurrence;
  if (undone.run != asked) message += ", run " + undone.run.text();
  return {.message = message + ")", .pointer = effect.task};
}

asio::awaitable<Result<void>> cancel(Context& context, InstanceId id, ActionBody body,
                                     runtime::Engine::Action action) {
  if (!body.confirm) {
    auto looking = repair::undone_by_cancelling(context.ports.engine, id);
    const auto effects = co_await std::move(looking);
    if (!effects) co_return std::unexpected(effects.error());
    if (!effects->empty()) {
      Error error{.code = unconfirmed,
                  .detail = "Cancelling the run undoes " + std::to_string(effects->size()) +
                            " effects, in this order. Send `confirm: true` if that is meant; "
                            ":terminate undoes nothing."};
      for (const auto& effect : *effects) error.findings.push_back(told(effect, id));
      co_return std::unexpected(std::move(error));
    }
  }
  auto cancelling = context.ports.engine.cancel(id, std::move(action));
  const Result<void> done = co_await std::move(cancelling);
  co_return done;
}

std::unexpected<Error> ask_first(const std::string& task,
                                 const std::vector<repair::Effect>& effects) {
  Error error{.code = unconfirmed,
              .detail = "Going back to " + task + " makes " + std::to_string(effects.size()) +
                        " effects happen again. Send `confirm: true` if that is meant."};
  for (const auto& effect : effects)
    error.findings.push_back(
        {.message =
             effect.what + " again" +
             (effect.times > 1 ? " (" + std::to_string(effect.times) + " times so far)" : ""),
         .pointer = effect.task});
  return std::unexpected(std::move(error));
}

asio::awaitable<Result<void>> rewind(Context& context, InstanceId id, ActionBody body,
                                     runtime::Engine::Action action) {
  if (!body.confirm) {
    auto look = [&context, &id, &body] {
      return repair::effects_since(context.ports.engine, context.ports.runs, id, body.task);
    };
    const auto effects = co_await on_pool(context.ports.pool, std::move(look));
    if (!effects) co_return std::unexpected(effects.error());
    if (!effects->empty()) co_return ask_first(body.task, *effects);
  }
  auto rewinding = context.ports.engine.rewind(id, std::move(body.task), std::move(action));
  const Result<void> done = co_await std::move(rewinding);
  co_return done;
}

}  // namespace

using Action = runtime::Engine::Action;

asio::awaitable<Answer> suspend_run(Context& context, const Call& call) {
  return act_on_run(context, call, "suspend", {},
                    [](Context& with, InstanceId id, ActionBody, Action action) {
                      return with.ports.engine.suspend(id, std::move(action));
                    });
}

asio::awaitable<Answer> resume_run(Context& context, const Call& call) {
  return act_on_run(context, call, "resume", {},
                    [](Context& with, InstanceId id, ActionBody, Action action) {
                      return with.ports.engine.resume(id, std::move(action));
                    });
}

asio::awaitable<Answer> cancel_run(Context& context, const Call& call) {
  return act_on_run(context, call, "cancel", {.confirm = true}, cancel);
}

asio::awaitable<Answer> terminate_run(Context& context, const Call& call) {
  return act_on_run(context, call, "terminate", {},
                    [](Context& with, InstanceId id, ActionBody, Action action) {
                      return with.ports.engine.terminate(id, std::move(action));
                    });
}

asio::awaitable<Answer> retry_run(Context& context, const Call& call) {
  return act_on_run(context, call, "retry", {.task = true, .input = true}, retry);
}

asio::awaitable<Answer> skip_task(Context& context, const Call& call) {
  return act_on_run(context, call, "skip", {.task = true, .output = true},
                    [](Context& with, InstanceId id, ActionBody body, Action action) {
                      return with.ports.engine.skip(id, std::move(body.task),
                                                    std::move(body.output), std::move(action));
                    });
}

asio::awaitable<Answer> rewind_run(Context& context, const Call& call) {
  return act_on_run(context, call, "rewind", {.task = true, .task_required = true, .confirm = true},
                    rewind);
}

asio::awaitable<Answer> migrate_run(Context& context, const Call& call) {
  return act_on_run(context, call, "migrate", {.version = true},
                    [](Context& with, InstanceId id, ActionBody body, Action action) {
                      return with.ports.engine.migrate(id, std::move(body.version),
                                                       std::move(action));
                    });
}

asio::awaitable<Answer> preview_migration(Context& context, const Call& call) {
  const auto id = run_id(call);
  if (!id) co_return problem(context, id.error());
  auto looking = context.ports.engine.preview_migration(
      *id, query_value(call.request, "version").value_or(""));
  const auto preview = co_await std::move(looking);
  if (!preview) co_return problem(context, preview.error());
  co_return json_answer(200, preview_json(*preview));
}

}  // namespace sequent::api
