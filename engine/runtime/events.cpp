#include "engine/runtime/events.hpp"

#include <boost/asio/post.hpp>

#include "engine/definition/workflow_name.hpp"
#include "engine/machine/command.hpp"
#include "engine/runtime/starts.hpp"
#include "engine/runtime/triggers.hpp"

namespace sequent::runtime {
namespace {

// Subscriptions of `any: []` take every event.
constexpr std::string_view every_event = "*";

// One event's way: routed first, then the workflows that it starts, then settled. Each step is
// durable and may be repeated, so what comes in between is mended by Leftovers.
struct Journey : std::enable_shared_from_this<Journey> {
  std::shared_ptr<Node> node;
  Json event;
  IncomingEvent order;  // as it came: without the event and its candidates
  int tries = 0;
  std::vector<ProgramPtr> to_start;  // by it alone
  bool starts_something = false;
  Reply<Result<Delivered>> reply;
  Delivered delivered;
  std::atomic<int> left = 0;
  std::atomic<int> started = 0;
  std::atomic<bool> failed = false;

  void routed(Result<RoutedEvent> outcome) {
    if (!outcome) {
      if (order.stored_id != 0)
        node->leftovers->look_later();  // of a new one its sender hears, and sends it again
      return reply(std::unexpected(std::move(outcome.error())));
    }
    delivered.id = outcome->id;
    if (outcome->stale) return learn_and_go_again();
    delivered.duplicate = outcome->duplicate;
    delivered.runs = static_cast<int>(outcome->messages.size());
    if (delivered.runs != 0) delivered.run = outcome->messages.front().to;
    node->stats.events.fetch_add(1);
    node->deliver(std::move(outcome->messages));
    if (delivered.duplicate) return reply(delivered);
    std::vector<StartOrder> orders;
    for (const auto& program : to_start) orders.push_back(order_of(program, "event", {event}));
    const auto catalogue = node->definitions.catalogue();
    for (const auto& set : outcome->sets)
      if (const auto program = started_by_set(*catalogue, set.collection))
        orders.push_back(order_of(program, "events", set.events));
    if (orders.empty()) return done();
    starts_something = true;
    left = static_cast<int>(orders.size());
    for (const auto& order : orders) start(order);
  }

  // Another node has deployed something that may wait for this event. It is stored by now.
  void learn_and_go_again();

  // DSL 1.0.3: the input of a run that events start is the array of those events. The key is the
  // event's that started it: the one event, or the one that made its set whole.
  [[nodiscard]] StartOrder order_of(const ProgramPtr& program, const std::string& kind,
                                    const std::vector<Json>& events) const {
    const auto& ref = program->ref;
    StartOrder order;
    order.program = program;
    order.input = machine::make_value(Json(events));
    order.idempotency_key = kind + ":" + full_name(ref) + ":" + std::to_string(delivered.id);
    order.started_by = "event " + text_of(event, "id");
    return order;
  }

  void start(const StartOrder& order) {
    order_start(node, order, [self = shared_from_this()](const Result<StartOutcome>& outcome) {
      // A start that the workflow refuses stays refused; one for which there was no room, or that
      // could not be stored, is tried again: the event stays unsettled, and Leftovers finds it.
      const bool later = !outcome && (outcome.error().code == ErrorCode::unavailable ||
                                      outcome.error().code == ErrorCode::too_many_requests);
      if (later) self->failed = true;
      if (outcome && !outcome->taken) self->started.fetch_add(1);
      if (self->left.fetch_sub(1) == 1) self->done();
    });
  }

