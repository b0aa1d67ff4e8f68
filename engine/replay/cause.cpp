// What came from outside, and led to a record.
#include "engine/replay/cause.hpp"

namespace sequent::replay {
namespace {

using machine::Event;
using machine::FrameId;

machine::Value value_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found == json.end() ? nullptr : machine::make_value(*found);
}

machine::Outcome outcome_from(const std::string& name) {
  if (name == "transient") return machine::Outcome::transient;
  return name == "unknown" ? machine::Outcome::unknown : machine::Outcome::permanent;
}

/// Reads a record in the light of where the run stands.
class Cause {
 public:
  Cause(const definition::Program& program, const machine::State& state)
      : program_(program), state_(state) {}

  [[nodiscard]] std::optional<Event> of(const Shown& record) const;

 private:
  [[nodiscard]] std::optional<Event> answer(const Shown& record) const;
  [[nodiscard]] std::optional<Event> held_back(const Shown& record) const;
  [[nodiscard]] std::optional<Event> without_effect(const Shown& record) const;
  [[nodiscard]] Event child_event(const machine::ChildState& child, const Shown& record) const;
  [[nodiscard]] std::optional<Event> failed_child(const Shown& record) const;
  [[nodiscard]] std::optional<Event> event_from_outside(const Shown& record) const;
  [[nodiscard]] std::optional<Event> by_operator(const Shown& record) const;
  [[nodiscard]] const machine::Frame* frame_of(const Shown& record) const;

