#include "tests/machine_properties/player.hpp"

#include <catch2/catch.hpp>

#include "engine/machine/apply.hpp"
#include "engine/machine/codec.hpp"
#include "simulation/network.hpp"
#include "simulation/workflows.hpp"

namespace sequent::testing {

using namespace machine;

definition::ProgramPtr compile_document(const Json& document) {
  runtime::ActivityRegistry registry;
  simulation::register_activities(registry, nullptr);
  definition::CompileOptions options;
  options.catalog = &registry;
  options.interpreters = 1;
  auto program = definition::compile(dump_json(document), options);
  if (!program) FAIL(definition::format_findings(program.error().findings));
  return *program;
}

Player::Player(definition::ProgramPtr program, std::uint64_t seed, bool smooth)
    : program_(std::move(program)), dice_(seed), smooth_(smooth) {
  surroundings_.runtime = {{"name", "sequent"}, {"version", "test"}};
  if (!smooth && dice_.chance(300))
    surroundings_.limits.max_steps_per_event = static_cast<std::uint32_t>(dice_.between(1, 5));
}

void Player::start() {
  StartAsked asked;
  asked.id = InstanceId::make(now_, dice_.next(), 3);
  asked.input = make_value(simulation::random_input(dice_));
  asked.started_by = "property";
  feed(Event{std::move(asked)});
}

bool Player::step() {
  auto events = possible();
  if (events.empty()) return false;
  const bool arrivals = std::holds_alternative<EventArrived>(events.front());
  const auto index = smooth_ && !arrivals ? 0 : dice_.below(events.size());
  const auto event = events[index];
  if (std::holds_alternative<TimerDue>(event)) now_ = std::max(now_, wake_at(state_));
  feed(event);
  return true;
}

void Player::cancel() {
  CancelAsked asked{.reason = "chance", .by = "operator"};
  for (const auto& [id, frame] : state_.frames)
    if (frame.phase == Phase::child && dice_.chance(500)) asked.awaited.push_back(id);
  feed(asked);
  smooth_ = true;
}

bool Player::mend() {
  if (state_.status == Status::suspended)
    feed(ResumeAsked{"chance", "operator"});
  else if (!is_ended(state_.status) || state_.status == Status::faulted)
    feed(RetryAsked{.reason = "chance", .by = "operator"});
  else
    return false;
  return true;
}

// What the provider knows. A call that is known to have had no effect leaves no doubt, unless an
// earlier one of the same key has.
void Player::note_outcome(const Event& event) {
  if (const auto* skipped = std::get_if<SkipAsked>(&event)) word_ = word_ || skipped != nullptr;
  const auto* returned = std::get_if<ActivityReturned>(&event);
  const auto* held = std::get_if<CallHeldBack>(&event);
  if (returned == nullptr && held == nullptr) return;
  const auto frame = state_.frames.find(returned ? returned->frame : held->frame);
  if (frame == state_.frames.end() || frame->second.undo.empty()) return;
  const auto* activity = std::get_if<ActivityState>(&frame->second.detail);
  const auto attempt = returned ? returned->attempt : held->attempt;
  if (activity == nullptr || activity->attempt != attempt) return;
  const auto before = activity->unsettled || (returned ? returned->unsettled : held->unsettled);
  if ((returned && returned->output) ||
      (!before && (held || returned->failure->outcome != Outcome::unknown)))
    doubtful_.erase(activity->key);
}

void Player::feed(const Event& event) {
  if (state_.seq != 0) note_outcome(event);
  const auto before = encode_state(state_);
  const auto random = dice_.next();
  const bool fresh = state_.seq == 0;
  const auto records = decide(*program_, state_, event, now_, random, surroundings_);
  if (!fresh) check_decision(before, event, records, random);
  if (!records) return;
  check_fold(*records);
  journal_.insert(journal_.end(), records->begin(), records->end());
  check_commands();
  check_awake();
}

void Player::check_decision(const std::string& before, const Event& event,
                            const Result<Records>& live, std::uint64_t random) {
  auto state = decode_state(before);
  REQUIRE(state);
  const auto again = decide(*program_, *state, event, now_, random, surroundings_);
  REQUIRE(again.has_value() == live.has_value());
  if (!live) {
    REQUIRE(encode_state(state_) == before);  // a refusal changes nothing
    return;
  }
  REQUIRE(encode(*again) == encode(*live));
  REQUIRE(encode_state(*state) == encode_state(state_));
}

// Record by record, each through its text; the state through its own as well.
void Player::check_fold(const Records& records) {
  const auto read = decode(encode(records));
  REQUIRE(read);
  REQUIRE(read->size() == records.size());
  for (const auto& record : *read) {
    apply(folded_, record);
    const auto text = encode_state(folded_);
    auto thawed = decode_state(text);
    REQUIRE(thawed);
    REQUIRE(encode_state(*thawed) == text);
    note_key(folded_, record);
    // A crash here: what goes on from this record alone chooses no other key.
    if (!dice_.chance(100) || thawed->status != Status::running) continue;
    const auto onward =
        decide(*program_, *thawed, Event{Continued{}}, now_, dice_.next(), surroundings_);
    REQUIRE(onward);
    State replayed = folded_;
    for (const auto& next : *onward) {
      apply(replayed, next);
      note_key(replayed, next);
    }
  }
  REQUIRE(encode_state(folded_) == encode_state(state_));
}

void Player::note_key(const State& state, const Record& record) {
  if (const auto* retried = std::get_if<TaskRetried>(&record.body))
    edited_ = edited_ || retried->input != nullptr;
  const auto* intent = std::get_if<ActivityScheduled>(&record.body);
  if (intent == nullptr) return;
  const auto& frame = state.frames.at(intent->frame);
  const auto path =
      path_of(*program_, state, intent->frame) + " #" + std::to_string(frame.generation);
  const auto [known, fresh] = keys_.emplace(path, intent->key);
  CAPTURE(path);
  REQUIRE(known->second == intent->key);
  if (!fresh) return;
  for (const auto& [other, key] : keys_)
    if (other != path) REQUIRE(key != intent->key);
}

// From what is stored alone the same commands come, and bytes under a key never change.
void Player::check_commands() {
  const auto live = commands(*program_, state_);
  const auto again = commands(*program_, folded_);
  REQUIRE(live.size() == again.size());
  for (std::size_t i = 0; i < live.size(); ++i) {
    REQUIRE(live[i].index() == again[i].index());
    if (const auto* child = std::get_if<StartChild>(&live[i]))
      REQUIRE(child->child.id == std::get<StartChild>(again[i]).child.id);
    const auto* call = std::get_if<DispatchActivity>(&live[i]);
    if (call == nullptr) continue;
    const auto& other = std::get<DispatchActivity>(again[i]);
    REQUIRE(call->key == other.key);
    REQUIRE(call->attempt == other.attempt);
    REQUIRE(*call->arguments == *other.arguments);
    const auto& frame = state_.frames.at(call->frame);
    if (!frame.undo.empty()) doubtful_.insert(std::get<ActivityState>(frame.detail).key);
    const auto [known, fresh] = arguments_.emplace(call->key, *call->arguments);
    CAPTURE(call->key);
    REQUIRE(known->second == *call->arguments);
  }
}

// I8: a live run always has something that wakes it.
void Player::check_awake() {
  if (state_.status != Status::running || wake_at(state_) != INT64_MAX) return;
  for (const auto& [id, frame] : state_.frames)
    if (frame.phase == Phase::events || frame.phase == Phase::child || frame.phase == Phase::parked)
      return;
  for (const auto& [id, frame] : state_.frames)
    if (std::holds_alternative<ListenState>(frame.detail)) return;
  FAIL("nothing wakes the run: " + encode_state(state_));
}

}  // namespace sequent::testing
