// call: of an activity. The intent is recorded here; the request leaves after its commit.
#include <algorithm>

#include "base/assert.hpp"
#include "engine/machine/decider.hpp"

namespace sequent::machine {

using definition::CallRetryPolicy;
using definition::CallTask;

namespace {

bool admits_null(const Json& schema) {
  if (!schema.is_object()) return true;
  const auto names_null = [&](const char* keyword, const Json& null) {
    const auto found = schema.find(keyword);
    if (found == schema.end()) return true;
    return found->is_array() ? std::ranges::find(*found, null) != found->end() : *found == null;
  };
  return names_null("type", "null") && names_null("enum", nullptr);
}

// What an expression found nothing for was not given, unless null says something there, such as
// "unset it". A required argument stays, for its absence would be harder to understand.
void leave_out_nothing(const CallTask& task, Json& arguments) {
  const Json& schema = task.activity.input_schema;
  if (!schema.is_object() || !schema.contains("properties") || !arguments.is_object()) return;
  const Json required = schema.value("required", Json::array());
  for (const auto& [name, rule] : schema.at("properties").items()) {
    const auto found = arguments.find(name);
    if (found == arguments.end() || !found->is_null() || admits_null(rule)) continue;
    if (std::ranges::find(required, Json(name)) == required.end()) arguments.erase(found);
  }
}

}  // namespace

DurationMs call_backoff(const CallRetryPolicy& policy, std::uint32_t attempt, std::uint64_t random,
                        DurationMs asked) {
  SEQUENT_ASSERT(attempt >= 1);
  auto ceiling = policy.initial_ms;
  for (std::uint32_t i = 1; i < attempt && ceiling < policy.max_ms; ++i) ceiling *= 2;
  ceiling = std::max<DurationMs>(1, std::min(ceiling, policy.max_ms));
  const auto jittered = static_cast<DurationMs>(random % static_cast<std::uint64_t>(ceiling)) + 1;
  return std::max(jittered, asked);
}

Template late_part(const Program& program, const CallTask& task, Json filled) {
  Template late;
  late.skeleton = std::move(filled);
  for (const auto& hole : task.arguments.holes)
    if (program.expressions->needs(hole.expression).secrets) late.holes.push_back(hole);
  return late;
}

void Decider::begin_call(FrameId id) {
  const auto& current = frame(id);
  const auto& task = std::get<CallTask>(node_of(current).body);
  ActivityScheduled intent{.frame = id,
                           .key = idempotency_key(program, state, current),
                           .attempt = current.last_attempt + 1,
                           .first_sent_at = now};
  const auto known = state.keys.find(intent.key);
  if (known != state.keys.end()) intent.revision = known->second.revision;
  // A read, or a write of absolute values, may as well be made anew.
  if (known != state.keys.end() && known->second.unsettled &&
      (!task.activity.idempotent || current.settling)) {
    // The effect may have happened with these bytes: only they are safe to send again.
    intent.arguments = known->second.arguments;
    intent.late = known->second.late;
    intent.late_input = known->second.late_input;
    intent.first_sent_at = known->second.first_sent_at;
    intent.unsettled = true;
  } else {
    auto arguments = evaluator.fill(task.arguments, *current.input, here(current), false);
    if (!arguments) return raise(id, arguments.error());
    leave_out_nothing(task, *arguments);
    if (task.activity.input && !task.late_secrets) {
      const definition::DataFilter schema{.transform = {}, .schema = task.activity.input};
      const auto valid = check_schema(schema, *arguments, "the input of " + task.activity.name);
      if (!valid) return raise(id, valid.error());
    }
    if (task.late_secrets) {
      auto frozen = evaluator.freeze(late_part(program, task, Json()), here(current));
      if (!frozen) return raise(id, frozen.error());
      intent.late = make_value(std::move(*frozen));
    }
    // What has left under a key is all that it ever carries, whether or not it had an effect: another
    // version of the workflow, or another moment, makes another call.
    if (known != state.keys.end() && known->second.arguments &&
        *known->second.arguments != *arguments)
      ++intent.revision;
    intent.arguments = make_value(std::move(*arguments));
  }
  emit(std::move(intent));
}

void Decider::try_again(FrameId id) {
  const auto& activity = std::get<ActivityState>(frame(id).detail);
  emit(AttemptStarted{
      .frame = id, .attempt = activity.attempt + 1, .unsettled = activity.unsettled});
}

void Decider::go_again(FrameId id) {
  if (std::get<ActivityState>(frame(id).detail).held && frame(id).phase == Phase::parked)
    return emit(TaskLetGo{.frame = id});
  try_again(id);
}

void Decider::activity_failed(FrameId id, std::uint32_t attempt, const Failure& failure,
                              bool unsettled, bool provider_open) {
  const auto& policy = std::get<CallTask>(node_of(frame(id)).body).activity.retry;
  AttemptFailed failed{.frame = id,
                       .attempt = attempt,
                       .failure = failure,
                       .unsettled = unsettled || failure.outcome == Outcome::unknown};
  failed.failure.throttled =
      failure.outcome == Outcome::transient && (failure.throttled || failure.problem.status == 429);
  if (frame(id).settling) return call_settles(std::move(failed), provider_open);
  if (!running()) {
    // Held by an operator, or the run has faulted elsewhere: asked again when it goes on.
    failed.retry_at = now;
    failed.uncounted =
        failed.failure.throttled || (provider_open && failure.outcome != Outcome::permanent);
    return emit(std::move(failed));
  }
  const auto tries = std::get<ActivityState>(frame(id).detail).tries;
  auto problem = failure.problem;
  problem.instance = node_of(frame(id)).pointer;
  const auto taker = taker_of(id, problem);
  // Of what is idempotent nothing is left open: a crash between its tries changes nothing.
  const auto open = !std::get<CallTask>(node_of(frame(id)).body).activity.idempotent &&
                    (std::get<ActivityState>(frame(id).detail).unsettled || failed.unsettled);
  const auto raise_it = [&] {
    emit(std::move(failed));
    raise(id, std::move(problem), failure.retry_after_ms);
  };
  // Nobody gave up on the call: it came too soon, or among too many. No retry policy counts it.
  if (failed.failure.throttled && !provider_open) {
    failed.uncounted = true;
    const auto throttles = std::get<ActivityState>(frame(id).detail).throttles;
    failed.retry_at = now + call_backoff(policy, throttles + 1, random(), failure.retry_after_ms);
    return emit(std::move(failed));
  }
  // Nor is it the call's fault that its provider is down: it waits for the provider, not for its turn,
  // and neither our retries nor those of a `try` are used up meanwhile.
  if (provider_open && failure.outcome != Outcome::permanent) {
    failed.uncounted = true;
    emit(std::move(failed));
    return emit(TaskParked{.frame = id, .reason = ParkReason::provider_open});
  }
  // A `try` that tries again overrides our own retries; a handler comes after them.
  if (failure.outcome == Outcome::permanent || taker == Taker::retry) return raise_it();
  if (tries < policy.max_attempts) {
    failed.retry_at = now + call_backoff(policy, tries, random(), failure.retry_after_ms);
    return emit(std::move(failed));
  }
  // A handler may undo or release what it believes was not done: never while that is unknown.
  if (taker == Taker::handler && !open) return raise_it();
  // A billing run is never thrown away because a provider was down.
  emit(std::move(failed));
  emit(TaskParked{.frame = id, .reason = ParkReason::retries_exhausted});
}

}  // namespace sequent::machine
