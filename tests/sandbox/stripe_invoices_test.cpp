// Invoices, and the world in which they are paid or not.
#include "billing_support.hpp"

namespace sequent::sandbox {
namespace {

stripe::StripeOptions told_options(const std::string& version = "2026-07-29.dahlia") {
  stripe::StripeOptions options;
  options.api_version = version;
  options.webhook_url = "http://receiver.test/webhooks/stripe";
  options.webhook_secret = "whsec_one";
  return options;
}

std::vector<Json> delivered(BillingTest& test, const std::string& type) {
  std::vector<Json> events;
  for (const auto& send : test.stand_in.webhooks_due(test.stripe.now))
    if (send.type == type) events.push_back(*parse_json(send.body));
  return events;
}

// An open invoice of a customer who left no card.
std::string open_invoice(BillingTest& test) {
  const auto made = test.subscribe(test.customer(), "&payment_behavior=default_incomplete");
  return text_of(made, "latest_invoice");
}

TEST_CASE("an invoice is taken step by step, each step once") {
  BillingTest test;
  const auto path = "/v1/invoices/" + open_invoice(test);
  test.refused(path + "/finalize", "");
  test.refused(path, "description=late");
  test.refused(path, "", 400, "DELETE");
  SECTION("void is the end, also of the incomplete subscription") {
    CHECK(test.post(path + "/void", "").at("status") == "void");
    test.refused(path + "/void", "");
    test.refused(path + "/pay", "payment_method=pm_card_visa");
    test.refused(path + "/mark_uncollectible", "");
    CHECK(test.event("invoice.voided").at("data").at("object").at("status") == "void");
    CHECK(test.count("/v1/subscriptions?status=incomplete_expired") == 1);
    CHECK(test.get("/v1/invoice_payments").at("data").at(0).at("status") == "canceled");
  }
  SECTION("what is uncollectible can still be paid") {
    CHECK(test.post(path + "/mark_uncollectible", "").at("status") == "uncollectible");
    test.event("invoice.marked_uncollectible");
    test.refused(path + "/mark_uncollectible", "");
    CHECK(test.post(path + "/pay", "payment_method=pm_card_visa").at("status") == "paid");
    test.refused(path + "/void", "");
  }
  SECTION("without a card nothing can be taken, outside of Stripe it can") {
    test.refused(path + "/pay", "");
    CHECK(test.post(path + "/pay", "paid_out_of_band=true").at("status") == "paid");
    CHECK(test.count("/v1/events?type=charge.succeeded") == 0);
    CHECK(test.count("/v1/subscriptions?status=active") == 1);
  }
  SECTION("an action that the customer must take leaves it open") {
    CHECK(test.refused(path + "/pay", "payment_method=pm_card_authenticationRequired", 402)
              .at("code") == "invoice_payment_intent_requires_action");
    test.event("invoice.payment_action_required");
  }
}

TEST_CASE("a draft can be changed, deleted, finalized") {
  BillingTest test;
  const auto customer = test.payer();
  const auto draft = [&](const std::string& more = "") {
    return text_of(test.post("/v1/invoices", "customer=" + customer + more), "id");
  };
  const auto one = "/v1/invoices/" + draft("&description=Extra");
  CHECK(test.get(one).at("status") == "draft");
  CHECK(test.get(one).at("number") == nullptr);
  CHECK(test.post(one, "footer=Thanks").at("footer") == "Thanks");
  CHECK(test.event("invoice.updated").at("data").at("previous_attributes") ==
        Json{{"footer", nullptr}});
  const auto done = test.post(one + "/finalize", "");
  CHECK(done.at("status") == "paid");  // nothing was due
  CHECK(done.at("number").is_string());
  const auto two = draft();
  CHECK(test.stripe.call("DELETE", "/v1/invoices/" + two).body.at("deleted") == true);
  CHECK(test.stripe.get("/v1/invoices/" + two).status == 404);
  const auto three = "/v1/invoices/" + draft("&auto_advance=true");
  test.stripe.now += 3'600'000;
  CHECK(test.get(three).at("status") == "paid");
  CHECK(test.refused("/v1/invoices", "customer=cus_none").at("param") == "customer");
  const auto id = text_of(test.subscribe(customer), "id");
  CHECK(test.refused("/v1/invoices", "customer=" + customer + "&subscription=" + id).at("code") ==
        "invoice_no_subscription_line_items");
}

TEST_CASE("a period renews by itself; a failing card makes it past_due, then unpaid") {
  BillingTest test;
  const auto customer = test.payer();
  const auto id = text_of(test.subscribe(customer), "id");
  test.stripe.admin("customers/" + customer + "/card", {{"fails", true}});
  test.days(30);
  CHECK(test.last_change().contains("items"));
  CHECK(test.latest_invoice(id).at("billing_reason") == "subscription_cycle");
  test.stripe.now += 3'600'000;
  CHECK(test.subscription(id).at("status") == "past_due");
  CHECK(test.last_change() == Json{{"status", "active"}});
  SECTION("it pays again") {
    test.stripe.admin("customers/" + customer + "/card", {{"fails", false}});
    test.days(3);
    CHECK(test.subscription(id).at("status") == "active");
    CHECK(test.latest_invoice(id).at("status") == "paid");
  }
  SECTION("it never pays again") {
    test.days(9);
    CHECK(test.subscription(id).at("status") == "unpaid");
    CHECK(test.count("/v1/events?type=invoice.payment_failed") == 4);
    const auto invoice = text_of(test.subscription(id), "latest_invoice");
    test.stripe.admin("invoices/" + invoice + "/pay", {{"outcome", "paid"}});
    CHECK(test.subscription(id).at("status") == "active");
  }
  SECTION("it is given up") {
    test.stripe.admin("subscriptions/" + id + "/give-up", {{"status", "canceled"}});
    CHECK(test.subscription(id).at("cancellation_details").at("reason") == "payment_failed");
    test.event("customer.subscription.deleted");
  }
}

TEST_CASE("the administration renews, reprices and clicks, without a request of anybody") {
  BillingTest test;
  const auto id = text_of(test.subscribe(test.payer()), "id");
  const Json calls = test.stripe.get("/_sandbox/calls").body;
  test.stripe.admin("subscriptions/" + id + "/renew", {{"outcome", "declined"}});
  CHECK(test.subscription(id).at("status") == "past_due");
  const auto invoice = text_of(test.subscription(id), "latest_invoice");
  test.stripe.admin("invoices/" + invoice + "/pay", Json::object());
  CHECK(test.subscription(id).at("status") == "active");

  const auto price =
      test.stripe.admin("products/prod_website_monthly/reprice", {{"unitAmount", 3'900}});
  CHECK(price.at("recurring").at("interval") == "month");
  CHECK(price.at("lookup_key") == "website_monthly");
  CHECK(test.get("/v1/prices/" + monthly).at("active") == false);
  CHECK(test.get("/v1/products/prod_website_monthly").at("default_price") == price.at("id"));

  const auto item = test.subscription(id).at("items").at("data").at(0).at("id");
  const Json upgrade{{"items", Json::array({{{"id", item}, {"price", price.at("id")}}})}};
  test.stripe.admin("dashboard", {{"path", "/v1/subscriptions/" + id}, {"params", upgrade}});
  CHECK(test.event("customer.subscription.updated").at("request").at("id") == nullptr);
  test.stripe.admin("dashboard", {{"method", "DELETE"}, {"path", "/v1/subscriptions/" + id}});
  CHECK(test.subscription(id).at("status") == "canceled");
  CHECK(test.stripe.get("/_sandbox/calls").body.at("effects") == calls.at("effects"));
  CHECK(test.stripe.post("/_sandbox/subscriptions/" + id + "/renew", "{}").status == 409);
  CHECK(test.stripe.post("/_sandbox/subscriptions/" + id + "/renew", R"({"x":1})").status == 400);
  CHECK(test.stripe.post("/_sandbox/dashboard", R"({"path":"/v1/none"})").status == 404);
}

TEST_CASE("an older event comes once more, after the newer one, as it was") {
  BillingTest test(told_options());
  const auto id = text_of(test.subscribe(test.payer()), "id");
  test.post("/v1/subscriptions/" + id, "metadata[a]=1");
  delivered(test, "");
  test.stripe.admin("events/deliver",
                    {{"type", "customer.subscription.created"}, {"object", id}, {"afterMs", 100}});
  CHECK(delivered(test, "customer.subscription.created").empty());
  test.stripe.now += 100;
  const auto again = delivered(test, "customer.subscription.created");
  REQUIRE(again.size() == 1);
  CHECK(again[0].at("data").at("object").at("metadata").empty());
  CHECK(test.stripe.post("/_sandbox/events/deliver", R"({"type":"x"})").status == 404);
}

TEST_CASE("before 2025-03-31 the period stood on the subscription, the price on the line") {
  BillingTest test(told_options("2023-08-16"));
  const auto made = test.subscribe(test.payer());
  CHECK(made.at("current_period_end").is_number());
  CHECK_FALSE(made.at("items").at("data").at(0).contains("current_period_end"));
  delivered(test, "");
  test.stripe.admin("subscriptions/" + text_of(made, "id") + "/renew", Json::object());
  const auto renewed = delivered(test, "customer.subscription.updated");
  REQUIRE(renewed.size() == 1);
  CHECK(renewed[0].at("data").at("previous_attributes").at("current_period_end") ==
        made.at("current_period_end"));
  const auto invoice = test.latest_invoice(made.at("id"));
  CHECK(invoice.at("subscription") == made.at("id"));
  CHECK(invoice.at("paid") == true);
  CHECK(invoice.at("payment_intent").is_string());
  const Json& line = invoice.at("lines").at("data").at(0);
  CHECK(line.at("price").at("id") == monthly);
  CHECK(line.at("type") == "subscription");
  test.headers = {{"Stripe-Version", "2026-07-29.dahlia"}};
  const auto newest = test.subscription(made.at("id"));
  CHECK_FALSE(newest.contains("current_period_end"));
  CHECK(newest.at("items").at("data").at(0).at("current_period_end").is_number());
}

}  // namespace
}  // namespace sequent::sandbox
