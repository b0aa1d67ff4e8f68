#include "api/run_json.hpp"

#include "api/context.hpp"

namespace sequent::api {
namespace {

Json value_json(const machine::Value& value, const Redactor& redact) {
  return value ? redact(*value) : Json(nullptr);
}

// Of a call's idempotency key: past its end the call is looked for, not sent again.
void put_key(Json& json, const machine::WaitingFor& waiting) {
  if (waiting.key_born_at == 0) return;
  json["keyBornAt"] = format_time(waiting.key_born_at);
  json["outcomeUnknown"] = waiting.unsettled;
  if (waiting.key_retention_ms > 0)
    json["keyForgottenAt"] = format_time(waiting.key_born_at + waiting.key_retention_ms);
}

DurationMs key_retention(const definition::Program* program, const std::string& task) {
  if (program == nullptr) return 0;
  for (const auto& node : program->nodes)
    if (const auto* call = std::get_if<definition::CallTask>(&node.body);
        call != nullptr && node.pointer == task)
      return call->activity.key_retention_ms;
  return 0;
}

Json waiting_json(const runtime::InstanceRow& row, const definition::Program* program) {
  machine::WaitingFor waiting;
  waiting.kind = row.waiting_kind;
  waiting.detail = row.waiting_detail;
  waiting.provider = row.provider;
  waiting.operation = row.operation;
  waiting.reason = row.park_reason;
  waiting.since = row.parked_at;
  if (!waiting.kind.empty()) waiting.error_type = row.error_type;
  if (waiting.kind == "timer" && row.wake_at > 0 && row.wake_at != INT64_MAX)
    waiting.until = row.wake_at;
  if (row.key_born_at != 0 && (waiting.kind == "parked" || waiting.kind == "activity")) {
    waiting.key_born_at = row.key_born_at;  // the row's is of a call whose outcome is unknown
    waiting.key_retention_ms = key_retention(program, row.task);
    waiting.unsettled = true;
  }
  return api::waiting_json(waiting);
}

Json failed_call_json(const machine::FailedCall& call) {
  return {{"provider", call.provider},
          {"operation", call.operation},
          {"circuit", optional_text(call.circuit)}};
}

/// Null too where an earlier release wrote the row: whose call it was is not known from that.
Json failed_call_json(const runtime::InstanceRow& row) {
  if (row.status != "faulted" || row.provider.empty()) return nullptr;
  return failed_call_json(machine::FailedCall{row.provider, row.operation, row.waiting_detail});
}

Json workflow_json(const runtime::RunSummary& run) {
  return {{"namespace", run.workflow_namespace},
          {"name", run.name},
          {"version", run.version},
          {"digest", run.digest}};
}

Json error_json(const std::optional<machine::Problem>& error, const Redactor& redact) {
  return error ? redact(machine::to_json(*error)) : Json(nullptr);
}

/// Of a run that is being cancelled, or was.
Json cancellation_json(const runtime::RunDetails& run) {
  const auto& state = run.state;
  const auto& cancelling = *state.cancelling;
  const auto left = machine::to_undo(*run.program, state);
  Json json{{"since", format_time(cancelling.since)},   {"reason", cancelling.reason},
            {"by", optional_text(cancelling.by)},       {"undone", cancelling.undone},
            {"total", cancelling.undone + left.size()}, {"left", Json::array()}};
  for (const auto& effect : left)
    json["left"].push_back({{"task", effect.task},
                            {"occurrence", effect.occurrence},
                            {"undoneBy", effect.by},
                            {"outcomeKnown", !effect.settles}});
  if (const auto& now = run.view.undoing; now && now->number != 0)
    json["undoes"] = {{"task", now->task}, {"by", now->by}, {"number", now->number}};
  else if (now)
    json["findsOut"] = now->task;
  return json;
}

}  // namespace

Json waiting_json(const machine::WaitingFor& waiting) {
  if (waiting.kind.empty()) return nullptr;
  Json json{{"kind", waiting.kind}, {"detail", waiting.detail}};
  const auto put = [&json](const char* name, const std::string& text) {
    if (!text.empty()) json[name] = text;
  };
  put("provider", waiting.provider);
  put("circuit", waiting.circuit);
  put("operation", waiting.operation);
  put("reason", waiting.reason);
  put("errorType", waiting.error_type);
  if (waiting.since != 0) json["since"] = format_time(waiting.since);
  if (waiting.until != 0) json["until"] = format_time(waiting.until);
  if (waiting.attempt != 0) {
    json["attempt"] = waiting.attempt;
    json["tried"] = waiting.tried;
  }
  put_key(json, waiting);
  if (waiting.child != InstanceId{}) json["run"] = waiting.child.text();
  return json;
}

Json workflow_json(const definition::Program& program) {
  return {{"namespace", program.ref.workflow_namespace},
          {"name", program.ref.name},
          {"version", program.ref.version},
          {"digest", program.digest}};
}

Json run_json(const runtime::RunDetails& run) {
  const auto& state = run.state;
  const Redactor redact{*run.program};
  Json json = Json::object();
  json["id"] = state.id.text();
  json["workflow"] = workflow_json(*run.program);
  json["key"] = optional_text(state.key);
  json["status"] = machine::name_of(run.view.status);
  json["waitingFor"] = waiting_json(run.view.waiting_for);
  json["task"] = optional_text(run.view.task);
  json["input"] = value_json(state.raw_input, redact);
  json["output"] = value_json(state.output, redact);
  if (state.response) json["response"] = redact(*state.response);
  json["error"] = error_json(state.error, redact);
  json["failedCall"] =
      run.view.failed_call ? failed_call_json(*run.view.failed_call) : Json(nullptr);
  json["attributes"] = redact(state.attributes);
  if (!state.reason.empty()) json["reason"] = state.reason;
  if (state.cancelling) json["cancelling"] = cancellation_json(run);
  json["startedAt"] = optional_time(state.started_at);
  json["startedBy"] = optional_text(run.summary.started_by);
  json["updatedAt"] = optional_time(state.updated_at);
  json["endedAt"] = optional_time(state.ended_at);
  json["deadline"] = optional_time(run.view.deadline);
  json["parent"] = state.has_parent() ? Json(state.parent.text()) : Json(nullptr);
  json["attempts"] = state.counted_attempts();
  json["uncountedAttempts"] = state.uncounted;
  json["completedTasks"] = state.completed_tasks;
  json["seq"] = state.seq;
  return json;
}

Json summary_json(const runtime::RunSummary& run, const definition::Program* program) {
  const auto& row = run.row;
  Json json = Json::object();
  json["id"] = run.id.text();
  json["workflow"] = workflow_json(run);
  json["key"] = optional_text(run.key);
  json["status"] = row.status;
  json["waitingFor"] = waiting_json(row, program);
  json["task"] = optional_text(row.task);
  json["error"] = nullptr;
  if (row.status == "faulted" && !row.error_type.empty())
    json["error"] = {
        {"type", row.error_type}, {"status", row.error_status}, {"title", row.error_title}};
  json["failedCall"] = failed_call_json(row);
  json["attributes"] = program != nullptr ? Redactor{*program}(run.attributes) : run.attributes;
  json["startedAt"] = optional_time(run.started_at);
  json["startedBy"] = optional_text(run.started_by);
  json["updatedAt"] = optional_time(row.updated_at);
  json["endedAt"] = optional_time(row.ended_at);
  json["deadline"] = optional_time(row.deadline);
  json["parent"] = run.parent ? Json(run.parent->text()) : Json(nullptr);
  json["attempts"] = row.attempts;
  json["completedTasks"] = row.completed_tasks;
  return json;
}

Json outcome_json(const InstanceId& id, const definition::Program& program,
                  const runtime::WaitResult& result) {
  const Redactor redact{program};
  Json json = Json::object();
  json["id"] = id.text();
  json["workflow"] = workflow_json(program);
  json["status"] = machine::name_of(result.status);
  json["waitingFor"] = nullptr;
  json["output"] = result.status == machine::Status::completed ? value_json(result.response, redact)
                                                               : Json(nullptr);
  json["error"] = error_json(result.error, redact);
  return json;
}

Json notice_json(const runtime::RunNotice& notice) {
  return {{"id", notice.id.text()},
          {"workflow", notice.workflow},
          {"seq", notice.seq},
          {"status", notice.status},
          {"task", optional_text(notice.task)},
          {"waitingKind", optional_text(notice.waiting_kind)},
          {"at", format_time(notice.at)}};
}

}  // namespace sequent::api
