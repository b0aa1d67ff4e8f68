#include "sandbox/stripe/billing.hpp"

#include <cmath>

#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {
namespace {

const Json& blank_intent() {
  static const Json blank = Json::parse(R"({
    "object": "payment_intent", "amount_capturable": 0, "amount_details": {"tip": {}},
    "amount_received": 0, "application": null, "application_fee_amount": null,
    "automatic_payment_methods": null, "canceled_at": null, "cancellation_reason": null,
    "capture_method": "automatic_async", "confirmation_method": "automatic", "customer": null,
    "customer_account": null, "description": null, "excluded_payment_method_types": null,
    "last_payment_error": null, "latest_charge": null, "livemode": false, "managed_payments": null,
    "metadata": {}, "next_action": null, "on_behalf_of": null, "payment_method": null,
    "payment_method_configuration_details": null, "payment_method_options": {},
    "payment_method_types": ["card"], "processing": null, "receipt_email": null, "review": null,
    "setup_future_usage": null, "shipping": null, "source": null, "statement_descriptor": null,
    "statement_descriptor_suffix": null, "status": "requires_payment_method",
    "transfer_data": null, "transfer_group": null})");
  return blank;
}

const Json& blank_charge() {
  static const Json blank = Json::parse(R"({
    "object": "charge", "amount_refunded": 0, "application": null, "application_fee": null,
    "application_fee_amount": null, "balance_transaction": null,
    "billing_details": {"address": {"city": null, "country": null, "line1": null, "line2": null,
                                    "postal_code": null, "state": null},
                        "email": null, "name": null, "phone": null, "tax_id": null},
    "calculated_statement_descriptor": null, "description": null, "disputed": false,
    "failure_balance_transaction": null, "failure_code": null, "failure_message": null,
    "fraud_details": {}, "livemode": false, "metadata": {}, "on_behalf_of": null, "outcome": null,
    "payment_method": null, "payment_method_details": null, "receipt_email": null,
    "receipt_number": null, "receipt_url": null, "refunded": false, "review": null,
    "shipping": null, "source": null, "source_transfer": null, "statement_descriptor": null,
    "statement_descriptor_suffix": null, "transfer_data": null, "transfer_group": null})");
  return blank;
}

Json new_intent(Scene& scene, const Json& amount, const Json& currency, const Json& customer) {
  Json intent = blank_intent();
  const auto id = scene.world.make_id("pi_");
  intent["id"] = id;
  intent["amount"] = amount;
  intent["currency"] = currency;
  intent["customer"] = customer;
  intent["client_secret"] = id + "_secret_" + scene.world.make_id("", 25);
  intent["created"] = scene.seconds();
  return intent;
}

}  // namespace

Json& set_up(Scene& scene, const Json& session) {
  static const Json blank = Json::parse(R"({
    "object": "setup_intent", "application": null, "attach_to_self": false,
    "automatic_payment_methods": null, "cancellation_reason": null, "customer_account": null,
    "description": null, "excluded_payment_method_types": null, "flow_directions": null,
    "last_setup_error": null, "latest_attempt": null, "livemode": false, "managed_payments": null,
    "mandate": null, "metadata": {}, "next_action": null, "on_behalf_of": null,
    "payment_method_configuration_details": null, "payment_method_options": {},
    "payment_method_types": ["card"], "single_use_mandate": null, "status": "succeeded",
    "usage": "off_session"})");
  Json intent = blank;
  const auto id = scene.world.make_id("seti_");
  intent["id"] = id;
  intent["client_secret"] = id + "_secret_" + scene.world.make_id("", 25);
  intent["created"] = scene.seconds();
  intent["customer"] = session.at("customer");
  intent["payment_method"] = scene.world.make_id("pm_");
  Json& stored = scene.account.add(std::move(intent));
  emit(scene, "setup_intent.succeeded", stored);
  return stored;
}

Json& intent_of_session(Scene& scene, Json& session) {
  // Only a one-off payment's session names its intent; a subscription's is found by its invoice.
  const char* member = session.at("mode") == "payment" ? "payment_intent" : "_payment_intent";
  if (Json* known = scene.account.find("payment_intent", text_of(session, member))) return *known;
  Json intent =
      new_intent(scene, session.at("amount_total"), session.at("currency"), session.at("customer"));
  merge_metadata(intent, session.at("_payment_intent_data"));
  session[member] = intent.at("id");
  Json& stored = scene.account.add(std::move(intent));
  emit(scene, "payment_intent.created", stored);
  return stored;
}

