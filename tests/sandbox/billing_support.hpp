#pragma once
// What tests of subscriptions and invoices do again and again.
#include "support.hpp"

namespace sequent::sandbox {

inline const std::string monthly = "price_website_monthly";  // 2900 a month
inline const std::string yearly = "price_website_yearly";

struct BillingTest : StripeTest {
  using StripeTest::StripeTest;

  HeaderMap headers;  // of every call: an account, a version

  Json post(const std::string& path, const std::string& body) {
    const auto answered = stripe.post(path, body, headers);
    INFO(path + " " + body + " -> " + dump_json(answered.body));
    REQUIRE(answered.status == 200);
    return answered.body;
  }
  Json get(const std::string& path) {
    const auto answered = stripe.get(path, headers);
    INFO(path + " -> " + dump_json(answered.body));
    REQUIRE(answered.status == 200);
    return answered.body;
  }
  /// The error of a call that must be refused with this status.
  Json refused(const std::string& path, const std::string& body, int status = 400,
               const std::string& method = "POST") {
    const auto answered = stripe.call(method, path, body, headers);
    INFO(method + " " + path + " " + body + " -> " + dump_json(answered.body));
    REQUIRE(answered.status == status);
    return answered.body.at("error");
  }
  std::string payer(const std::string& card = "pm_card_visa") {
    return text_of(
        post("/v1/customers", "email=a%40x.test&invoice_settings[default_payment_method]=" + card),
        "id");
  }
  Json subscribe(const std::string& customer, const std::string& more = "",
                 const std::string& price = monthly) {
    return post("/v1/subscriptions", "customer=" + customer + "&items[0][price]=" + price + more);
  }
  Json subscription(const Json& id) { return get("/v1/subscriptions/" + id.get<std::string>()); }
  Json latest_invoice(const Json& subscription_id) {
    return get("/v1/invoices/" + text_of(subscription(subscription_id), "latest_invoice"));
  }
  /// The newest event of the type.
  Json event(const std::string& type) {
    const Json events = get("/v1/events?limit=1&type=" + type).at("data");
    INFO(type);
    REQUIRE(events.size() == 1);
    return events.at(0);
  }
  Json last_change() {
    return event("customer.subscription.updated").at("data").at("previous_attributes");
  }
  std::size_t count(const std::string& path) { return get(path).at("data").size(); }
  void days(int count) {
    stripe.now += count * 86'400'000LL;
    stripe.get("/v1/account");  // anything: what is due happens with the next call
  }
};

}  // namespace sequent::sandbox
