#include "sandbox/stripe/portal.hpp"

namespace sequent::sandbox::stripe {
namespace {

Answer<void> check_visitor(const Call& call) {
  const auto id = text_of(call.params, "customer");
  if (id.empty())
    return bad_parameter("parameter_missing", "customer", "Missing required param: customer.");
  const Json* customer = call.scene.account.find("customer", id);
  if (customer == nullptr || customer->value("_deleted", false))
    return no_such("customer", id, "customer");
  return {};
}

Answer<void> check_address(const Call& call) {
  const auto url = text_of(call.params, "return_url");
  if (url.empty() || url.starts_with("https://") || url.starts_with("http://")) return {};
  return bad_parameter("url_invalid", "return_url",
                       "Invalid URL: An explicit scheme (such as https) must be provided.");
}

Answer<const Json*> configuration_of(const Call& call) {
  const auto id = text_of(call.params, "configuration");
  auto& all = call.scene.account.kinds["billing_portal.configuration"];
  if (id.empty()) {
    for (const auto& entry : all.by_id)
      if (entry.second.at("is_default") == true) return &entry.second;
    return refused("", "",
                   "No configuration was given, and this account has none by default: save the "
                   "portal's settings, or name a configuration.");
  }
  const auto found = all.by_id.find(id);
  if (found == all.by_id.end()) return no_such("configuration", id, "configuration");
  if (found->second.at("active") != true)
    return refused("", "configuration", "The configuration `" + id + "` is not active.");
  return &found->second;
}

std::string feature_of(const std::string& flow) {
  return flow == "subscription_update_confirm" ? "subscription_update" : flow;
}

Answer<void> check_flow(const Call& call, const Json& flow, const Json& configuration) {
  const auto type = text_of(flow, "type");
  const auto feature = feature_of(type);
  if (configuration.at("features").at(feature).at("enabled") != true)
    return refused("", "flow_data[type]",
                   "The flow `" + type + "` needs the feature `" + feature +
                       "`, which the configuration `" + text_of(configuration, "id") +
                       "` does not have.");
  for (const char* other :
       {"subscription_cancel", "subscription_update", "subscription_update_confirm"})
    if (type != other && flow.contains(other))
      return bad_parameter(
          "", "flow_data[" + std::string(other) + "]",
          "flow_data[" + std::string(other) + "] does not go with the type `" + type + "`.");
  if (type == "payment_method_update") return {};
  const auto within = "flow_data[" + type + "]";
  if (!flow.contains(type) || !flow.at(type).is_object())
    return bad_parameter("parameter_missing", within, "Missing required param: " + within + ".");
  const auto id = text_of(flow.at(type), "subscription");
  const Json* subscription = call.scene.account.find("subscription", id);
  if (subscription == nullptr) return no_such("subscription", id, within + "[subscription]");
  if (subscription->at("customer") != call.params.at("customer"))
    return refused("", within + "[subscription]",
                   "The subscription `" + id + "` is not one of the session's customer.");
  return {};
}

// The flow with every member that the published description has.
Json shown(const Json& flow) {
  Json complete{
      {"type", flow.at("type")},
      {"after_completion",
       {{"type", "portal_homepage"}, {"redirect", nullptr}, {"hosted_confirmation", nullptr}}},
      {"subscription_cancel", nullptr},
      {"subscription_update", nullptr},
      {"subscription_update_confirm", nullptr}};
  if (flow.contains("after_completion") && flow.at("after_completion").is_object())
    complete["after_completion"].update(flow.at("after_completion"));
  for (const auto& [name, value] : flow.items())
    if (name.starts_with("subscription_")) complete[name] = value;
  Json& cancel = complete["subscription_cancel"];
  if (cancel.is_object() && !cancel.contains("retention")) cancel["retention"] = nullptr;
  Json& confirm = complete["subscription_update_confirm"];
  if (confirm.is_object()) {
    if (!confirm.contains("discounts")) confirm["discounts"] = nullptr;
    for (auto& item : confirm["items"])
      if (!item.contains("price")) item["price"] = nullptr;
  }
  return complete;
}

}  // namespace

Answer<Json> create_portal_session(const Call& call) {
  const auto customer = check_visitor(call);
  if (!customer) return std::unexpected(customer.error());
  const auto address = check_address(call);
  if (!address) return std::unexpected(address.error());
  const auto configuration = configuration_of(call);
  if (!configuration) return std::unexpected(configuration.error());
  const Json flow = call.params.value("flow_data", Json());
  if (flow.is_object()) {
    const auto checked = check_flow(call, flow, **configuration);
    if (!checked) return std::unexpected(checked.error());
  }
  const auto secret = call.scene.world.make_id("test_", 32);
  Json session{
      {"id", call.scene.world.make_id("bps_")},
      {"object", "billing_portal.session"},
      {"configuration", (*configuration)->at("id")},
      {"created", call.scene.seconds()},
      {"customer", call.params.at("customer")},
      {"customer_account", nullptr},
      {"flow", flow.is_object() ? shown(flow) : Json()},
      {"livemode", false},
      {"locale", call.params.value("locale", Json())},
      {"on_behalf_of", call.params.value("on_behalf_of", Json())},
      {"return_url", call.params.value("return_url", (*configuration)->at("default_return_url"))},
      {"url", "https://billing.stripe.com/p/session/" + secret}};
  // An address that is good for minutes is nothing that exists: it is neither listed nor told of, so
  // that one which was opened again after a lost answer leaves no trace.
  auto& open = call.scene.account.kinds["billing_portal.session"].by_id;
  session["_number"] = open.size();
  const auto id = text_of(session, "id");
  return open.emplace(id, std::move(session)).first->second;
}

}  // namespace sequent::sandbox::stripe
