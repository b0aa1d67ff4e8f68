#include "base/assert.hpp"
#include "sandbox/stripe/billing.hpp"
#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {
namespace {

const Json& blank_customer() {
  static const Json blank = Json::parse(R"({
    "object": "customer", "address": null, "balance": 0, "business_name": null, "currency": null,
    "customer_account": null, "default_source": null, "delinquent": false, "description": null,
    "discount": null, "email": null, "individual_name": null,
    "invoice_settings": {"custom_fields": null, "default_payment_method": null, "footer": null,
                         "rendering_options": null},
    "livemode": false, "metadata": {}, "name": null, "next_invoice_sequence": 1, "phone": null,
    "preferred_locales": [], "shipping": null, "tax_exempt": "none", "test_clock": null})");
  return blank;
}

// No address check of our own beyond what surely no provider takes.
Answer<void> check_email(const Json& params) {
  const auto email = text_of(params, "email");
  if (email.empty()) return {};
  const auto at = email.find('@');
  const bool good = at != std::string::npos && at > 0 && at + 1 < email.size() &&
                    email.find('@', at + 1) == std::string::npos &&
                    email.find(' ') == std::string::npos;
  if (!good) return bad_parameter("email_invalid", "email", "Invalid email address: " + email);
  return {};
}

Answer<Json*> living_customer(const Call& call) {
  Json* customer = call.scene.account.find("customer", call.id);
  if (customer == nullptr || customer->value("_deleted", false))
    return no_such("customer", call.id);
  return customer;
}

}  // namespace

Json& add_customer(Scene& scene, const Json& params) {
  Json customer = blank_customer();
  customer["id"] = scene.world.make_id("cus_", 14);
  customer["created"] = scene.seconds();
  customer["invoice_prefix"] = scene.world.make_id("", 8);
  // The customer's own address is complete in answers, whatever was given.
  for (const auto& [name, value] : params.items()) {
    if (name == "metadata" || name == "expand" || value.is_null()) continue;
    if (name == "invoice_settings") {
      customer[name].update(value);
    } else {
      customer[name] = value;
    }
  }
  if (customer["address"].is_object())
    for (const char* part : {"city", "country", "line1", "line2", "postal_code", "state"})
      if (!customer["address"].contains(part)) customer["address"][part] = nullptr;
  merge_metadata(customer, params);
  Json& stored = scene.account.add(std::move(customer));
  emit(scene, "customer.created", stored);
  return stored;
}

Answer<Json> create_customer(const Call& call) {
  const auto email = check_email(call.params);
  if (!email) return std::unexpected(email.error());
  return add_customer(call.scene, call.params);
}

Answer<Json> update_customer(const Call& call) {
  const auto customer = living_customer(call);
  if (!customer) return std::unexpected(customer.error());
  const auto email = check_email(call.params);
  if (!email) return std::unexpected(email.error());
  Json previous =
      change_members(**customer, call.params,
                     {"address", "balance", "business_name", "description", "email",
                      "individual_name", "name", "phone", "preferred_locales", "shipping",
                      "tax_exempt", "invoice_prefix", "next_invoice_sequence", "default_source"});
  if (call.params.contains("invoice_settings") && call.params.at("invoice_settings").is_object()) {
    const Json before = (*customer)->at("invoice_settings");
    (**customer)["invoice_settings"].update(call.params.at("invoice_settings"));
    if (before != (*customer)->at("invoice_settings")) previous["invoice_settings"] = before;
  }
  // Stripe is silent about an update that changed nothing.
  if (!previous.empty()) emit(call.scene, "customer.updated", **customer, previous);
  return **customer;
}

Answer<Json> delete_customer(const Call& call) {
  const auto customer = living_customer(call);
  if (!customer) return std::unexpected(customer.error());
  auto& subscriptions = call.scene.account.kinds["subscription"];
  for (const auto& id : subscriptions.order) {
    Json& subscription = subscriptions.by_id.at(id);
    if (subscription.at("customer") == call.id && !has_ended(subscription))
      end_subscription(call.scene, subscription);
  }
  emit(call.scene, "customer.deleted", **customer);
  const Json deleted{{"id", call.id}, {"object", "customer"}, {"deleted", true}};
  Json& stored = **customer;
  stored = deleted;
  stored["_deleted"] = true;
  return deleted;
}

}  // namespace sequent::sandbox::stripe
