// listen: events that fit a filter and its correlations; one, any, all, until, foreach.
// A filter that fails to evaluate on an event does not fit it: a stranger's event harms nobody.
#include <algorithm>

#include "base/assert.hpp"
#include "engine/machine/decider.hpp"

namespace sequent::machine {

using definition::EventStrategy;
using definition::ListenTask;

namespace {

constexpr std::uint32_t every_event = UINT32_MAX;  // filter index of `any: []`

Json read_as(ListenTask::Read read, const Json& event) {
  if (read == ListenTask::Read::envelope) return event;
  return event.contains("data") ? event.at("data") : Json(nullptr);
}

Json array_of(const std::vector<Value>& values) {
  auto list = Json::array();
  for (const auto& value : values) list.push_back(*value);
  return list;
}

// A run that takes requests and never answers must not grow with them.
constexpr std::size_t most_requests = 1'000;

bool is_request(const Json& event) {
  const auto found = event.find("sequentrequest");
  return found != event.end() && *found == true;
}

struct Match {
  std::uint32_t subscription = 0;
  std::map<std::string, Json> correlated;
};

/// The first open subscription of a listening frame that takes the event.
std::optional<Match> match(const definition::Program& program, const ListenTask& task,
                           const ListenState& listen, const Json& event, Timestamp now) {
  for (std::uint32_t i = 0; i < listen.subscriptions.size(); ++i) {
    const auto& subscription = listen.subscriptions[i];
    const auto once = subscription.until || task.to.mode == EventStrategy::Mode::all;
    if (once && subscription.matched) continue;
    if (!subscription.until && listen.closed) continue;
    if (subscription.filter == every_event) return Match{.subscription = i};
    const auto& filter = program.filters.at(subscription.filter);
    const auto fits = matches(program, filter, event, now);
    if (!fits || !*fits) continue;
    auto values = correlate(program, filter, event, now);
    if (!values) continue;
    const auto expected = [&](const auto& pair) {
      const auto known = subscription.expectations.find(pair.first);
      return known == subscription.expectations.end() || known->second == pair.second;
    };
    if (!std::all_of(values->begin(), values->end(), expected)) continue;
    for (const auto& [name, value] : subscription.expectations) values->erase(name);
    return Match{.subscription = i, .correlated = std::move(*values)};
  }
  return std::nullopt;
}

/// Would every subscription of this kind be satisfied once `taken` is?
bool all_matched(const ListenState& listen, std::uint32_t taken, bool until) {
  for (std::uint32_t i = 0; i < listen.subscriptions.size(); ++i) {
    const auto& subscription = listen.subscriptions[i];
    if (subscription.until == until && !subscription.matched && i != taken) return false;
  }
  return true;
}

}  // namespace

void Decider::begin_listen(FrameId id) {
  const auto& current = frame(id);
  const auto& task = std::get<ListenTask>(node_of(current).body);
  ListenStarted started{.frame = id};
  const auto open = [&](std::uint32_t filter, bool until) -> std::optional<Problem> {
    Subscription subscription{.filter = filter, .until = until};
    if (filter != every_event)
      for (const auto& correlation : program.filters.at(filter).correlations) {
        if (correlation.expect_constant)
          subscription.expectations[correlation.name] = *correlation.expect_constant;
        if (!correlation.expect) continue;
        auto value = evaluator.value(*correlation.expect, *current.input, here(current));
        if (!value) return value.error();
        subscription.expectations[correlation.name] = std::move(*value);
      }
    started.subscriptions.push_back(std::move(subscription));
    return std::nullopt;
  };
  for (const auto filter : task.to.filters)
    if (auto problem = open(filter, false)) return raise(id, std::move(*problem));
  if (task.to.filters.empty())
    if (auto problem = open(every_event, false)) return raise(id, std::move(*problem));
  for (const auto filter : task.to.until_filters)
    if (auto problem = open(filter, true)) return raise(id, std::move(*problem));
  emit(std::move(started));
  offer_held_events();
}

bool Decider::offer_event(const Value& event, std::uint32_t held) {
  auto took = false;
  std::vector<FrameId> listening;
  for (const auto& [id, each] : state.frames)
    if (std::holds_alternative<ListenState>(each.detail)) listening.push_back(id);
  for (const auto id : listening) {
    const auto* current = find(id);
    if (current == nullptr || !running() || (took && held != 0)) continue;
    const auto& task = std::get<ListenTask>(node_of(*current).body);
    const auto& listen = std::get<ListenState>(current->detail);
    auto taken = match(program, task, listen, *event, now);
    if (!taken) continue;

    const auto& subscription = listen.subscriptions[taken->subscription];
    EventConsumed consumed{.frame = id,
                           .subscription = taken->subscription,
                           .event_id = text_of(*event, "id"),
                           .correlated = std::move(taken->correlated)};
    if (subscription.until) {
      consumed.closed = task.to.until_mode != EventStrategy::Mode::all ||
                        all_matched(listen, taken->subscription, true);
    } else {
      consumed.item = make_value(read_as(task.read, *event));
      const auto limit = surroundings.limits.max_payload_bytes;
      if (listen.bytes + size_of(*consumed.item) > limit) {
        raise(id, value_too_large("list of consumed events", limit));
        return true;
      }
      consumed.queued = task.foreach_;
      switch (task.to.mode) {
        case EventStrategy::Mode::one:
          consumed.closed = true;
          break;
        case EventStrategy::Mode::all:
          consumed.closed = all_matched(listen, taken->subscription, false);
          break;
        case EventStrategy::Mode::any:
          consumed.closed = !task.to.until && task.to.until_filters.empty();
          break;
      }
      if (task.to.mode == EventStrategy::Mode::any && task.to.until && !task.foreach_) {
        auto so_far = array_of(listen.consumed);
        so_far.push_back(*consumed.item);
        const auto enough = evaluator.truth(*task.to.until, so_far, here(*current));
        if (!enough) {
          raise(id, enough.error());
          return true;
        }
        consumed.closed = *enough;
      }
    }
    consumed.held = held;
    consumed.request = is_request(*event) && state.requests.size() < most_requests;
    took = true;
    emit(std::move(consumed));
    listen_on(id);
    run();
  }
  return took;
}

void Decider::hold_event(const Value& event) {
  const auto& limits = surroundings.limits;
  const auto room = state.held_events.size() < limits.max_held_events &&
                    state.held_bytes + size_of(*event) <= limits.max_held_bytes;
  if (room) return emit(EventHeld{.event = event});
  if (state.status == Status::faulted || state.cancelling) return;
  fault_workflow(make_problem(
      ErrorKind::runtime,
      std::to_string(state.held_events.size()) +
          " events wait for this run and no task takes them (limits.maxHeldEvents, maxHeldBytes). "
          "Those that come now are kept in the inbox alone: retry the run, then replay them."));
}

void Decider::offer_held_events() {
  for (std::uint32_t place = 1; running() && place <= state.held_events.size();) {
    const Value event = state.held_events[place - 1];
    if (!offer_event(event, place)) ++place;
  }
}

void Decider::listen_on(FrameId id) {
  const auto& current = frame(id);
  if (current.phase != Phase::events) return;  // an iteration is under way; it comes back here
  const auto& task = std::get<ListenTask>(node_of(current).body);
  const auto& listen = std::get<ListenState>(current.detail);
  if (!listen.queue.empty()) {
    emit(EventIterationStarted{.frame = id,
                               .next = task.tasks.empty() ? no_node : task.tasks.front()});
    return make_ready(id);
  }
  if (listen.closed) complete(id, make_value(array_of(listen.consumed)));
}

void Decider::event_iteration_over(FrameId id) {
  const auto& current = frame(id);
  const auto& task = std::get<ListenTask>(node_of(current).body);
  auto at = here(current);
  at.raw_output = current.data.get();
  EventIterationEnded ended{.frame = id};
  Value output = current.data;
  if (task.item_output.transform) {
    auto transformed = evaluator.fill(*task.item_output.transform, *output, at);
    if (!transformed) return raise(id, transformed.error());
    output = make_value(std::move(*transformed));
    ended.output = output;
  }
  if (const auto valid = check_schema(task.item_output, *output, "the item's output"); !valid)
    return raise(id, valid.error());
  if (task.item_export.transform) {
    at.output = output.get();
    auto context = evaluator.fill(*task.item_export.transform, *output, at);
    if (!context) return raise(id, context.error());
    ended.context = make_value(std::move(*context));
  }
  emit(std::move(ended));
  const auto& listen = std::get<ListenState>(frame(id).detail);
  if (task.to.until && !listen.closed) {
    const auto enough = evaluator.truth(*task.to.until, array_of(listen.consumed), here(frame(id)));
    if (!enough) return raise(id, enough.error());
    if (*enough) emit(ListenClosed{.frame = id});
  }
  listen_on(id);
}

}  // namespace sequent::machine
