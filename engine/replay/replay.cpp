#include "engine/replay/replay.hpp"

#include <algorithm>

#include "engine/machine/command.hpp"
#include "engine/machine/decide.hpp"
#include "engine/machine/view.hpp"
#include "engine/replay/moment.hpp"

namespace sequent::replay {
namespace {

using machine::Event;
using machine::FrameId;

constexpr int most_continues = 100'000;  // after one thing that came from outside

bool hides(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>() == hidden;
  if (!value.is_structured()) return false;
  return std::any_of(value.begin(), value.end(), [](const Json& part) { return hides(part); });
}

machine::Value value_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found == json.end() ? nullptr : machine::make_value(*found);
}

machine::Outcome outcome_from(const std::string& name) {
  if (name == "transient") return machine::Outcome::transient;
  return name == "unknown" ? machine::Outcome::unknown : machine::Outcome::permanent;
}

/// Feeds the machine what was recorded, and lines up what it decides with what it decided then.
class Replay {
 public:
  Replay(const std::vector<Shown>& recording, const definition::Program& program)
      : recording_(recording), program_(program) {
    surroundings_.runtime = {{"name", "Sequent"}, {"version", ""}};
    surroundings_.secrets =
        [](const definition::Program& asked) -> std::expected<Json, std::string> {
      Json secrets = Json::object();
      for (const auto& name : asked.secrets) secrets[name] = hidden;
      return secrets;
    };
  }

  Outcome run();

 private:
  void step();
  [[nodiscard]] std::optional<Event> cause_of(const Shown& record) const;
  [[nodiscard]] std::optional<Event> answer(const Shown& record) const;
  [[nodiscard]] std::optional<Event> held_back(const Shown& record) const;
  [[nodiscard]] std::optional<Event> without_effect(const Shown& record) const;
  [[nodiscard]] Event child_event(const machine::ChildState& child, const Shown& record) const;
  [[nodiscard]] std::optional<Event> failed_child(const Shown& record) const;
  [[nodiscard]] std::optional<Event> event_from_outside(const Shown& record) const;
  [[nodiscard]] std::optional<Event> by_operator(const Shown& record) const;
  [[nodiscard]] const machine::Frame* frame_of(const Shown& record) const;
  void draw_as_then(const Shown& recorded);
  void feed(const Event& event, Timestamp now);
  void go_on(Timestamp now);
  void compare(const Shown& recorded);
  void differ(const Shown& recorded, std::string came, std::vector<Difference::Member> members);
  [[nodiscard]] std::string where_it_stands() const;

