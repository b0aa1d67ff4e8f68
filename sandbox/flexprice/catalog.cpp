// Plans and addons.
#include "sandbox/flexprice/world.hpp"

namespace sequent::sandbox::flexprice {
namespace {

Answer<Json> message(const std::string& text) {
  return Json{{"message", text}};
}

Answer<Json> create_plan(Call& call) {
  const auto name = required_text(call.body, "name");
  if (!name) return std::unexpected(name.error());
  const std::string key = text_of(call.body, "lookup_key");
  if (!key.empty() && call.world.plans.published_with("lookup_key", key) != nullptr)
    return taken("plan with lookup key " + key);
  Json plan = blank(call, "plan_");
  copy_members(call.body, {"name", "lookup_key", "description", "metadata", "display_order"}, plan);
  count_made(call, "plan", key.empty() ? text_of(plan, "id") : key, plan);
  call.status = 201;
  return call.world.plans.add(std::move(plan));
}

Answer<Json> get_plan(Call& call) {
  const Json* plan = call.world.plans.published(call.path[0]);
  if (plan == nullptr) return missing("plan " + call.path[0]);
  return *plan;
}

Answer<Json> update_plan(Call& call) {
  Json* plan = call.world.plans.published(call.path[0]);
  if (plan == nullptr) return missing("plan " + call.path[0]);
  const std::string key = text_of(call.body, "lookup_key");
  if (!key.empty()) {
    const Json* other = call.world.plans.published_with("lookup_key", key);
    if (other != nullptr && other != plan) return taken("plan with lookup key " + key);
  }
  copy_members(call.body, {"name", "lookup_key", "description", "metadata", "display_order"},
               *plan);
  touch(*plan, call.now);
  return *plan;
}

Answer<Json> delete_plan(Call& call) {
  Json* plan = call.world.plans.published(call.path[0]);
  if (plan == nullptr) return missing("plan " + call.path[0]);
  for (const auto& [id, subscription] : call.world.subscriptions.by_id)
    if (is_live(subscription) && text_of(subscription, "plan_id") == call.path[0])
      return not_now("plan is used by active subscriptions");
  (*plan)["status"] = "deleted";
  touch(*plan, call.now);
  return message("plan deleted successfully");
}

Answer<Json> list_plans(Call& call) {
  const Json& filter = call.body;
  return search(call.world.plans, filter, [&](const Json& plan) {
    return fits(filter, "lookup_key", text_of(plan, "lookup_key")) &&
           fits(filter, "plan_ids", plan["id"]);
  });
}

Answer<Json> create_addon(Call& call) {
  const auto name = required_text(call.body, "name");
  if (!name) return std::unexpected(name.error());
  const auto key = required_text(call.body, "lookup_key");
  if (!key) return std::unexpected(key.error());
  if (call.world.addons.published_with("lookup_key", *key) != nullptr)
    return taken("addon with lookup key " + *key);
  Json addon = blank(call, "addon_");
  copy_members(call.body, {"name", "lookup_key", "description", "metadata"}, addon);
  count_made(call, "addon", *key, addon);
  call.status = 201;
  return call.world.addons.add(std::move(addon));
}

Answer<Json> get_addon(Call& call) {
  const Json* addon = call.world.addons.published(call.path[0]);
  if (addon == nullptr) return missing("addon " + call.path[0]);
  return *addon;
}

Answer<Json> get_addon_by_key(Call& call) {
  const Json* addon = call.world.addons.published_with("lookup_key", call.path[0]);
  if (addon == nullptr) return missing("addon with lookup key " + call.path[0]);
  return *addon;
}

Answer<Json> update_addon(Call& call) {
  Json* addon = call.world.addons.published(call.path[0]);
  if (addon == nullptr) return missing("addon " + call.path[0]);
  copy_members(call.body, {"name", "description", "metadata"}, *addon);
  touch(*addon, call.now);
  return *addon;
}

Answer<Json> delete_addon(Call& call) {
  Json* addon = call.world.addons.published(call.path[0]);
  if (addon == nullptr) return missing("addon " + call.path[0]);
  (*addon)["status"] = "deleted";
  touch(*addon, call.now);
  return message("addon deleted successfully");
}

Answer<Json> list_addons(Call& call) {
  const Json& filter = call.body;
  return search(call.world.addons, filter, [&](const Json& addon) {
    return fits(filter, "lookup_keys", addon["lookup_key"]) &&
           fits(filter, "addon_ids", addon["id"]);
  });
}

}  // namespace

std::vector<Route> catalog_routes() {
  return {{"POST", "/plans", create_plan},
          {"POST", "/plans/search", list_plans},
          {"GET", "/plans/{id}", get_plan},
          {"PUT", "/plans/{id}", update_plan},
          {"DELETE", "/plans/{id}", delete_plan},
          {"POST", "/addons", create_addon},
          {"POST", "/addons/search", list_addons},
          {"GET", "/addons/lookup/{lookup_key}", get_addon_by_key},
          {"GET", "/addons/{id}", get_addon},
          {"PUT", "/addons/{id}", update_addon},
          {"DELETE", "/addons/{id}", delete_addon}};
}

}  // namespace sequent::sandbox::flexprice