  const definition::Program& program_;
  const machine::State& state_;
};

const machine::Frame* Cause::frame_of(const Shown& record) const {
  const auto found = state_.frames.find(record.json.value("frame", FrameId{0}));
  return found == state_.frames.end() ? nullptr : &found->second;
}

std::optional<Event> Cause::of(const Shown& record) const {
  const Json& json = record.json;
  if (record.kind == "InstanceStarted") {
    return machine::StartAsked{.id = InstanceId::parse(text_of(json, "id")).value_or(InstanceId{}),
                               .key = text_of(json, "key"),
                               .attributes = json.value("attributes", Json::object()),
                               .input = machine::make_value(json.value("rawInput", Json())),
                               .started_by = text_of(json, "startedBy")};
  }
  if (record.kind == "TaskReturned" || record.kind == "AttemptFailed") return answer(record);
  if (record.kind == "AttemptStarted")
    return machine::RetryAsked{.frame = json.value("frame", FrameId{0})};
  if (record.kind == "TaskParked") return held_back(record);
  if (record.kind == "TaskDropped") return without_effect(record);
  if (record.kind == "TaskLetGo")
    return machine::CallLetGo{.frame = json.value("frame", FrameId{0})};
  if (record.kind == "ChildConfirmed") {
    const auto* frame = frame_of(record);
    const auto* child = frame ? std::get_if<machine::ChildState>(&frame->detail) : nullptr;
    if (child == nullptr) return std::nullopt;
    return machine::ChildLaunched{.child = child->id};
  }
  if (auto event = event_from_outside(record)) return event;
  if (auto event = failed_child(record)) return event;
  if (auto event = by_operator(record)) return event;
  return machine::TimerDue{};
}

std::optional<Event> Cause::answer(const Shown& record) const {
  const Json& json = record.json;
  const auto* frame = frame_of(record);
  if (frame == nullptr) return std::nullopt;
  if (const auto* child = std::get_if<machine::ChildState>(&frame->detail))
    return child_event(*child, record);
  const auto* activity = std::get_if<machine::ActivityState>(&frame->detail);
  if (activity == nullptr) return std::nullopt;
  machine::ActivityReturned returned{.frame = frame->id, .attempt = activity->attempt};
  if (record.kind == "TaskReturned") {
    returned.output = machine::make_value(json.value("output", Json()));
    return returned;
  }
  const Json failure = json.value("failure", Json::object());
  returned.failure = machine::Failure{
      .outcome = outcome_from(text_of(failure, "outcome")),
      .problem = machine::problem_from_json(failure.value("problem", Json::object())),
      .retry_after_ms = failure.value("retryAfterMs", DurationMs{0}),
      .key_spent = failure.value("keySpent", false),
      .throttled = failure.value("throttled", false)};
  returned.unsettled = json.value("unsettled", false);
  returned.provider_open =
      json.value("uncounted", false) && (!returned.failure->throttled || !json.contains("retryAt"));
  return returned;
}

std::optional<Event> Cause::held_back(const Shown& record) const {
  const auto* frame = frame_of(record);
  const auto* activity = frame ? std::get_if<machine::ActivityState>(&frame->detail) : nullptr;
  if (activity == nullptr) return std::nullopt;
  return machine::CallHeldBack{.frame = frame->id,
                               .attempt = activity->attempt,
                               .reason = text_of(record.json, "reason") == "limit"
                                             ? machine::ParkReason::limit
                                             : machine::ParkReason::provider_open,
                               .unsettled = record.json.value("unsettled", false)};
}

// Of a run that is being cancelled: a child ended so, or a call never left.
std::optional<Event> Cause::without_effect(const Shown& record) const {
  const auto* frame = frame_of(record);
  const auto* child = frame ? std::get_if<machine::ChildState>(&frame->detail) : nullptr;
  if (child == nullptr) return held_back(record);
  return machine::ChildEnded{.child = child->id,
                             .status = machine::Status::cancelled,
                             .output = nullptr,
                             .error = std::nullopt};
}

Event Cause::child_event(const machine::ChildState& child, const Shown& record) const {
  if (!child.await) return machine::ChildLaunched{.child = child.id};
  return machine::ChildEnded{.child = child.id,
                             .status = machine::Status::completed,
                             .output = machine::make_value(record.json.value("output", Json())),
                             .error = std::nullopt};
}

// An error that names the child that it comes from.
std::optional<Event> Cause::failed_child(const Shown& record) const {
  const Json error = record.json.value("error", Json());
  if (!error.is_object() || !error.contains("childRun")) return std::nullopt;
  const auto id = InstanceId::parse(text_of(error, "childRun"));
  if (!id || machine::awaiting_frame(state_, *id) == 0) return std::nullopt;
  Json own = error;
  own["instance"] = error.value("childInstance", Json(""));
  own.erase("childRun");
  own.erase("childInstance");
  return machine::ChildEnded{.child = *id,
                             .status = machine::Status::faulted,
                             .output = nullptr,
                             .error = machine::problem_from_json(own)};
}

// Of an event that a task took the journal keeps what the task reads; the rest is as the definition
// wants it, as far as that is a constant.
std::optional<Event> Cause::event_from_outside(const Shown& record) const {
  const Json& json = record.json;
  if (record.kind == "EventHeld")
    return machine::EventArrived{.event = machine::make_value(json.value("event", Json()))};
  if (record.kind != "EventConsumed") return std::nullopt;
  const Json item = json.value("item", Json());
  if (item.is_object() && text_of(item, "id") == text_of(json, "eventId") && item.contains("type"))
    return machine::EventArrived{.event = machine::make_value(item)};
  Json event = Json::object();
  const auto* frame = frame_of(record);
  const auto* listen = frame ? std::get_if<machine::ListenState>(&frame->detail) : nullptr;
  const auto place = json.value("subscription", std::size_t{0});
  if (listen != nullptr && place < listen->subscriptions.size() &&
      listen->subscriptions[place].filter < program_.filters.size())
    for (const auto& attribute : program_.filters[listen->subscriptions[place].filter].attributes)
      if (attribute.equals) event[attribute.name] = *attribute.equals;
  event["specversion"] = "1.0";
  event["id"] = text_of(json, "eventId");
  event.emplace("source", "urn:sequent:replay");
  if (json.contains("type")) event["type"] = json.at("type");
  if (!item.is_null()) event["data"] = item;
  if (json.value("request", false)) event["sequentrequest"] = true;
  return machine::EventArrived{.event = machine::make_value(std::move(event))};
}

std::optional<Event> Cause::by_operator(const Shown& record) const {
  const Json& json = record.json;
  const auto reason = text_of(json, "reason"), by = text_of(json, "by");
  const auto frame = json.value("frame", FrameId{0});
  if (record.kind == "InstanceSuspended") return machine::SuspendAsked{.reason = reason, .by = by};
  if (record.kind == "InstanceResumed") return machine::ResumeAsked{.reason = reason, .by = by};
  if (record.kind == "InstanceCancelled" || record.kind == "CancelStarted")
    return machine::CancelAsked{.reason = reason,
                                .by = by,
                                .awaited = json.value("settle", std::vector<FrameId>{}),
                                .at_once = json.value("atOnce", false)};
  if (record.kind == "TaskRetried") {
    machine::RetryAsked retry{
        .frame = frame, .input = value_of(json, "input"), .reason = reason, .by = by};
    retry.by_try = json.contains("rawInput");
    if (retry.by_try) retry.input = value_of(json, "rawInput");
    return retry;
  }
  if (record.kind == "TaskSkippedByOperator")
    return machine::SkipAsked{.frame = frame,
                              .output = machine::make_value(json.value("output", Json())),
                              .reason = reason,
                              .by = by};
  if (record.kind != "Rewound") return std::nullopt;
  machine::RewindAsked rewind{.frame = frame,
                              .data = value_of(json, "data"),
                              .context = value_of(json, "context"),
                              .reason = reason,
                              .by = by};
  const auto wanted = names_in(text_of(json, "next"));
  for (definition::NodeIndex node = 0; node < program_.nodes.size(); ++node)
    if (names_in(program_.nodes[node].pointer) == wanted) rewind.node = node;
  return rewind;
}

}  // namespace

std::optional<Event> cause_of(const Shown& record, const definition::Program& program,
                              const machine::State& state) {
  return Cause{program, state}.of(record);
}

}  // namespace sequent::replay
