#include "engine/runtime/events.hpp"

#include <boost/asio/post.hpp>

#include "engine/machine/command.hpp"
#include "engine/runtime/starts.hpp"

namespace sequent::runtime {
namespace {

// Subscriptions of `any: []` take every event.
constexpr std::string_view every_event = "*";

// One event's way: routed first, then the workflows that it starts, then settled. Each step is
// durable and may be repeated, so what comes in between is mended by Leftovers.
struct Journey : std::enable_shared_from_this<Journey> {
  std::shared_ptr<Node> node;
  Json event;
  bool stored = false;  // before it began its way
  std::vector<ProgramPtr> to_start;
  Reply<Result<Delivered>> reply;
  Delivered delivered;
  std::atomic<int> left = 0;
  std::atomic<int> started = 0;
  std::atomic<bool> failed = false;

  void routed(Result<RoutedEvent> outcome) {
    if (!outcome) {
      if (stored)
        node->leftovers->look_later();  // of a new one its sender hears, and sends it again
      return reply(std::unexpected(std::move(outcome.error())));
    }
    delivered.id = outcome->id;
    delivered.duplicate = outcome->duplicate;
    delivered.runs = static_cast<int>(outcome->messages.size());
    if (delivered.runs != 0) delivered.run = outcome->messages.front().to;
    node->stats.events.fetch_add(1);
    node->deliver(std::move(outcome->messages));
    if (delivered.duplicate) return reply(delivered);
    if (to_start.empty()) return done();
    left = static_cast<int>(to_start.size());
    for (const auto& program : to_start) start(program);
  }

  void start(const ProgramPtr& program) {
    const auto& ref = program->ref;
    StartOrder order;
    order.program = program;
    // DSL 1.0.3: the input of a run that events start is the array of those events.
    Json input = Json::array();
    input.push_back(event);
    order.input = machine::make_value(std::move(input));
    order.idempotency_key = "event:" + ref.workflow_namespace + "/" + ref.name + ":" + ref.version +
                            ":" + std::to_string(delivered.id);
    order.started_by = "event " + text_of(event, "id");
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
    delivered.held = delivered.runs == 0 && to_start.empty();
    if (failed) {
      node->leftovers->look_later();
    } else {
      node->committer->settle(delivered.id);
    }
    reply(delivered);
  }
};

bool starts_on(const definition::Program& program, std::uint32_t filter) {
  if (!program.schedule.on) return false;
  const auto& filters = program.schedule.on->filters;
  return std::ranges::find(filters, filter) != filters.end();
}

void send_on_its_way(const std::shared_ptr<Node>& node, Json event, IncomingEvent incoming,
                     Reply<Result<Delivered>> reply) {
  const Timestamp now = node->ports.clock.now();
  const auto catalogue = node->definitions.catalogue();
  auto journey = std::make_shared<Journey>();
  journey->node = node;
  journey->reply = std::move(reply);
  journey->stored = incoming.stored_id != 0;
  for (const auto& fit : catalogue->fits(event, now)) {
    incoming.candidates.push_back({.filter_key = machine::filter_key(*fit.program, fit.filter),
                                   .correlation_hash = fit.correlation_hash});
    if (!starts_on(*fit.program, fit.filter)) continue;
    if (catalogue->find(WorkflowRef{fit.program->ref.workflow_namespace, fit.program->ref.name,
                                    ""}) != fit.program)
      continue;  // only the latest version is triggered
    if (std::ranges::find(journey->to_start, fit.program) == journey->to_start.end())
      journey->to_start.push_back(fit.program);
  }
  for (const auto& deployed : catalogue->latest()) {
    const auto& on = deployed.program->schedule.on;
    if (on && on->filters.empty()) journey->to_start.push_back(deployed.program);
  }
  incoming.candidates.push_back({.filter_key = std::string(every_event), .correlation_hash = ""});
  incoming.event = event;
  incoming.received_at = now;
  if (incoming.expires_at == 0) incoming.expires_at = now + node->config.event_ttl_ms;
  journey->event = std::move(event);
  node->committer->route(std::move(incoming), [journey](Result<RoutedEvent> routed) {
    journey->routed(std::move(routed));
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
