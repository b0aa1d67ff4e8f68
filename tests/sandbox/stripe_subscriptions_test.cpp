// Subscriptions: creation, the states that payments lead to, changes and what they cost.
#include "billing_support.hpp"

namespace sequent::sandbox {
namespace {

TEST_CASE("a card that pays makes the subscription active, with a paid first invoice") {
  BillingTest test;
  const auto made = test.subscribe(test.payer(), "&items[0][quantity]=2&metadata[a]=1");
  CHECK(made.at("status") == "active");
  CHECK(made.at("items").at("data").at(0).at("price").at("id") == monthly);
  CHECK(made.at("metadata") == Json{{"a", "1"}});
  const auto invoice = test.latest_invoice(made.at("id"));
  CHECK(invoice.at("status") == "paid");
  CHECK(invoice.at("amount_paid") == 5'800);
  CHECK(invoice.at("billing_reason") == "subscription_create");
  CHECK(test.event_types() ==
        std::vector<std::string>{
            "customer.created", "invoice.created", "invoice.finalized", "payment_intent.created",
            "charge.succeeded", "payment_intent.succeeded", "invoice.paid",
            "invoice.payment_succeeded", "invoice_payment.paid", "customer.subscription.created"});
  CHECK(test.event("customer.subscription.created").at("data").at("object").at("status") ==
        "active");
  const auto payments = test.get("/v1/invoice_payments?invoice=" + text_of(invoice, "id"));
  CHECK(payments.at("data").at(0).at("status") == "paid");
  CHECK(payments.at("data").at(0).at("payment").at("type") == "payment_intent");
}

TEST_CASE("the first payment decides: incomplete until it comes, expired after 23 hours") {
  BillingTest test;
  const auto made =
      test.subscribe(test.customer(),
                     "&payment_behavior=default_incomplete&expand[]=latest_invoice.payments"
                     "&expand[]=latest_invoice.confirmation_secret");
  CHECK(made.at("status") == "incomplete");
  const Json& invoice = made.at("latest_invoice");
  CHECK(invoice.at("status") == "open");
  CHECK(invoice.at("payments").at("data").at(0).at("status") == "open");
  CHECK(invoice.at("confirmation_secret").at("type") == "payment_intent");
  CHECK(test.count("/v1/events?type=invoice.payment_failed") == 0);
  const auto id = text_of(made, "id");
  const auto pay = "/v1/invoices/" + text_of(invoice, "id") + "/pay";

  SECTION("paid") {
    CHECK(test.refused(pay, "payment_method=pm_card_chargeDeclined", 402).at("decline_code") ==
          "generic_decline");
    CHECK(test.subscription(id).at("status") == "incomplete");
    CHECK(test.post(pay, "payment_method=pm_card_visa").at("status") == "paid");
    CHECK(test.subscription(id).at("status") == "active");
    CHECK(test.last_change() == Json{{"status", "incomplete"}});
    test.refused(pay, "payment_method=pm_card_visa");
  }
  SECTION("left alone") {
    test.refused("/v1/subscriptions/" + id, "items[0][price]=" + yearly);
    test.days(1);
    CHECK(test.subscription(id).at("status") == "incomplete_expired");
    CHECK(test.latest_invoice(id).at("status") == "void");
    test.refused("/v1/subscriptions/" + id, "", 404, "DELETE");
    CHECK(test.refused(pay, "payment_method=pm_card_visa").at("type") == "invalid_request_error");
    CHECK(test.count("/v1/subscriptions?status=ended") == 1);
    CHECK(test.count("/v1/subscriptions") == 0);
  }
}

TEST_CASE("payment_behavior says what a refused card leaves behind") {
  BillingTest test;
  const auto customer = test.payer("pm_card_chargeDeclined");
  const auto create = "customer=" + customer + "&items[0][price]=" + monthly;
  const auto error =
      test.refused("/v1/subscriptions", create + "&payment_behavior=error_if_incomplete", 402);
  CHECK(error.at("type") == "card_error");
  CHECK(error.at("code") == "card_declined");
  CHECK(test.count("/v1/subscriptions?status=all") == 0);
  CHECK(test.count("/v1/invoices") == 0);
  CHECK(test.post("/v1/subscriptions", create).at("status") == "incomplete");
  CHECK(test.event("invoice.payment_failed").at("data").at("object").at("attempt_count") == 1);
}

TEST_CASE("what cannot be subscribed to is refused") {
  BillingTest test;
  const auto customer = test.payer();
  const auto with = [&](const std::string& more) {
    return test.refused("/v1/subscriptions", "customer=" + customer + more);
  };
  const auto item = "&items[0][price]=" + monthly;
  CHECK(test.refused("/v1/subscriptions", "customer=cus_none" + item).at("param") == "customer");
  CHECK(test.refused("/v1/subscriptions", item.substr(1)).at("code") == "parameter_missing");
  CHECK(with("").at("param") == "items");
  CHECK(with("&items[0][price]=price_none").at("code") == "resource_missing");
  CHECK(with("&items[0][price]=price_mug").at("param") == "items[0][price]");
  CHECK(with(item + "&items[1][price]=" + monthly).at("param") == "items");
  CHECK(with(item + "&default_payment_method=visa").at("code") == "resource_missing");
  CHECK(with(item + "&application_fee_percent=10").at("param") == "application_fee_percent");
  CHECK(with(item + "&collection_method=send_invoice").at("param") == "days_until_due");
  CHECK(with(item + "&trial_end=1").at("param") == "trial_end");
  CHECK(with(item + "&coupon=x").at("code") == "parameter_unknown");
  CHECK(with(item + "&items[0][quantity]=-1").at("code") == "parameter_invalid_integer");

  test.post("/v1/prices",
            "currency=usd&unit_amount=1&product=prod_mug&recurring[interval]=month"
            "&lookup_key=usd");
  const auto usd = text_of(test.get("/v1/prices?lookup_keys[]=usd").at("data").at(0), "id");
  CHECK(with(item + "&items[1][price]=" + usd).at("param") == "items");
  test.subscribe(customer);
  with("&items[0][price]=" + usd);
  test.post("/v1/prices/" + usd, "active=false");
  CHECK(with("&items[0][price]=" + usd).at("param") == "items[0][price]");
  CHECK(test.count("/v1/subscriptions?status=all") == 1);
}

TEST_CASE("one interval for all items was the rule until 2025-09-30") {
  BillingTest test;
  const auto both = "&items[1][price]=" + yearly;
  CHECK(test.subscribe(test.payer(), both).at("items").at("data").size() == 2);
  test.headers = {{"Stripe-Version", "2023-08-16"}};
  test.refused("/v1/subscriptions",
               "customer=" + test.payer() + "&items[0][price]=" + monthly + both);
}

TEST_CASE("a trial costs nothing until it ends") {
  BillingTest test;
  const auto made = test.subscribe(test.payer(), "&trial_period_days=7");
  const auto id = text_of(made, "id");
  CHECK(made.at("status") == "trialing");
  CHECK(made.at("trial_end") == test_start / 1000 + 7 * 86'400);
  CHECK(test.latest_invoice(id).at("amount_due") == 0);
  CHECK(test.latest_invoice(id).at("status") == "paid");
  SECTION("by itself") {
    test.days(7);
    CHECK(test.subscription(id).at("status") == "active");
    CHECK(test.latest_invoice(id).at("status") == "draft");
    test.stripe.now += 3'600'000;
    CHECK(test.latest_invoice(id).at("status") == "paid");
    CHECK(test.latest_invoice(id).at("amount_paid") == 2'900);
  }
  SECTION("at once") {
    CHECK(test.post("/v1/subscriptions/" + id, "trial_end=now").at("status") == "active");
    CHECK(test.latest_invoice(id).at("amount_paid") == 2'900);
    CHECK(test.last_change().at("status") == "trialing");
  }
}

TEST_CASE("under Connect the platform takes its share, and events name the account") {
  BillingTest test;
  test.account("acct_1");
  test.headers = {{"Stripe-Account", "acct_1"}};
  const auto price = text_of(test.post("/v1/prices",
                                       "currency=eur&unit_amount=1000&recurring[interval]=month"
                                       "&product_data[name]=Offer"),
                             "id");
  const auto made = test.subscribe(test.payer(), "&application_fee_percent=12.5", price);
  CHECK(made.at("application_fee_percent") == 12.5);
  CHECK(made.at("application").is_string());
  CHECK(test.event("customer.subscription.created").at("account") == "acct_1");
  CHECK(
      test.event("payment_intent.succeeded").at("data").at("object").at("application_fee_amount") ==
      125);
  test.headers.clear();
  const auto routed = test.subscribe(test.payer(),
                                     "&transfer_data[destination]=acct_1"
                                     "&on_behalf_of=acct_1");
  CHECK(routed.at("transfer_data").at("destination") == "acct_1");
  CHECK(routed.at("on_behalf_of") == "acct_1");
  CHECK(test.event("charge.succeeded").at("data").at("object").at("transfer_data").is_object());
}

TEST_CASE("an upgrade is prorated: now, with the next invoice, or not at all") {
  BillingTest test;
  const auto customer = test.payer();
  const auto made = test.subscribe(customer);
  const auto id = text_of(made, "id");
  const auto item = text_of(made.at("items").at("data").at(0), "id");
  const auto price =
      text_of(test.post("/v1/prices",
                        "currency=eur&unit_amount=5900&product=prod_mug&recurring[interval]=month"),
              "id");
  test.days(15);
  const auto upgrade = "items[0][id]=" + item + "&items[0][price]=" + price;
  const auto invoices = test.count("/v1/invoices");

  SECTION("at once") {
    test.post("/v1/subscriptions/" + id, upgrade + "&proration_behavior=always_invoice");
    const auto invoice = test.latest_invoice(id);
    CHECK(invoice.at("billing_reason") == "subscription_update");
    CHECK(invoice.at("amount_paid") == 1'500);  // half of 5900 less half of 2900
    CHECK(invoice.at("lines").at("data").size() == 2);
  }
  SECTION("later") {
    const auto changed = test.post("/v1/subscriptions/" + id, upgrade);
    CHECK(changed.at("items").at("data").at(0).at("id") == item);
    CHECK(test.last_change().at("items").at("data").at(0).at("price").at("id") == monthly);
    CHECK(test.count("/v1/invoices") == invoices);
    test.stripe.admin("subscriptions/" + id + "/renew", Json::object());
    CHECK(test.latest_invoice(id).at("amount_paid") == 5'900 + 1'500);
  }
  SECTION("never") {
    test.post("/v1/subscriptions/" + id, upgrade + "&proration_behavior=none");
    test.stripe.admin("subscriptions/" + id + "/renew", Json::object());
    CHECK(test.latest_invoice(id).at("amount_paid") == 5'900);
  }
  SECTION("another interval begins a new period, billed at once") {
    test.post("/v1/subscriptions/" + id, "items[0][id]=" + item + "&items[0][price]=" + yearly);
    CHECK(test.latest_invoice(id).at("amount_paid") == 29'000 - 1'450);
  }
  SECTION("an item without id is one more") {
    const auto changed = test.post("/v1/subscriptions/" + id, "items[0][price]=" + price);
    CHECK(changed.at("items").at("data").size() == 2);
    CHECK(test.count("/v1/subscriptions?price=" + price) == 1);
  }
  SECTION("a refused card changes nothing, where that is asked for") {
    test.stripe.admin("customers/" + customer + "/card", {{"fails", true}});
    test.refused("/v1/subscriptions/" + id,
                 upgrade +
                     "&proration_behavior=always_invoice"
                     "&payment_behavior=error_if_incomplete",
                 402);
    CHECK(test.subscription(id).at("items").at("data").at(0).at("price").at("id") == monthly);
    CHECK(test.count("/v1/invoices") == invoices);
    test.post("/v1/subscriptions/" + id, upgrade + "&proration_behavior=always_invoice");
    CHECK(test.subscription(id).at("status") == "past_due");
  }
}

TEST_CASE("a planned end comes with the period's, and can be taken back") {
  BillingTest test;
  const auto id = text_of(test.subscribe(test.payer()), "id");
  const auto path = "/v1/subscriptions/" + id;
  const auto planned = test.post(path, "cancel_at_period_end=true");
  CHECK(planned.at("status") == "active");
  CHECK(planned.at("cancel_at") == planned.at("items").at("data").at(0).at("current_period_end"));
  CHECK(test.last_change().at("cancel_at_period_end") == false);
  CHECK(test.count("/v1/events?type=customer.subscription.deleted") == 0);
  SECTION("taken back") {
    CHECK(test.post(path, "cancel_at_period_end=false").at("cancel_at") == nullptr);
    test.days(31);
    CHECK(test.subscription(id).at("status") == "active");
  }
  SECTION("reached") {
    test.days(30);
    CHECK(test.subscription(id).at("status") == "canceled");
    CHECK(test.event("customer.subscription.deleted").at("request").at("id") == nullptr);
    CHECK(test.post(path, "metadata[a]=1").at("metadata").at("a") == "1");
    test.refused(path, "items[0][price]=" + yearly);
  }
}

TEST_CASE("an update that changes nothing is not told, one that is refused leaves no trace") {
  BillingTest test;
  const auto made = test.subscribe(test.payer());
  const auto path = "/v1/subscriptions/" + text_of(made, "id");
  test.post(path, "description=");
  test.refused(path, "metadata[a]=1&items[0][price]=price_none");
  CHECK(test.count("/v1/events?type=customer.subscription.updated") == 0);
  CHECK(test.subscription(made.at("id")) == made);
}

TEST_CASE("cancelling credits what was not used, if it is asked to") {
  BillingTest test;
  const auto customer = test.payer();
  const auto id = text_of(test.subscribe(customer), "id");
  test.days(15);
  const auto ended =
      test.stripe.call("DELETE", "/v1/subscriptions/" + id + "?prorate=true&invoice_now=true");
  CHECK(ended.body.at("status") == "canceled");
  CHECK(test.get("/v1/customers/" + customer).at("balance") == -1'450);
  CHECK(test.latest_invoice(id).at("total") == -1'450);
}

TEST_CASE("items are added, changed, listed and taken off one by one") {
  BillingTest test;
  const auto made = test.subscribe(test.payer());
  const auto id = text_of(made, "id");
  const auto first = text_of(made.at("items").at("data").at(0), "id");
  const auto price =
      text_of(test.post("/v1/prices",
                        "currency=eur&unit_amount=100&product=prod_mug&recurring[interval]=month"),
              "id");
  const auto added =
      test.post("/v1/subscription_items", "subscription=" + id + "&price=" + price + "&quantity=3");
  const auto item = text_of(added, "id");
  CHECK(added.at("plan").at("id") == price);
  CHECK(test.count("/v1/subscription_items?subscription=" + id) == 2);
  CHECK(test.refused("/v1/subscription_items", "subscription=" + id).at("param") == "price");
  CHECK(test.stripe.get("/v1/subscription_items").body.at("error").at("code") ==
        "parameter_missing");
  CHECK(test.post("/v1/subscription_items/" + item, "quantity=5").at("quantity") == 5);
  CHECK(test.last_change().at("items").at("data").at(1).at("quantity") == 3);
  const auto gone = test.stripe.call("DELETE", "/v1/subscription_items/" + item);
  CHECK(gone.body == Json{{"id", item}, {"object", "subscription_item"}, {"deleted", true}});
  test.refused("/v1/subscription_items/" + item, "", 404, "DELETE");
  test.refused("/v1/subscription_items/" + first, "", 400, "DELETE");
}

}  // namespace
}  // namespace sequent::sandbox
