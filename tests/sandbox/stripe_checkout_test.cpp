// Checkout sessions, the customer's payment, and the invoices, subscriptions and refunds behind it.
#include "support.hpp"

namespace sequent::sandbox {
namespace {

const std::string sessions = "/v1/checkout/sessions";
const std::string mug = "&line_items[0][price]=price_mug&line_items[0][quantity]=1";

Json pay(StripeTest& test, const std::string& session, const std::string& outcome) {
  return test.stripe.admin("checkout/" + session + "/pay", {{"outcome", outcome}});
}

TEST_CASE("an embedded session has a client secret and needs a return URL") {
  StripeTest test;
  const auto made = test.stripe.post(
      sessions, "mode=payment&ui_mode=embedded_page&return_url=https://x.test" + mug);
  CHECK(made.status == 200);
  CHECK(made.body["client_secret"].get<std::string>().starts_with(
      made.body["id"].get<std::string>()));
  CHECK(made.body["url"].is_null());
  CHECK(made.body["amount_total"] == 1200);
  CHECK(made.body["payment_status"] == "unpaid");
  CHECK(made.body["payment_intent"].is_null());

  const auto without = test.stripe.post(sessions, "mode=payment&ui_mode=embedded_page" + mug);
  CHECK(without.body["error"]["code"] == "parameter_missing");
  CHECK(without.body["error"]["param"] == "return_url");
  CHECK(test.stripe
            .post(sessions, "mode=payment&ui_mode=embedded_page&redirect_on_completion=never" + mug)
            .status == 200);
  CHECK(test.stripe
            .post(sessions,
                  "mode=payment&ui_mode=embedded_page&return_url=https://x.test&success_url=https:/"
                  "/x.test" +
                      mug)
            .status == 400);
}

TEST_CASE("a hosted session has a URL and needs a success URL") {
  StripeTest test;
  const auto made = test.stripe.post(
      sessions, "mode=payment&success_url=https://x.test/{CHECKOUT_SESSION_ID}" + mug);
  CHECK(made.status == 200);
  CHECK(made.body["client_secret"].is_null());
  CHECK(made.body["url"].is_string());
  CHECK(made.body["ui_mode"] == "hosted_page");
  CHECK(test.stripe.post(sessions, "mode=payment" + mug).body["error"]["param"] == "success_url");
  CHECK(
      test.stripe.post(sessions, "mode=payment&success_url=nowhere" + mug).body["error"]["code"] ==
      "url_invalid");
}

TEST_CASE("ui_mode has the names of the client's version") {
  StripeTest test;
  const std::string rest = "&mode=payment&return_url=https://x.test" + mug;
  const HeaderMap old{{"Stripe-Version", "2023-08-16"}};
  const auto embedded = test.stripe.post(sessions, "ui_mode=embedded" + rest, old);
  CHECK(embedded.body["ui_mode"] == "embedded");
  CHECK(test.read(sessions + "/" + embedded.body["id"].get<std::string>())["ui_mode"] ==
        "embedded_page");
  CHECK(test.stripe.post(sessions, "ui_mode=embedded" + rest).status == 400);
  CHECK(test.stripe.post(sessions, "ui_mode=embedded_page" + rest, old).status == 400);
}

TEST_CASE("the basket must fit the mode") {
  StripeTest test;
  const std::string monthly =
      "&line_items[1][price]=price_website_monthly&line_items[1][quantity]=1";
  const std::string url = "&success_url=https://x.test";
  const auto mixed = test.stripe.post(sessions, "mode=payment" + url + mug + monthly);
  CHECK(mixed.status == 400);
  CHECK(mixed.body["error"]["param"] == "line_items");
  CHECK(test.stripe.post(sessions, "mode=subscription" + url + mug + monthly).status == 200);
  CHECK(test.stripe.post(sessions, "mode=subscription" + url + mug).status == 400);
  CHECK(test.stripe.post(sessions, "mode=payment" + url).body["error"]["code"] ==
        "parameter_missing");
  CHECK(test.stripe.post(sessions, "mode=setup" + url + mug).status == 400);
  CHECK(test.stripe.post(sessions, "mode=setup" + url).body["payment_status"] ==
        "no_payment_required");
  CHECK(test.stripe.post(sessions, "mode=payment" + url + "&line_items[0][price]=price_mug")
            .body["error"]["param"] == "line_items[0][quantity]");
  CHECK(
      test.stripe.post(sessions, "mode=subscription&invoice_creation[enabled]=true" + url + monthly)
          .status == 400);
  const std::string cheap =
      "&line_items[0][quantity]=1&line_items[0][price_data][currency]=eur&line_items[0][price_data]"
      "[unit_amount]=10&line_items[0][price_data][product_data][name]=Pin";
  CHECK(test.stripe.post(sessions, "mode=payment" + url + cheap).body["error"]["code"] ==
        "amount_too_small");
}

TEST_CASE("references, large metadata and expiry times have their limits") {
  StripeTest test;
  const std::string base = "mode=payment&success_url=https://x.test" + mug;
  const auto status = [&](const std::string& more) {
    return test.stripe.post(sessions, base + more).status;
  };
  CHECK(status("&client_reference_id=" + std::string(200, 'r')) == 200);
  CHECK(status("&client_reference_id=" + std::string(201, 'r')) == 400);
  CHECK(status("&metadata[data]=" + std::string(501, 'd')) == 400);
  const auto now = test_start / 1000;
  CHECK(status("&expires_at=" + std::to_string(now + 1800)) == 200);
  CHECK(status("&expires_at=" + std::to_string(now + 1799)) == 400);
  CHECK(status("&expires_at=" + std::to_string(now + 86400)) == 200);
  CHECK(status("&expires_at=" + std::to_string(now + 86401)) == 400);
}

TEST_CASE("a paid session has an intent, a charge and, where asked for, an invoice") {
  StripeTest test;
  const auto customer = test.customer();
  const auto id = test.session("payment", "price_mug",
                               "&customer=" + customer +
                                   "&invoice_creation[enabled]=true&payment_intent_data[metadata]["
                                   "order]=7&metadata[order]=7");
  const Json paid = pay(test, id, "paid");
  CHECK(paid["status"] == "complete");
  CHECK(paid["payment_status"] == "paid");
  const Json intent = test.read("/v1/payment_intents/" + paid["payment_intent"].get<std::string>() +
                                "?expand[]=latest_charge");
  CHECK(intent["status"] == "succeeded");
  CHECK(intent["amount_received"] == 2400);
  CHECK(intent["metadata"]["order"] == "7");
  CHECK(intent["latest_charge"]["paid"] == true);
  const Json invoice = test.read("/v1/invoices/" + paid["invoice"].get<std::string>());
  CHECK(invoice["status"] == "paid");
  CHECK(invoice["number"].is_string());
  CHECK(invoice["hosted_invoice_url"].is_string());
  CHECK(invoice["invoice_pdf"].is_string());
  CHECK(invoice["amount_paid"] == 2400);
  CHECK(invoice["customer"] == customer);
  CHECK(invoice["lines"]["data"][0]["period"].contains("start"));
  CHECK(test.read("/v1/invoices?customer=" + customer)["data"].size() == 1);
  CHECK(test.event_types() ==
        std::vector<std::string>{"customer.created", "payment_intent.created", "charge.succeeded",
                                 "payment_intent.succeeded", "invoice.created", "invoice.finalized",
                                 "invoice.paid", "invoice.payment_succeeded",
                                 "invoice_payment.paid", "checkout.session.completed"});
  CHECK(test.stripe.post("/_sandbox/checkout/" + id + "/pay").status == 409);
}

TEST_CASE("invoice events show the invoice as it was: draft without number, open, paid") {
  StripeTest test;
  pay(test, test.session("payment", "price_mug", "&invoice_creation[enabled]=true"), "paid");
  const auto invoice_of = [&](const std::string& type) {
    const Json events = test.read("/v1/events?type=" + type);
    REQUIRE(events["data"].size() == 1);
    return events["data"][0]["data"]["object"];
  };
  const Json draft = invoice_of("invoice.created");
  CHECK(draft["status"] == "draft");
  CHECK(draft["number"].is_null());
  CHECK(draft["hosted_invoice_url"].is_null());
  const Json open = invoice_of("invoice.finalized");
  CHECK(open["status"] == "open");
  CHECK(open["number"].is_string());
  CHECK(open["amount_paid"] == 0);
  CHECK(invoice_of("invoice.paid")["status"] == "paid");
}

TEST_CASE("a one-off payment without invoice_creation has no invoice and no customer") {
  StripeTest test;
  const Json paid = pay(test, test.session("payment", "price_mug"), "paid");
  CHECK(paid["invoice"].is_null());
  CHECK(paid["customer"].is_null());
  CHECK(test.read("/v1/invoices")["data"].empty());
}

TEST_CASE("a paid subscription session starts a subscription with its first invoice") {
  StripeTest test;
  const Json paid = pay(
      test,
      test.session("subscription", "price_website_monthly", "&subscription_data[metadata][site]=9"),
      "paid");
  CHECK(paid["payment_intent"].is_null());
  const auto id = paid["subscription"].get<std::string>();
  const Json subscription = test.read("/v1/subscriptions/" + id);
  CHECK(subscription["status"] == "active");
  CHECK(subscription["metadata"]["site"] == "9");
  CHECK(subscription["latest_invoice"] == paid["invoice"]);
  CHECK(subscription["customer"] == paid["customer"]);
  const Json item = subscription["items"]["data"][0];
  CHECK(item["current_period_end"].get<std::int64_t>() -
            item["current_period_start"].get<std::int64_t>() ==
        30 * 86400);
  const Json invoice = test.read("/v1/invoices/" + paid["invoice"].get<std::string>());
  CHECK(invoice["parent"]["subscription_details"]["subscription"] == id);
  CHECK_FALSE(invoice.contains("payment_intent"));
  const auto old = test.stripe.get("/v1/invoices/" + paid["invoice"].get<std::string>(),
                                   {{"Stripe-Version", "2023-08-16"}});
  CHECK(old.body["subscription"] == id);
  CHECK(old.body["paid"] == true);
  CHECK(old.body["payment_intent"].is_string());
  const auto old_subscription =
      test.stripe.get("/v1/subscriptions/" + id, {{"Stripe-Version", "2023-08-16"}});
  CHECK(old_subscription.body["current_period_end"] == item["current_period_end"]);

  CHECK(test.stripe.call("DELETE", "/v1/subscriptions/" + id).body["status"] == "canceled");
  CHECK(test.read("/v1/subscriptions")["data"].empty());
  CHECK(test.read("/v1/subscriptions?status=all")["data"].size() == 1);
}

TEST_CASE("completed is not paid while the bank has not answered") {
  StripeTest test;
  const bool success = GENERATE(true, false);
  const auto id = test.session("subscription", "price_website_monthly");
  const Json unpaid = pay(test, id, success ? "unpaid-then-async-success" : "async-failure");
  CHECK(unpaid["status"] == "complete");
  CHECK(unpaid["payment_status"] == "unpaid");
  const auto subscription = "/v1/subscriptions/" + unpaid["subscription"].get<std::string>();
  CHECK(test.read(subscription)["status"] == "incomplete");
  test.stripe.now += 1'000;
  const Json later = test.read(sessions + "/" + id);
  CHECK(later["status"] == "complete");
  CHECK(later["payment_status"] == (success ? "paid" : "unpaid"));
  CHECK(test.read(subscription)["status"] == (success ? "active" : "incomplete_expired"));
  CHECK(test.read("/v1/invoices/" + later["invoice"].get<std::string>())["status"] ==
        (success ? "paid" : "open"));
  CHECK(test.event_types().back() == (success ? "checkout.session.async_payment_succeeded"
                                              : "checkout.session.async_payment_failed"));
}

TEST_CASE("a declined card leaves the session open for another try with the same intent") {
  StripeTest test;
  const auto id = test.session("payment", "price_mug");
  const Json declined = pay(test, id, "declined");
  CHECK(declined["status"] == "open");
  const auto intent = declined["payment_intent"].get<std::string>();
  CHECK(test.read("/v1/payment_intents/" + intent)["last_payment_error"]["code"] ==
        "card_declined");
  const Json paid = pay(test, id, "paid");
  CHECK(paid["payment_intent"] == intent);
  CHECK(test.read("/v1/payment_intents/" + intent)["status"] == "succeeded");
}

TEST_CASE("sessions expire when asked and by themselves, and only while they are open") {
  StripeTest test;
  const auto asked = test.session("payment", "price_mug");
  const auto expired = test.stripe.post(sessions + "/" + asked + "/expire");
  CHECK(expired.body["status"] == "expired");
  CHECK(test.stripe.post(sessions + "/" + asked + "/expire").status == 400);
  const auto left = test.session("payment", "price_mug");
  const auto paid = test.session("payment", "price_mug");
  pay(test, paid, "paid");
  test.stripe.admin("clock", {{"advanceSeconds", 24 * 3600}});
  CHECK(test.read(sessions + "/" + left)["status"] == "expired");
  CHECK(test.read(sessions + "/" + paid)["status"] == "complete");
  CHECK(test.read("/v1/events?type=checkout.session.expired")["data"].size() == 2);
  CHECK(test.read(sessions + "?status=expired")["data"].size() == 2);
}

TEST_CASE("a charge is refunded at most once, in parts if wanted") {
  StripeTest test;
  const Json paid = pay(test, test.session("payment", "price_mug"), "paid");
  const auto intent = "payment_intent=" + paid["payment_intent"].get<std::string>();
  const auto part = test.stripe.post("/v1/refunds", intent + "&amount=400&metadata[why]=late");
  CHECK(part.body["status"] == "succeeded");
  CHECK(part.body["amount"] == 400);
  CHECK(test.stripe.post("/v1/refunds", intent + "&amount=2001").status == 400);
  CHECK(test.stripe.post("/v1/refunds", intent).body["amount"] == 2000);
  const auto again = test.stripe.post("/v1/refunds", intent);
  CHECK(again.status == 400);
  CHECK(again.body["error"]["code"] == "charge_already_refunded");
  CHECK(test.read("/v1/refunds?" + intent)["data"].size() == 2);
  const auto open = test.session("payment", "price_mug");
  const Json declined = pay(test, open, "declined");
  CHECK(test.stripe
            .post("/v1/refunds", "payment_intent=" + declined["payment_intent"].get<std::string>())
            .status == 400);
}

TEST_CASE("the administration refuses what it does not understand") {
  StripeTest test;
  const auto id = test.session("payment", "price_mug");
  const auto status = [&](const std::string& path, const std::string& body) {
    return test.stripe.post("/_sandbox/" + path, body).status;
  };
  CHECK(status("checkout/" + id + "/pay", R"({"outcome":"maybe"})") == 400);
  CHECK(status("checkout/" + id + "/pay", R"({"outcme":"paid"})") == 400);
  CHECK(status("checkout/" + id + "/pay", "paid") == 400);
  CHECK(status("checkout/cs_none/pay", "") == 404);
  CHECK(status("checkout/" + id + "/steal", "") == 404);
  CHECK(status("clock", R"({"advanceSeconds":-1})") == 400);
  CHECK(status("webhook-endpoints", R"({"url":"ftp://x","secret":"s"})") == 400);
  CHECK(status("webhook-endpoints", R"({"url":"http://x"})") == 400);
  CHECK(status("nothing", "") == 404);
  const Json state = test.stripe.get("/_sandbox/state").body;
  CHECK(state["accounts"]["platform"]["checkout.session"]["count"] == 1);
  CHECK(state["accounts"]["platform"]["price"]["count"] == 5);
}

}  // namespace
}  // namespace sequent::sandbox