  const std::vector<Shown>& recording_;
  const definition::Program& program_;
  machine::Surroundings surroundings_;
  machine::State state_;
  std::vector<definition::NodeIndex> frames_;  // which task each frame is
  std::vector<Shown> decided_;                 // and not lined up yet, in order
  std::size_t taken_ = 0;                      // of them
  std::size_t next_ = 0;                       // of the recording
  Outcome outcome_;
};

Outcome Replay::run() {
  for (const auto& record : recording_) outcome_.redacted = outcome_.redacted || hides(record.json);
  while (next_ < recording_.size() && !outcome_.difference) step();
  outcome_.records = next_;
  const auto& last = recording_.back();
  outcome_.ended = last.kind == "InstanceCompleted" || last.kind == "InstanceFaulted" ||
                   last.kind == "InstanceCancelled";
  // What one cause leads to is recorded whole.
  if (!outcome_.difference && taken_ < decided_.size()) {
    differ(last, sentence(meaning_of(decided_[taken_])), {});
    outcome_.difference->expected = "nothing more happens";
  }
  return std::move(outcome_);
}

void Replay::step() {
  const Shown& recorded = recording_[next_];
  if (taken_ == decided_.size()) {
    decided_.clear();
    taken_ = 0;
    if (state_.seq != 0) go_on(recorded.at);
    if (decided_.empty()) {
      const auto cause = cause_of(recorded);
      if (cause) feed(*cause, recorded.at);
    }
  }
  if (outcome_.difference) return;
  if (taken_ == decided_.size())
    return differ(recorded, "nothing happens: " + where_it_stands(), {});
  compare(recorded);
}

void Replay::compare(const Shown& recorded) {
  const Json then = meaning_of(recorded);
  Json now = meaning_of(decided_[taken_]);
  // What an older recording does not name can't differ.
  if (!then.contains("activity")) now.erase("activity");
  if (then.contains("subscriptions") && now.contains("subscriptions") &&
      then.at("subscriptions").size() == now.at("subscriptions").size())
    for (std::size_t i = 0; i < then.at("subscriptions").size(); ++i)
      if (!then.at("subscriptions")[i].contains("type")) now["subscriptions"][i].erase("type");
  auto members = differing(then, now);
  if (members.empty()) {
    draw_as_then(recorded);
    ++taken_;
    ++next_;
    return;
  }
  const bool same_step =
      then.at("step") == now.at("step") && text_of(then, "task") == text_of(now, "task");
  differ(recorded, sentence(now),
         same_step ? std::move(members) : std::vector<Difference::Member>{});
}

void Replay::differ(const Shown& recorded, std::string came,
                    std::vector<Difference::Member> members) {
  outcome_.difference = Difference{.seq = recorded.seq,
                                   .at = recorded.at,
                                   .task = names_in(text_of(recorded.json, "task")),
                                   .expected = sentence(meaning_of(recorded)),
                                   .came = std::move(came),
                                   .members = std::move(members)};
}

std::string Replay::where_it_stands() const {
  const auto view = machine::view_of(program_, state_);
  const auto task = names_in(view.task);
  std::string text = "the run is " + std::string(machine::name_of(view.status));
  if (!task.empty()) text += " at `" + task + "`";
  if (!view.waiting_for.kind.empty())
    text += ", waiting for " + view.waiting_for.kind + " " + view.waiting_for.detail;
  return text;
}

void Replay::feed(const Event& event, Timestamp now) {
  constexpr std::uint64_t random = 0;  // see draw_as_then()
  const auto records = machine::decide(program_, state_, event, now, random, surroundings_);
  if (!records) {
    differ(recording_[next_], "it is refused: " + records.error().detail, {});
    return;
  }
  for (const auto& record : *records) decided_.push_back(show(record, program_, frames_));
}

// Pure tasks that stopped at their budget.
void Replay::go_on(Timestamp now) {
  for (int i = 0; i < most_continues && !outcome_.difference; ++i) {
    bool ready = false;
    for (const auto& command : machine::commands(program_, state_))
      ready = ready || std::holds_alternative<machine::Continue>(command);
    if (!ready) return;
    const auto before = decided_.size();
    feed(machine::Continued{}, now);
    if (decided_.size() == before) return;
  }
}

const machine::Frame* Replay::frame_of(const Shown& record) const {
  const auto found = state_.frames.find(record.json.value("frame", FrameId{0}));
  return found == state_.frames.end() ? nullptr : &found->second;
}

// The pause before the next try is drawn by lot; here it is the one that was drawn then.
void Replay::draw_as_then(const Shown& recorded) {
  const auto due_at = recorded.json.value("retryAt", Timestamp{0});
  const auto found = state_.frames.find(recorded.json.value("frame", FrameId{0}));
  if (due_at == 0 || found == state_.frames.end()) return;
  if (found->second.phase == machine::Phase::backoff) found->second.due_at = due_at;
}

std::optional<Event> Replay::cause_of(const Shown& record) const {
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

std::optional<Event> Replay::answer(const Shown& record) const {
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

std::optional<Event> Replay::held_back(const Shown& record) const {
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
std::optional<Event> Replay::without_effect(const Shown& record) const {
  const auto* frame = frame_of(record);
  const auto* child = frame ? std::get_if<machine::ChildState>(&frame->detail) : nullptr;
  if (child == nullptr) return held_back(record);
  return machine::ChildEnded{.child = child->id,
                             .status = machine::Status::cancelled,
                             .output = nullptr,
                             .error = std::nullopt};
}

Event Replay::child_event(const machine::ChildState& child, const Shown& record) const {
  if (!child.await) return machine::ChildLaunched{.child = child.id};
  return machine::ChildEnded{.child = child.id,
                             .status = machine::Status::completed,
                             .output = machine::make_value(record.json.value("output", Json())),
                             .error = std::nullopt};
}

// An error that names the child that it comes from.
std::optional<Event> Replay::failed_child(const Shown& record) const {
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
std::optional<Event> Replay::event_from_outside(const Shown& record) const {
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

std::optional<Event> Replay::by_operator(const Shown& record) const {
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
  if (record.kind == "TaskRetried")
    return machine::RetryAsked{
        .frame = frame, .input = value_of(json, "input"), .reason = reason, .by = by};
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

Result<Outcome> replay(const Json& journal, const definition::Program& program) {
  const auto recording = read_recording(journal);
  if (!recording) return std::unexpected(recording.error());
  const Json input = recording->front().json.value("rawInput", Json());
  if (const auto fits = machine::check_input(program, input); !fits && hides(input)) {
    Error error{.code = ErrorCode::invalid_input,
                .detail =
                    "Sensitive data is hidden in the journal, and the schema of the "
                    "definition refuses what stands in its place, so nothing can be "
                    "replayed. Leave metadata.sensitive out of the definition that is "
                    "recorded in tests, or replay a run without such data."};
    error.findings = fits.error().findings;
    return std::unexpected(std::move(error));
  }
  return Replay{*recording, program}.run();
}

}  // namespace sequent::replay