  void done() {
    delivered.started = started;
    delivered.held = delivered.runs == 0 && !starts_something;
    if (failed) {
      node->leftovers->look_later();
    } else {
      node->committer->settle(delivered.id);
    }
    reply(delivered);
  }
};

void send_on_its_way(const std::shared_ptr<Node>& node, Json event, IncomingEvent incoming,
                     Reply<Result<Delivered>> reply, int tries = 0) {
  const Timestamp now = node->ports.clock.now();
  // First the number: what is learned in between makes the event stale, and never the reverse.
  if (node->cluster != nullptr) incoming.definitions_known = node->definitions_known;
  const auto catalogue = node->definitions.catalogue();
  auto journey = std::make_shared<Journey>();
  journey->node = node;
  journey->reply = std::move(reply);
  journey->order = incoming;
  journey->tries = tries;
  const auto fits = catalogue->fits(event, now);
  for (const auto& fit : fits)
    incoming.candidates.push_back({.filter_key = machine::filter_key(*fit.program, fit.filter),
                                   .correlation_hash = fit.correlation_hash});
  auto triggered = triggered_by(*catalogue, fits, event, now);
  journey->to_start = std::move(triggered.alone);
  incoming.collecting = std::move(triggered.shared);
  incoming.candidates.push_back({.filter_key = std::string(every_event), .correlation_hash = ""});
  incoming.event = event;
  incoming.received_at = now;
  if (incoming.expires_at == 0) incoming.expires_at = now + node->config.event_ttl_ms;
  journey->event = std::move(event);
  node->committer->route(std::move(incoming), [journey](Result<RoutedEvent> routed) {
    journey->routed(std::move(routed));
  });
}

void Journey::learn_and_go_again() {
  constexpr int most_tries = 5;  // each of them found yet another definition
  node->parts.reads->post([self = shared_from_this()] {
    auto again = self->order;
    again.stored_id = self->delivered.id;
    std::optional<Error> error;
    try {
      self->node->learn_definitions();
      if (self->tries == most_tries) error = unavailable("definitions change all the time", false);
    } catch (const StoreFailure& failure) {
      error = unavailable(failure.what(), failure.full);
    }
    if (!error)
      return send_on_its_way(self->node, std::move(self->event), std::move(again),
                             std::move(self->reply), self->tries + 1);
    self->node->leftovers->look_later();
    self->reply(std::unexpected(*std::move(error)));
  });
}

}  // namespace

Result<void> check_envelope(const Json& event) {
  Error error;
  error.code = ErrorCode::invalid_request;
  error.detail = "This is no CloudEvent (CloudEvents 1.0, JSON format).";
  if (!event.is_object()) {
    error.findings.push_back({.message = "expected a JSON object"});
    return std::unexpected(std::move(error));
  }
  for (const char* name : {"id", "source", "type"}) {
    if (!text_of(event, name).empty()) continue;
    error.findings.push_back(
        {.message = std::string("expected a text that is not empty in \"") + name + "\"",
         .pointer = std::string("/") + name});
  }
  if (text_of(event, "specversion") != "1.0")
    error.findings.push_back(
        {.message = "expected \"1.0\" in \"specversion\"", .pointer = "/specversion"});
  if (error.findings.empty()) return {};
  return std::unexpected(std::move(error));
}

void route_event(const std::shared_ptr<Node>& node, Json event, std::int64_t stored_id,
                 const std::string& origin, Reply<Result<Delivered>> reply, DurationMs hold_ms) {
  IncomingEvent incoming;
  incoming.expires_at = hold_ms == 0 ? 0 : node->ports.clock.now() + hold_ms;
  incoming.origin = origin;
  incoming.stored_id = stored_id;
  send_on_its_way(node, std::move(event), std::move(incoming), std::move(reply));
}

void route_again(const std::shared_ptr<Node>& node, Json event, std::int64_t stored_id,
                 Reply<Result<Delivered>> reply) {
  IncomingEvent incoming;
  incoming.origin = "replay";
  incoming.stored_id = stored_id;
  incoming.again = true;
  send_on_its_way(node, std::move(event), std::move(incoming), std::move(reply));
}

void route_stored(const std::shared_ptr<Node>& node, Json event, std::int64_t stored_id,
                  const std::string& origin) {
  // One that can't be routed now stays unsettled in the store, where Leftovers finds it.
  route_event(node, std::move(event), stored_id, origin, [](const Result<Delivered>&) {});
}

}  // namespace sequent::runtime
