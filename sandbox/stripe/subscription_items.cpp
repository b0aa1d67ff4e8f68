// /v1/subscription_items: a subscription's items one by one.
#include <algorithm>

#include "base/assert.hpp"
#include "sandbox/stripe/billing.hpp"
#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {
namespace {

struct Found {
  Json* subscription = nullptr;
  Json* item = nullptr;
};

// Items live inside their subscription; those of an ended one are gone with it.
Found find_item(Account& account, const std::string& id) {
  for (auto& entry : account.kinds["subscription"].by_id) {
    if (has_ended(entry.second)) continue;
    for (auto& item : entry.second.at("items").at("data"))
      if (item.at("id") == id) return {&entry.second, &item};
  }
  return {};
}

// The change of one item as an update of its subscription has it.
Json as_update(const Json& params, const std::string& id) {
  Json update = Json::object();
  Json item = Json::object();
  for (const auto& [name, value] : params.items()) {
    if (name == "subscription" || name == "expand") continue;
    const bool of_subscription = name == "payment_behavior" || name == "proration_behavior" ||
                                 name == "proration_date" || name == "off_session";
    (of_subscription ? update : item)[name] = value;
  }
  if (!id.empty()) item["id"] = id;
  update["items"] = Json::array({std::move(item)});
  return update;
}

}  // namespace

Answer<Json> create_subscription_item(const Call& call) {
  const auto id = text_of(call.params, "subscription");
  Json* subscription = call.scene.account.find("subscription", id);
  if (subscription == nullptr) return no_such("subscription", id, "subscription");
  const auto changed =
      change_subscription(call.scene, *subscription, as_update(call.params, ""), true);
  if (!changed) return std::unexpected(changed.error());
  return subscription->at("items").at("data").back();
}

Answer<Json> read_subscription_item(const Call& call) {
  const auto found = find_item(call.scene.account, call.id);
  if (found.item == nullptr) return no_such("subscription_item", call.id);
  return *found.item;
}

Answer<Json> update_subscription_item(const Call& call) {
  const auto found = find_item(call.scene.account, call.id);
  if (found.item == nullptr) return no_such("subscription_item", call.id);
  const auto changed =
      change_subscription(call.scene, *found.subscription, as_update(call.params, call.id), true);
  if (!changed) return std::unexpected(changed.error());
  return read_subscription_item(call);
}

Answer<Json> delete_subscription_item(const Call& call) {
  const auto found = find_item(call.scene.account, call.id);
  if (found.item == nullptr) return no_such("subscription_item", call.id);
  Json params = call.params;
  params["deleted"] = true;
  const auto changed =
      change_subscription(call.scene, *found.subscription, as_update(params, call.id), true);
  if (!changed) return std::unexpected(changed.error());
  return Json{{"id", call.id}, {"object", "subscription_item"}, {"deleted", true}};
}

Answer<Json> list_subscription_items(const Call& call) {
  const auto id = text_of(call.params, "subscription");
  const Json* subscription = call.scene.account.find("subscription", id);
  if (subscription == nullptr) return no_such("subscription", id, "subscription");
  return list_within(call, "subscription_item", subscription->at("items").at("data"),
                     "/v1/subscription_items");
}

}  // namespace sequent::sandbox::stripe
