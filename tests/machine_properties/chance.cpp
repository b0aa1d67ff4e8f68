// What may happen to an instance next.
#include "engine/machine/apply.hpp"
#include "simulation/provider.hpp"
#include "tests/machine_properties/player.hpp"

namespace sequent::testing {

using namespace machine;

// Smooth: the first of them happens, or any event that arrives. Rough: any of them.
std::vector<Event> Player::possible() {
  std::vector<Event> events;
  const bool over = state_.status == Status::completed || state_.status == Status::cancelled;
  if (over) return events;
  if (state_.status == Status::running) {
    add_calls(events);
    add_parked(events);
    add_children(events);
    if (const auto wake = wake_at(state_); wake != 0 && wake != INT64_MAX)
      events.emplace_back(TimerDue{});
    add_arrivals(events);
  }
  if (smooth_) return events;
  if (events.empty() || dice_.chance(30)) events.push_back(operators_event());
  return events;
}

void Player::add_calls(std::vector<Event>& events) {
  for (const auto& command : commands(*program_, state_)) {
    if (const auto* call = std::get_if<DispatchActivity>(&command)) {
      events.push_back(answer(*call));
      if (!smooth_ && dice_.chance(150))
        events.emplace_back(CallHeldBack{
            .frame = call->frame,
            .attempt = call->attempt,
            .reason = dice_.chance(500) ? ParkReason::provider_open : ParkReason::limit,
            .unsettled = dice_.chance(200)});
    }
    if (std::holds_alternative<Continue>(command)) events.emplace_back(Continued{});
    const auto* start = std::get_if<StartChild>(&command);
    if (start == nullptr) continue;
    if (dice_.chance(smooth_ ? 0 : 100)) {
      events.push_back(child_end(start->child));
    } else {
      events.emplace_back(ChildLaunched{.child = start->child.id});
    }
  }
}

void Player::add_parked(std::vector<Event>& events) {
  for (const auto& [id, frame] : state_.frames)
    if (waits_for_provider(frame)) events.emplace_back(CallLetGo{.frame = id});
}

void Player::add_children(std::vector<Event>& events) {
  for (const auto& [id, frame] : state_.frames) {
    const auto* child = std::get_if<ChildState>(&frame.detail);
    if (child != nullptr && frame.phase == Phase::child && child->launched && child->await)
      events.push_back(child_end(*child));
  }
}

void Player::add_arrivals(std::vector<Event>& events) {
  for (const auto& open : subscriptions(*program_, state_)) {
    Json event{{"specversion", "1.0"},
               {"id", "e" + std::to_string(++last_event_)},
               {"source", "https://simulation.example/world"},
               {"type", open.type}};
    event["data"] = Json{{"run", smooth_ || dice_.chance(800) ? state_.id.text() : "another"}};
    events.emplace_back(EventArrived{make_value(std::move(event))});
  }
}

Event Player::answer(const DispatchActivity& call) {
  ActivityReturned returned{.frame = call.frame, .attempt = call.attempt};
  if (smooth_ || dice_.chance(550)) {
    returned.output = make_value(Json{{"id", "obj"}, {"for", call.key}});
    return returned;
  }
  if (dice_.chance(100) && call.attempt > 1) --returned.attempt;  // a late answer
  const auto outcome = dice_.below(3);
  auto failed = simulation::failure(static_cast<Outcome>(outcome),
                                    outcome == 1   ? 402
                                    : outcome == 0 ? 429
                                                   : 504,
                                    "chance");
  failed.key_spent = dice_.chance(150);
  if (dice_.chance(200)) failed.retry_after_ms = dice_.between(1, 5'000);
  returned.failure = std::move(failed);
  returned.unsettled = dice_.chance(200);
  returned.provider_open = dice_.chance(150);
  return returned;
}

Event Player::child_end(const ChildState& child) {
  ChildEnded ended{.child = child.id};
  if (smooth_ || dice_.chance(700)) {
    ended.output = child.input;
    return ended;
  }
  ended.status = dice_.chance(500) ? Status::faulted : Status::cancelled;
  if (ended.status == Status::faulted)
    ended.error = make_problem(ErrorKind::runtime, "the child failed");
  return ended;
}

Event Player::operators_event() {
  switch (dice_.below(8)) {
    case 0:
    case 1:
      return SuspendAsked{"chance", "operator"};
    case 2:
      return CancelAsked{.reason = "chance", .by = "operator", .at_once = dice_.chance(200)};
    case 3:
      return SkipAsked{.output = make_value(Json::object()), .reason = "chance", .by = "operator"};
    case 4:
      return RetryAsked{
          .input = make_value(Json{{"edited", last_event_}}), .reason = "chance", .by = "operator"};
    case 5:
      return RetryAsked{.reason = "chance", .by = "operator"};
    default:
      if (state_.status == Status::suspended) return ResumeAsked{"chance", "operator"};
      return RetryAsked{.reason = "chance", .by = "operator"};
  }
}

}  // namespace sequent::testing
