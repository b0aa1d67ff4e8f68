#include "sandbox/stripe/portal.hpp"

namespace sequent::sandbox::stripe {
namespace {

const Json& blank_configuration() {
  static const Json blank = Json::parse(R"({
    "object": "billing_portal.configuration", "active": true, "application": null,
    "business_profile": {"headline": null, "privacy_policy_url": null,
                         "terms_of_service_url": null},
    "default_return_url": null,
    "features": {
      "customer_update": {"allowed_updates": [], "enabled": false},
      "invoice_history": {"enabled": false},
      "payment_method_update": {"enabled": false, "payment_method_configuration": null},
      "subscription_cancel": {"cancellation_reason": {"enabled": false, "options": []},
                              "enabled": false, "mode": "at_period_end",
                              "proration_behavior": "none"},
      "subscription_update": {"billing_cycle_anchor": null, "default_allowed_updates": [],
                              "enabled": false, "products": null, "proration_behavior": "none",
                              "schedule_at_period_end": {"conditions": []},
                              "trial_update_behavior": "end_trial"}},
    "is_default": false, "livemode": false, "login_page": {"enabled": false, "url": null},
    "metadata": {}, "name": null})");
  return blank;
}

Answer<void> check_url(const Json& params, const std::string& name, const std::string& within) {
  const auto url = text_of(params, name);
  if (url.empty() || url.starts_with("https://") || url.starts_with("http://")) return {};
  return bad_parameter("url_invalid", within.empty() ? name : within + "[" + name + "]",
                       "Invalid URL: An explicit scheme (such as https) must be provided.");
}

Answer<void> check_configuration(const Call& call) {
  const auto back = check_url(call.params, "default_return_url", "");
  if (!back) return back;
  const Json profile = call.params.value("business_profile", Json());
  if (!profile.is_object()) return {};
  for (const char* name : {"privacy_policy_url", "terms_of_service_url"}) {
    const auto url = check_url(profile, name, "business_profile");
    if (!url) return url;
  }
  return {};
}

// A group that is given in part leaves the rest of it as it is.
void merge(Json& object, const Json& given) {
  for (const auto& [name, value] : given.items()) {
    const bool kept = object.contains(name) && !object.at(name).is_string();
    if (value.is_null() && kept) continue;  // only texts can be unset
    if (value.is_object() && object.contains(name) && object.at(name).is_object()) {
      merge(object[name], value);
    } else {
      object[name] = value;
    }
  }
}

void apply(Json& configuration, const Json& params) {
  for (const char* name :
       {"active", "business_profile", "default_return_url", "features", "login_page", "name"})
    if (params.contains(name)) merge(configuration, {{name, params.at(name)}});
  merge_metadata(configuration, params);
  const bool page = configuration.at("login_page").at("enabled").get<bool>();
  configuration["login_page"]["url"] =
      page ? Json("https://billing.stripe.com/p/login/" + text_of(configuration, "id")) : Json();
}

}  // namespace

Answer<Json> create_portal_configuration(const Call& call) {
  const auto good = check_configuration(call);
  if (!good) return std::unexpected(good.error());
  Json made = blank_configuration();
  made["id"] = call.scene.world.make_id("bpc_");
  made["created"] = call.scene.seconds();
  made["updated"] = call.scene.seconds();
  apply(made, call.params);
  Json& stored = call.scene.account.add(std::move(made));
  emit(call.scene, "billing_portal.configuration.created", stored);
  return stored;
}

Answer<Json> update_portal_configuration(const Call& call) {
  Json* configuration = call.scene.account.find("billing_portal.configuration", call.id);
  if (configuration == nullptr) return no_such("configuration", call.id);
  const auto good = check_configuration(call);
  if (!good) return std::unexpected(good.error());
  if (configuration->at("is_default") == true && call.params.value("active", Json(true)) == false)
    return refused("", "active", "The default configuration cannot be deactivated.");
  const Json before = *configuration;
  apply(*configuration, call.params);
  if (before == *configuration) return *configuration;
  (*configuration)["updated"] = call.scene.seconds();
  emit(call.scene, "billing_portal.configuration.updated", *configuration,
       previous_attributes(before, *configuration));
  return *configuration;
}

void seed_portal(Scene& scene) {
  Json made = blank_configuration();
  made["id"] = "bpc_default";
  made["created"] = scene.seconds();
  made["updated"] = scene.seconds();
  made["is_default"] = true;
  Json& features = made["features"];
  features["customer_update"] = {{"allowed_updates", {"email", "address"}}, {"enabled", true}};
  for (const char* name :
       {"invoice_history", "payment_method_update", "subscription_cancel", "subscription_update"})
    features[name]["enabled"] = true;
  features["subscription_update"]["default_allowed_updates"] = {"price", "quantity"};
  features["subscription_update"]["proration_behavior"] = "create_prorations";
  scene.account.add(std::move(made));
}

}  // namespace sequent::sandbox::stripe