Json& intent_of_invoice(Scene& scene, Json& invoice) {
  if (Json* known = scene.account.find("payment_intent", text_of(invoice, "_payment_intent")))
    return *known;
  const Json& amount = invoice.at("amount_due");
  Json intent = new_intent(scene, amount, invoice.at("currency"), invoice.at("customer"));
  intent["on_behalf_of"] = invoice.at("on_behalf_of");
  if (const Json* subscription = subscription_of(scene.account, invoice)) {
    intent["description"] = invoice.at("billing_reason") == "subscription_create"
                                ? "Subscription creation"
                                : "Subscription update";
    intent["setup_future_usage"] = "off_session";
    intent["transfer_data"] = subscription->at("transfer_data");
    const Json& percent = subscription->at("application_fee_percent");
    if (percent.is_number())
      intent["application_fee_amount"] =
          std::llround(amount.get<double>() * percent.get<double>() / 100);
  }
  invoice["_payment_intent"] = intent.at("id");
  scene.account.add({{"id", scene.world.make_id("inpay_")},
                     {"object", "invoice_payment"},
                     {"amount_paid", nullptr},
                     {"amount_requested", amount},
                     {"created", scene.seconds()},
                     {"currency", invoice.at("currency")},
                     {"invoice", invoice.at("id")},
                     {"is_default", true},
                     {"livemode", false},
                     {"payment", {{"type", "payment_intent"}, {"payment_intent", intent.at("id")}}},
                     {"status", "open"},
                     {"status_transitions", {{"canceled_at", nullptr}, {"paid_at", nullptr}}}});
  Json& stored = scene.account.add(std::move(intent));
  emit(scene, "payment_intent.created", stored);
  return stored;
}

Json& charge_intent(Scene& scene, Json& intent, bool success, const std::string& given) {
  Json charge = blank_charge();
  const auto method = given.empty() ? scene.world.make_id("pm_") : given;
  charge["id"] = scene.world.make_id("ch_");
  charge["amount"] = intent.at("amount");
  charge["amount_captured"] = success ? intent.at("amount") : Json(0);
  charge["captured"] = success;
  charge["created"] = scene.seconds();
  charge["currency"] = intent.at("currency");
  charge["customer"] = intent.at("customer");
  charge["metadata"] = intent.at("metadata");
  charge["paid"] = success;
  for (const char* name : {"application_fee_amount", "on_behalf_of", "transfer_data"})
    charge[name] = intent.at(name);
  charge["payment_intent"] = intent.at("id");
  charge["payment_method"] = method;
  charge["status"] = success ? "succeeded" : "failed";
  intent["latest_charge"] = charge.at("id");
  if (success) {
    intent["status"] = "succeeded";
    intent["amount_received"] = intent.at("amount");
    intent["payment_method"] = method;
    intent["last_payment_error"] = nullptr;
    intent["next_action"] = nullptr;
  } else {
    charge["failure_code"] = "card_declined";
    charge["failure_message"] = "Your card was declined.";
    intent["status"] = "requires_payment_method";
    intent["last_payment_error"] = {{"type", "card_error"},
                                    {"code", "card_declined"},
                                    {"decline_code", "generic_decline"},
                                    {"message", "Your card was declined."},
                                    {"charge", charge.at("id")}};
  }
  Json& stored = scene.account.add(std::move(charge));
  emit(scene, success ? "charge.succeeded" : "charge.failed", stored);
  emit(scene, success ? "payment_intent.succeeded" : "payment_intent.payment_failed", intent);
  return stored;
}

std::string payment_method_of(Account& account, const Json& holder) {
  for (const char* name : {"default_payment_method", "default_source"})
    if (holder.at(name).is_string()) return text_of(holder, name);
  if (text_of(holder, "object") == "invoice")
    if (const Json* subscription = subscription_of(account, holder))
      return payment_method_of(account, *subscription);
  const Json* customer = account.find("customer", text_of(holder, "customer"));
  if (customer == nullptr || customer->value("_deleted", false)) return "";
  const auto preferred = text_of(customer->at("invoice_settings"), "default_payment_method");
  return preferred.empty() ? text_of(*customer, "default_source") : preferred;
}

CardAnswer ask_card(Account& account, const Json& holder, const std::string& method) {
  if (method.empty()) return CardAnswer::no_card;
  const Json* customer = account.find("customer", text_of(holder, "customer"));
  if (customer != nullptr && customer->value("_card_fails", false)) return CardAnswer::declined;
  const auto says = [&](const char* word) { return method.find(word) != std::string::npos; };
  if (says("authenticationRequired")) return CardAnswer::needs_action;
  return says("Declined") || says("Fail") ? CardAnswer::declined : CardAnswer::approved;
}

Answer<void> check_payment_method(const Json& params, const std::string& name) {
  const auto id = text_of(params, name);
  if (id.empty() || id.starts_with("pm_") || id.starts_with("card_") || id.starts_with("src_"))
    return {};
  return no_such(name == "default_source" ? "source" : "PaymentMethod", id, name);
}

std::unexpected<ApiError> card_refused(CardAnswer answer) {
  if (answer == CardAnswer::no_card)
    return refused("resource_missing", "",
                   "This customer has no attached payment source or default payment method.");
  ApiError error{.status = 402, .type = "card_error", .executed = true};
  if (answer == CardAnswer::needs_action) {
    error.code = "subscription_payment_intent_requires_action";
    error.message = "Payment for this subscription requires additional user action.";
  } else {
    error.code = "card_declined";
    error.decline_code = "generic_decline";
    error.message = "Your card was declined.";
  }
  return std::unexpected(std::move(error));
}

}  // namespace sequent::sandbox::stripe
