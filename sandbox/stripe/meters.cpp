// Meters: which events are usage, of whom, and how it adds up.
#include "sandbox/stripe/usage.hpp"

namespace sequent::sandbox::stripe {
namespace {

const Json& blank_meter() {
  static const Json blank = Json::parse(R"({
    "object": "billing.meter",
    "customer_mapping": {"event_payload_key": "stripe_customer_id", "type": "by_id"},
    "event_time_window": null, "livemode": false, "status": "active",
    "status_transitions": {"deactivated_at": null}, "value_settings": {"event_payload_key": "value"}
    })");
  return blank;
}

Answer<Json> set_status(const Call& call, const std::string& status, const std::string& event) {
  Json* meter = call.scene.account.find("billing.meter", call.id);
  if (meter == nullptr) return no_such("billing meter", call.id);
  if (meter->at("status") == status)
    return refused("", "", "The meter `" + call.id + "` is already " + status + ".");
  (*meter)["status"] = status;
  (*meter)["updated"] = call.scene.seconds();
  (*meter)["status_transitions"]["deactivated_at"] =
      status == "inactive" ? Json(call.scene.seconds()) : Json();
  emit(call.scene, event, *meter);
  return *meter;
}

}  // namespace

Answer<Json> create_meter(const Call& call) {
  const Json& params = call.params;
  // An inactive meter keeps its name: it may come back.
  for (const auto& entry : call.scene.account.kinds["billing.meter"].by_id)
    if (entry.second.at("event_name") == params.at("event_name"))
      return refused("resource_already_exists", "event_name",
                     "A meter (`" + entry.first + "`) already uses the event name `" +
                         text_of(params, "event_name") + "`.");
  Json meter = blank_meter();
  meter["id"] = call.scene.world.make_id("mtr_");
  meter["created"] = call.scene.seconds();
  meter["updated"] = call.scene.seconds();
  for (const char* name : {"customer_mapping", "default_aggregation", "display_name", "event_name",
                           "event_time_window", "value_settings"})
    if (params.contains(name) && !params.at(name).is_null()) meter[name] = params.at(name);
  Json& stored = call.scene.account.add(std::move(meter));
  emit(call.scene, "billing.meter.created", stored);
  return stored;
}

Answer<Json> update_meter(const Call& call) {
  Json* meter = call.scene.account.find("billing.meter", call.id);
  if (meter == nullptr) return no_such("billing meter", call.id);
  if (text_of(call.params, "display_name").empty()) return *meter;
  Json previous = change_members(*meter, call.params, {"display_name"});
  if (previous.empty()) return *meter;
  previous["updated"] = meter->at("updated");
  (*meter)["updated"] = call.scene.seconds();
  emit(call.scene, "billing.meter.updated", *meter, previous);
  return *meter;
}

Answer<Json> deactivate_meter(const Call& call) {
  return set_status(call, "inactive", "billing.meter.deactivated");
}

Answer<Json> reactivate_meter(const Call& call) {
  return set_status(call, "active", "billing.meter.reactivated");
}

}  // namespace sequent::sandbox::stripe
