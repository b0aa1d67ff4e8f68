#include "engine/machine/command.hpp"

#include <algorithm>

#include "engine/machine/decider.hpp"

namespace sequent::machine {
namespace {

DispatchActivity dispatch(const Frame& frame, const ActivityState& activity) {
  auto key = activity.key;
  if (activity.revision != 0) key += "_r" + std::to_string(activity.revision);
  return {.frame = frame.id,
          .attempt = activity.attempt,
          .node = frame.node,
          .key = std::move(key),
          .arguments = activity.arguments,
          .first_sent_at = activity.first_sent_at,
          .unsettled = activity.unsettled};
}

}  // namespace

std::vector<Command> commands(const Program&, const State& state) {
  std::vector<Command> list;
  if (state.status != Status::running) return list;
  auto ready = false;
  for (const auto& [id, frame] : state.frames) {
    if (frame.phase == Phase::activity)
      list.emplace_back(dispatch(frame, std::get<ActivityState>(frame.detail)));
    else if (frame.phase == Phase::child && !std::get<ChildState>(frame.detail).launched)
      list.emplace_back(StartChild{.frame = id, .child = std::get<ChildState>(frame.detail)});
    ready = ready || is_ready(frame);
  }
  if (ready) list.emplace_back(Continue{});
  return list;
}

Timestamp next_timer(const Frame& frame) {
  Timestamp next = 0;
  const auto earlier = [&next](Timestamp at) {
    if (at != 0 && (next == 0 || at < next)) next = at;
  };
  if (frame.phase == Phase::backoff || frame.phase == Phase::timer) earlier(frame.due_at);
  if (frame.phase != Phase::faulted) earlier(frame.timeout_at);
  if (const auto* attempt = std::get_if<TryState>(&frame.detail);
      attempt != nullptr && !attempt->catching && frame.phase == Phase::block)
    earlier(attempt->attempt_until);
  return next;
}

Timestamp wake_at(const State& state) {
  constexpr Timestamp never = INT64_MAX;
  if (state.status != Status::running) return never;
  auto wake = state.timeout_at != 0 ? state.timeout_at : never;
  for (const auto& [id, frame] : state.frames) {
    if (is_ready(frame) || frame.phase == Phase::activity) return 0;
    // A parent may be forgotten only once its child's start is known to be durable.
    if (frame.phase == Phase::child && !std::get<ChildState>(frame.detail).launched) return 0;
    if (const auto timer = next_timer(frame); timer != 0) wake = std::min(wake, timer);
  }
  return wake;
}

Result<Json> bind_secrets(const Program& program, const State& state, FrameId id,
                          const Json& arguments, const Surroundings& surroundings) {
  const auto found = state.frames.find(id);
  if (found == state.frames.end()) return fail(ErrorCode::not_found, "the task is over");
  const auto& frame = found->second;
  const auto* activity = std::get_if<ActivityState>(&frame.detail);
  if (activity == nullptr || !activity->late) return arguments;
  const auto& node = program.node(frame.node);
  const auto& task = std::get<definition::CallTask>(node.body);
  // As when the intent was recorded: the clock, the input and what the holes saw. Only the secrets
  // are those of today.
  const Evaluator evaluator(program, state, activity->first_sent_at, surroundings);
  const auto& input = activity->late_input ? activity->late_input : frame.input;
  const Here here{.node = &node,
                  .raw_input = frame.raw_input.get(),
                  .input = input.get(),
                  .started_at = frame.started_at,
                  .frame = id};
  const auto late = late_part(program, task, arguments);
  auto bound = evaluator.fill_late(late, *input, here, *activity->late);
  if (!bound) {
    const auto missing = bound.error().status == standard_status(ErrorKind::authorization);
    return fail(missing ? ErrorCode::forbidden : ErrorCode::expression, bound.error().detail);
  }
  return std::move(*bound);
}

std::vector<OpenSubscription> subscriptions(const Program& program, const State& state) {
  std::vector<OpenSubscription> open;
  if (state.status == Status::completed || state.status == Status::cancelled) return open;
  for (const auto& [id, frame] : state.frames) {
    const auto* listen = std::get_if<ListenState>(&frame.detail);
    if (listen == nullptr || listen->closed) continue;
    const auto& task = std::get<definition::ListenTask>(program.node(frame.node).body);
    for (const auto& subscription : listen->subscriptions) {
      const auto once = subscription.until || task.to.mode == definition::EventStrategy::Mode::all;
      if (once && subscription.matched) continue;
      OpenSubscription entry{.frame = id, .filter_key = filter_key(program, subscription.filter)};
      if (subscription.filter != UINT32_MAX) {
        const auto& filter = program.filters.at(subscription.filter);
        entry.type = filter.type;
        // The index can help only when every correlation value is known.
        std::map<std::string, Json> expected;
        for (const auto& correlation : filter.correlations)
          if (const auto known = subscription.expectations.find(correlation.name);
              known != subscription.expectations.end())
            expected.insert(*known);
        if (expected.size() == filter.correlations.size())
          entry.correlation_hash = correlation_hash(expected);
      }
      open.push_back(std::move(entry));
    }
  }
  return open;
}

}  // namespace sequent::machine
