// Events and their way to the endpoints: signing, attempts, back-off, and the faults of delivery.
#include <algorithm>

#include "base/assert.hpp"
#include "base/digest.hpp"
#include "sandbox/stripe/render.hpp"
#include "sandbox/stripe/world.hpp"

namespace sequent::sandbox::stripe {
namespace {

constexpr DurationMs old_timestamp_age_s = 3'600;
// Long enough for the overtaking event to be answered first by a receiver on the same machine.
constexpr DurationMs overtaken_after_ms = 50;
constexpr DurationMs hold_at_most_ms = 5'000;

bool is_thin(const std::string& type) {
  return type.starts_with("v1.") || type.starts_with("v2.");
}

Json* find_event(Account& account, const std::string& id, const std::string& type) {
  return account.find(is_thin(type) ? "v2.core.event" : "event", id);
}

bool listens(const Json& endpoint, const std::string& type, bool connected) {
  if (text_of(endpoint, "status") != "enabled") return false;
  if (endpoint.at("_connect").get<bool>() != connected) return false;
  const Json& wanted = endpoint.at("enabled_events");
  const bool all = !is_thin(type) || endpoint.value("_thin", false);
  return std::any_of(wanted.begin(), wanted.end(),
                     [&](const Json& name) { return name == type || (all && name == "*"); });
}

void queue_delivery(Scene& scene, WebhookDelivery delivery) {
  auto& world = scene.world;
  const auto faults = scene.faults.take_for_webhook(delivery.type, scene.now);
  int copies = 1;
  bool hold = false;
  for (const auto& fault : faults) {
    if (fault.kind == FaultKind::webhook_duplicate) copies = std::max(copies, fault.copies);
    if (fault.kind == FaultKind::webhook_delay) delivery.due += fault.ms;
    if (fault.kind == FaultKind::webhook_reorder) hold = true;
    if (fault.kind == FaultKind::webhook_wrong_signature) delivery.wrong_signature = true;
    if (fault.kind == FaultKind::webhook_old_timestamp) delivery.old_timestamp = true;
  }
  if (hold) {
    delivery.due += hold_at_most_ms;
  } else if (world.held_delivery) {
    const auto held = world.deliveries.find(*world.held_delivery);
    if (held != world.deliveries.end() && held->second.attempts == 0)
      await_delivery(world, held->second, delivery.due + overtaken_after_ms);
    world.held_delivery.reset();
  }
  for (int copy = 0; copy < copies; ++copy) {
    delivery.id = ++world.last_delivery;
    WebhookDelivery& queued = world.deliveries.emplace(delivery.id, delivery).first->second;
    await_delivery(world, queued, delivery.due);
    ++world.undelivered[delivery.event];
  }
  if (hold) world.held_delivery = world.last_delivery;
}

std::vector<std::string> secrets_of(const Json& endpoint) {
  return endpoint.at("_secrets").get<std::vector<std::string>>();
}

// Stripe signs pretty-printed text: receivers that parse and write it again must fail in tests too.
std::string event_body(Account& account, const WebhookDelivery& delivery, const Json& endpoint) {
  const Json* event = find_event(account, delivery.event, delivery.type);
  SEQUENT_ASSERT(event != nullptr);
  if (is_thin(delivery.type)) {
    Json thin = render(*event, std::string(newest_version));
    thin.erase("data");
    return thin.dump(2, ' ', false, Json::error_handler_t::replace);
  }
  const Json& pinned = endpoint.at("api_version");
  const auto version = pinned.is_string() ? pinned.get<std::string>() : std::string(newest_version);
  Json body = render(*event, version);
  body["api_version"] = version;
  const Json& data = event->at("data");
  body["data"]["object"] = render(data.at("object"), version);
  if (data.contains("previous_attributes"))
    body["data"]["previous_attributes"] =
        render_previous(data.at("object"), data.at("previous_attributes"), version);
  return body.dump(2, ' ', false, Json::error_handler_t::replace);
}

void settle(World& world, const WebhookDelivery& delivery) {
  Json* event = find_event(world.account(delivery.account), delivery.event, delivery.type);
  SEQUENT_ASSERT(event != nullptr);
  const auto pending = world.undelivered.find(delivery.event);
  SEQUENT_ASSERT(pending != world.undelivered.end() && pending->second > 0);
  --pending->second;
  if (event->contains("pending_webhooks")) (*event)["pending_webhooks"] = pending->second;
  if (pending->second == 0) world.undelivered.erase(pending);
}

// Queues it for every endpoint that listens to it; gives the number of deliveries.
int queue_event(Scene& scene, const Json& event, Timestamp due) {
  auto& endpoints = scene.world.account("").kinds["webhook_endpoint"];
  int queued = 0;
  for (const auto& id : endpoints.order) {
    if (!listens(endpoints.by_id.at(id), text_of(event, "type"), !scene.account.id.empty()))
      continue;
    WebhookDelivery delivery;
    delivery.endpoint = id;
    delivery.account = scene.account.id;
    delivery.event = text_of(event, "id");
    delivery.type = text_of(event, "type");
    delivery.due = due;
    queue_delivery(scene, std::move(delivery));
    ++queued;
  }
  return queued;
}

}  // namespace

Json& emit(Scene& scene, const std::string& type, const Json& object, const Json& previous) {
  Json data{{"object", object}};
  if (!previous.is_null()) data["previous_attributes"] = previous;
  const auto optional_text = [](const std::string& value) {
    return value.empty() ? Json() : Json(value);
  };
  Json event{{"id", scene.world.make_id("evt_")},
             {"object", "event"},
             {"api_version", scene.cause.version},
             {"created", scene.seconds()},
             {"data", std::move(data)},
             {"livemode", false},
             {"pending_webhooks", 0},
             {"request",
              {{"id", optional_text(scene.cause.request_id)},
               {"idempotency_key", optional_text(scene.cause.idempotency_key)}}},
             {"type", type}};
  if (!scene.account.id.empty()) event["account"] = scene.account.id;
  Json& stored = scene.account.add(std::move(event));

  stored["pending_webhooks"] = queue_event(scene, stored, scene.now);
  return stored;
}

Json& emit_thin(Scene& scene, const std::string& type, const Json& related, const Json& data) {
  SEQUENT_ASSERT(is_thin(type));
  Json event{{"id", scene.world.make_id("evt_")},
             {"object", "v2.core.event"},
             {"context", scene.account.id.empty() ? Json() : Json(scene.account.id)},
             {"created", format_time(scene.now)},
             {"data", data},
             {"livemode", false},
             {"reason", nullptr},
             {"related_object", related},
             {"type", type}};
  Json& stored = scene.account.add(std::move(event));
  queue_event(scene, stored, scene.now);
  return stored;
}

int deliver_again(Scene& scene, Json& event, Timestamp due) {
  const int queued = queue_event(scene, event, due);
  event["pending_webhooks"] = event.at("pending_webhooks").get<std::int64_t>() + queued;
  return queued;
}

std::string sign_webhook(const std::vector<std::string>& secrets, std::int64_t at_seconds,
                         std::string_view body) {
  const auto time = std::to_string(at_seconds);
  std::string header = "t=" + time;
  for (const auto& secret : secrets)
    header += ",v1=" + hmac_sha256_hex(secret, time + "." + std::string(body));
  return header;
}

void await_delivery(World& world, WebhookDelivery& delivery, Timestamp due) {
  world.due_deliveries.erase({delivery.due, delivery.id});
  delivery.due = due;
  delivery.state = WebhookDelivery::State::waiting;
  world.due_deliveries.insert({delivery.due, delivery.id});
}

std::vector<WebhookSend> take_due_webhooks(World& world, Timestamp now) {
  std::vector<WebhookSend> sends;
  while (!world.due_deliveries.empty() && world.due_deliveries.begin()->first <= now) {
    WebhookDelivery* delivery = &world.deliveries.at(world.due_deliveries.begin()->second);
    world.due_deliveries.erase(world.due_deliveries.begin());
    SEQUENT_ASSERT(delivery->state == WebhookDelivery::State::waiting);
    const Json* endpoint = world.account("").find("webhook_endpoint", delivery->endpoint);
    // Deleting or disabling the endpoint stops its retries.
    if (endpoint == nullptr || text_of(*endpoint, "status") != "enabled") {
      delivery->state = WebhookDelivery::State::given_up;
      continue;
    }
    delivery->state = WebhookDelivery::State::in_flight;
    ++delivery->attempts;
    WebhookSend send;
    send.delivery = delivery->id;
    send.url = text_of(*endpoint, "url");
    send.type = delivery->type;
    send.body = event_body(world.account(delivery->account), *delivery, *endpoint);
    const auto signed_at = now / 1000 - (delivery->old_timestamp ? old_timestamp_age_s : 0);
    const auto secrets = delivery->wrong_signature
                             ? std::vector<std::string>{"whsec_of_someone_else"}
                             : secrets_of(*endpoint);
    send.signature = sign_webhook(secrets, signed_at, send.body);
    sends.push_back(std::move(send));
  }
  return sends;
}

void note_webhook_answer(World& world, std::uint64_t id, int status, Timestamp now) {
  const auto found = world.deliveries.find(id);
  if (found == world.deliveries.end()) return;  // a reset came in between
  WebhookDelivery& delivery = found->second;
  delivery.statuses.push_back(status);
  if (status >= 200 && status < 300) {
    delivery.state = WebhookDelivery::State::delivered;
    settle(world, delivery);
    return;
  }
  if (delivery.attempts >= world.retry.max_attempts) {
    delivery.state = WebhookDelivery::State::given_up;
    return;
  }
  // A spoilt delivery is spoilt once: its retry is signed anew, and correctly.
  delivery.wrong_signature = false;
  delivery.old_timestamp = false;
  const int doublings = std::min(delivery.attempts - 1, 20);
  await_delivery(world, delivery,
                 now + std::min(world.retry.first_delay_ms << doublings, world.retry.max_delay_ms));
}

}  // namespace sequent::sandbox::stripe
