#include "engine/machine/codec.hpp"
#include "engine/machine/json_fields.hpp"

namespace sequent::machine {
namespace {

struct BodyEncoder {
  FieldWriter& out;

  void operator()(const InstanceStarted& r) const {
    out.plain("id", r.id.text());
    out.text("namespace", r.workflow.workflow_namespace);
    out.text("name", r.workflow.name);
    out.text("version", r.workflow.version);
    out.plain("digest", r.digest);
    out.plain("layout", r.layout);
    out.text("key", r.key);
    if (!r.attributes.empty()) out.json("attributes", r.attributes);
    out.value("rawInput", r.raw_input);
    out.value("input", r.input);
    out.plain("parent", id_text(r.parent));
    out.number("parentFrame", r.parent_frame);
    out.number("timeoutAt", r.timeout_at);
    out.text("startedBy", r.started_by);
  }
  void operator()(const TaskStarted& r) const {
    out.number("frame", r.frame);
    out.number("parent", r.parent);
    out.number("node", r.node);
    out.number("ordinal", r.ordinal);
    out.number("visit", r.visit);
    out.value("input", r.input);
    out.number("timeoutAt", r.timeout_at);
    out.number("succeedBefore", r.succeed_before);
    out.text("undo", r.undo);
    out.text("undoes", r.undoes);
    out.flag("settling", r.settling);
    out.number("generation", r.generation);
  }
  void operator()(const BlockEntered& r) const {
    out.number("frame", r.frame);
    out.number("next", r.next, no_node);
    out.value("data", r.data);
  }
  void operator()(const TaskSkipped& r) const {
    out.number("parent", r.parent);
    out.number("node", r.node);
    out.number("ordinal", r.ordinal);
    out.number("next", r.next, no_node);
  }
  void operator()(const ActivityScheduled& r) const {
    out.number("frame", r.frame);
    out.plain("key", r.key);
    out.number("revision", r.revision);
    out.number("attempt", r.attempt, 1U);
    out.value("arguments", r.arguments);
    out.value("late", r.late);
    out.value("lateInput", r.late_input);
    out.number("firstSentAt", r.first_sent_at);
    out.flag("unsettled", r.unsettled);
  }
  void operator()(const AttemptFailed& r) const {
    out.number("frame", r.frame);
    out.number("attempt", r.attempt);
    out.json("failure", failure_to_json(r.failure));
    out.flag("unsettled", r.unsettled);
    out.number("retryAt", r.retry_at);
    out.flag("uncounted", r.uncounted);
  }
  void operator()(const AttemptStarted& r) const {
    out.number("frame", r.frame);
    out.number("attempt", r.attempt);
    out.flag("unsettled", r.unsettled);
  }
  void operator()(const TaskParked& r) const {
    out.number("frame", r.frame);
    out.plain("reason", name_of(r.reason));
    out.flag("unsettled", r.unsettled);
  }
  void operator()(const TaskLetGo& r) const { out.number("frame", r.frame); }
  void operator()(const TaskReturned& r) const {
    out.number("frame", r.frame);
    out.value("output", r.output);
    out.number("attempt", r.attempt);
    out.text("requestId", r.request_id);
  }
  void operator()(const TaskCompleted& r) const {
    out.number("frame", r.frame);
    out.value("output", r.output);
    out.value("context", r.context);
    out.number("next", r.next, no_node);
    out.flag("respond", r.respond);
    out.flag("end", r.end);
    out.value("answer", r.answer);
    if (!r.answered.empty()) out.json("answered", r.answered);
  }
  void operator()(const TimerStarted& r) const {
    out.number("frame", r.frame);
    out.number("dueAt", r.due_at);
  }
  void operator()(const LoopStarted& r) const {
    out.number("frame", r.frame);
    out.value("items", r.items);
  }
  void operator()(const IterationStarted& r) const {
    out.number("frame", r.frame);
    out.number("index", r.index);
    out.number("next", r.next, no_node);
  }
  void operator()(const BranchesStarted& r) const {
    out.number("frame", r.frame);
    out.number("count", r.count);
  }
  void operator()(const ErrorCaught& r) const {
    out.number("frame", r.frame);
    out.number("source", r.source);
    out.json("error", to_json(r.error));
    out.number("retryAt", r.retry_at);
    out.number("next", r.next, no_node);
    if (r.child_place.empty()) return;
    out.text("child", r.child.text());
    out.text("childPlace", r.child_place);
  }
  void operator()(const TryStarted& r) const {
    out.number("frame", r.frame);
    out.number("attempt", r.attempt);
    out.number("next", r.next, no_node);
    out.number("attemptUntil", r.attempt_until);
  }
  void operator()(const ListenStarted& r) const {
    out.number("frame", r.frame);
    out.json("subscriptions", subscriptions_to_json(r.subscriptions));
  }
  void operator()(const EventConsumed& r) const {
    out.number("frame", r.frame);
    out.number("subscription", r.subscription);
    out.text("eventId", r.event_id);
    out.value("item", r.item);
    out.flag("queued", r.queued);
    if (!r.correlated.empty()) out.json("correlated", r.correlated);
    out.flag("closed", r.closed);
    out.number("held", r.held);
    out.flag("request", r.request);
  }
  void operator()(const EventIterationStarted& r) const {
    out.number("frame", r.frame);
    out.number("next", r.next, no_node);
  }
  void operator()(const EventIterationEnded& r) const {
    out.number("frame", r.frame);
    out.value("output", r.output);
    out.value("context", r.context);
  }
  void operator()(const ListenClosed& r) const { out.number("frame", r.frame); }
  void operator()(const EventHeld& r) const { out.value("event", r.event); }
  void operator()(const EventEmitted& r) const {
    out.number("frame", r.frame);
    out.value("event", r.event);
  }
  void operator()(const ChildStarted& r) const {
    out.number("frame", r.frame);
    out.json("child", child_to_json(r.child));
  }
  void operator()(const ChildConfirmed& r) const { out.number("frame", r.frame); }
  void operator()(const TaskFaulted& r) const {
    out.number("frame", r.frame);
    out.json("error", to_json(r.error));
  }
  void operator()(const InstanceFaulted& r) const {
    out.number("frame", r.frame);
    out.json("error", to_json(r.error));
  }
  void operator()(const InstanceCompleted& r) const { out.value("output", r.output); }
  void operator()(const InstanceSuspended& r) const { why(r.reason, r.by); }
  void operator()(const InstanceResumed& r) const { why(r.reason, r.by); }
  void operator()(const InstanceCancelled& r) const {
    out.flag("atOnce", r.at_once);
    why(r.reason, r.by);
  }
  void operator()(const CancelStarted& r) const {
    if (!r.settle.empty()) out.json("settle", r.settle);
    why(r.reason, r.by);
  }
  void operator()(const CompensationStarted& r) const {
    out.text("undoes", r.undoes);
    out.number("node", r.node);
    out.value("input", r.input);
  }
  void operator()(const TaskDropped& r) const { out.number("frame", r.frame); }
  void operator()(const TaskRetried& r) const {
    out.number("frame", r.frame);
    out.value("input", r.input);
    out.value("diff", r.diff);
    out.number("generation", r.generation);
    out.number("timeoutAt", r.timeout_at);
    out.text("path", r.path);
    out.value("rawInput", r.raw_input);
    why(r.reason, r.by);
  }
  void operator()(const TaskSkippedByOperator& r) const {
    out.number("frame", r.frame);
    out.value("output", r.output);
    why(r.reason, r.by);
  }
  void operator()(const Rewound& r) const {
    out.number("frame", r.frame);
    out.number("next", r.next, no_node);
    out.value("data", r.data);
    out.value("context", r.context);
    out.flag("catching", r.catching);
    why(r.reason, r.by);
  }
  void operator()(const Migrated& r) const {
    out.text("namespace", r.workflow.workflow_namespace);
    out.text("name", r.workflow.name);
    out.text("version", r.workflow.version);
    out.plain("digest", r.digest);
    out.plain("layout", r.layout);
    out.json("nodes", Json(r.nodes));
    out.json("filters", Json(r.filters));
    why(r.reason, r.by);
  }

 private:
  void why(const std::string& reason, const std::string& by) const {
    out.text("reason", reason);
    out.text("by", by);
  }
};

}  // namespace

std::string encode(std::span<const Record> records) {
  std::string out = "[";
  out.reserve(records.size() * 128);
  for (const auto& record : records) {
    if (out.size() > 1) out += ',';
    FieldWriter writer(out);
    writer.number("seq", record.seq);
    writer.number("at", record.at);
    writer.plain("kind", kind_of(record.body));
    std::visit(BodyEncoder{writer}, record.body);
    writer.end();
  }
  out += ']';
  return out;
}

}  // namespace sequent::machine
