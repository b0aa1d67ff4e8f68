// Mappings to other providers' objects, and usage events.
#include "sandbox/flexprice/world.hpp"

namespace sequent::sandbox::flexprice {
namespace {

Answer<void> check_names(const Json& body) {
  for (const char* member : {"entity_type", "entity_id", "provider_type"})
    if (const auto text = required_text(body, member); !text) return std::unexpected(text.error());
  return one_of(body, "entity_type",
                {"customer", "plan", "invoice", "subscription", "payment", "credit_note", "addon",
                 "item", "item_price", "price", "invoice_line_item", "subscription_line_item"});
}

Json* published_mapping(World& world, const Json& names) {
  for (auto& [id, mapping] : world.mappings.by_id) {
    const bool same = text_of(mapping, "entity_type") == text_of(names, "entity_type") &&
                      text_of(mapping, "entity_id") == text_of(names, "entity_id") &&
                      text_of(mapping, "provider_type") == text_of(names, "provider_type");
    if (same && text_of(mapping, "status") == "published") return &mapping;
  }
  return nullptr;
}

Answer<Json> link(Call& call) {
  if (const auto good = check_names(call.body); !good) return std::unexpected(good.error());
  const auto counterpart = required_text(call.body, "provider_entity_id");
  if (!counterpart) return std::unexpected(counterpart.error());
  const std::string provider = text_of(call.body, "provider_type");
  if (!call.world.connections.contains(provider))
    return invalid("no active connection for " + provider);
  if (Json* known = published_mapping(call.world, call.body)) {
    copy_members(call.body, {"provider_entity_id", "metadata"}, *known);
    touch(*known, call.now);
    return Json{{"mapping", *known}};
  }
  Json mapping = blank(call, "eim_");
  copy_members(call.body,
               {"entity_type", "entity_id", "provider_type", "provider_entity_id", "metadata"},
               mapping);
  // Two entities of one type with the same counterpart are what Flexprice does not prevent.
  count_made(call, "mapping", text_of(mapping, "entity_type") + " " + provider + " " + *counterpart,
             mapping);
  return Json{{"mapping", call.world.mappings.add(std::move(mapping))}};
}

Answer<Json> unlink(Call& call) {
  if (const auto good = check_names(call.body); !good) return std::unexpected(good.error());
  Json* mapping = published_mapping(call.world, call.body);
  if (mapping == nullptr) return missing("integration mapping");
  (*mapping)["status"] = "deleted";
  touch(*mapping, call.now);
  return Json{{"message", "integration mapping removed successfully"}};
}

Answer<Json> mappings(Call& call) {
  const std::string type = call.query["entity_type"], id = call.query["entity_id"];
  if (type.empty() || id.empty()) return invalid("entity_type and entity_id are required");
  Json items = Json::array();
  for (const auto& key : call.world.mappings.order) {
    const Json& mapping = call.world.mappings.by_id.at(key);
    if (text_of(mapping, "entity_type") == type && text_of(mapping, "entity_id") == id)
      items.push_back(mapping);
  }
  const auto total = items.size();
  return Json{{"items", std::move(items)},
              {"pagination", {{"total", total}, {"limit", 50}, {"offset", 0}}}};
}

Answer<std::string> take_event(Call& call, Json event) {
  for (const char* member : {"event_name", "external_customer_id"})
    if (const auto text = required_text(event, member); !text) return std::unexpected(text.error());
  std::string id = text_of(event, "event_id");
  if (id.empty()) id = call.world.random.id("event_", 26);
  event["event_id"] = id;
  event["timestamp"] = text_of(event, "timestamp", format_time(call.now));
  const std::string key =
      text_of(event, "external_customer_id") + " " + text_of(event, "timestamp") + " " + id;
  if (!call.world.events.emplace(key, std::move(event)).second) {
    ++call.world.repeated_events;
  } else {
    call.log.made("event " + id, "event", id, "");
  }
  return id;
}

Answer<Json> ingest(Call& call) {
  const auto id = take_event(call, call.body);
  if (!id) return std::unexpected(id.error());
  call.status = 202;
  return Json{{"message", "Event accepted for processing"}, {"event_id", *id}};
}

Answer<Json> ingest_bulk(Call& call) {
  const Json events = call.body.value("events", Json());
  if (!events.is_array() || events.empty() || events.size() > 1000)
    return invalid("events must have 1 to 1000 entries");
  for (const Json& event : events)
    for (const char* member : {"event_name", "external_customer_id"})
      if (const auto text = required_text(event, member); !text)
        return std::unexpected(text.error());
  for (const Json& event : events)
    if (const auto id = take_event(call, event); !id) return std::unexpected(id.error());
  call.status = 202;
  return Json{{"message", "Events accepted for processing"}};
}

}  // namespace

std::vector<Route> integration_routes() {
  return {{"POST", "/integrations/link", link},
          {"DELETE", "/integrations/link", unlink},
          {"GET", "/integrations/mappings", mappings},
          {"POST", "/events", ingest},
          {"POST", "/events/bulk", ingest_bulk}};
}

}  // namespace sequent::sandbox::flexprice
