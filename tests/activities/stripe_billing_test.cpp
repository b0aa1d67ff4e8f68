// The activities of catalog, subscriptions and invoices against the stand-in.
#include <catch2/catch.hpp>

#include "tests/activities/stripe_shop.hpp"

using namespace sequent;
using namespace sequent::tests;
using machine::Outcome;
using Found = runtime::Reconciliation::Found;

TEST_CASE("a change whose answer was lost is found by its event", "[activities][sandbox]") {
  Shop shop;
  const Json made = shop.subscribe();
  const Json item = made.at("items").at("data").at(0).at("id");
  const bool whole = GENERATE(true, false);
  const std::string activity =
      whole ? "stripe.subscriptions.update" : "stripe.subscription_items.update";
  const Json changed_item{{"id", item}, {"quantity", 3}};
  const Json input =
      whole ? Json{{"subscription", made.at("id")}, {"items", Json::array({changed_item})}}
            : Json{{"subscription_item", item}, {"quantity", 3}};
  CAPTURE(activity);
  shop.lose_answer(whole ? "/v1/subscriptions/*" : "/v1/subscription_items/*");
  const auto lost = shop.stripe.call(activity, input, shop.attempt("change"));
  REQUIRE_FALSE(lost.has_value());
  CHECK(lost.error().outcome == Outcome::unknown);
  SECTION("with the key") {
    CHECK(shop.stripe.call(activity, input, shop.attempt("change", 2)).has_value());
  }
  SECTION("without it") {
    shop.next_day();
    CHECK(shop.stripe.look(activity, input, shop.attempt("change", 2)).found == Found::adopted);
    CHECK(shop.stripe.look(activity, input, shop.attempt("other", 2)).found == Found::absent);
  }
  CHECK(shop.count("stripe.events.list", {{"type", "customer.subscription.updated"}}) == 1);
}

TEST_CASE("what is ended, deleted or paid already is a success", "[activities][sandbox]") {
  Shop shop;
  const Json made = shop.subscribe();
  const Json id = made.at("id");
  const Json item = shop.done("stripe.subscription_items.create",
                              {{"subscription", id}, {"price", "price_website_yearly"}})
                        .at("id");
  shop.done("stripe.products.create", {{"name", "Gone"}, {"id", "gone"}});
  const Json invoice =
      shop.done("stripe.invoices.create", {{"customer", made.at("customer")}}).at("id");
  const Json open =
      shop.done("stripe.subscriptions.create",
                {{"customer", shop.done("stripe.customers.create", {{"name", "Jeanne"}}).at("id")},
                 {"payment_behavior", "default_incomplete"},
                 {"items", Json::array({{{"price", "price_website_monthly"}}})}})
          .at("latest_invoice");
  const std::vector<std::pair<std::string, Json>> ends{
      {"stripe.subscription_items.delete", {{"subscription_item", item}}},
      {"stripe.products.delete", {{"product", "gone"}}},
      {"stripe.invoices.finalize", {{"invoice", invoice}}},
      {"stripe.invoices.pay", {{"invoice", open}, {"payment_method", "pm_card_visa"}}},
      {"stripe.subscriptions.cancel", {{"subscription", id}}},
  };
  for (const auto& [activity, input] : ends) {
    CAPTURE(activity);
    shop.done(activity, input);
    shop.done(activity, input);  // with another key
  }
  CHECK(shop.count("stripe.events.list", {{"type", "customer.subscription.deleted"}}) == 1);
  CHECK(shop.count("stripe.events.list", {{"type", "product.deleted"}}) == 1);
}

TEST_CASE("an invoice is voided once, and a refusal that is none stays one",
          "[activities][sandbox]") {
  Shop shop;
  const Json customer = shop.done("stripe.customers.create", {{"name", "Jean"}}).at("id");
  const Json items = Json::array({{{"price", "price_website_monthly"}}});
  const Json made = shop.done(
      "stripe.subscriptions.create",
      {{"customer", customer}, {"items", items}, {"payment_behavior", "default_incomplete"}});
  const Json invoice{{"invoice", made.at("latest_invoice")}};
  shop.done("stripe.invoices.void", invoice);
  CHECK(shop.done("stripe.invoices.void", invoice).at("status") == "void");
  Json pay = invoice;
  pay["payment_method"] = "pm_card_visa";
  const auto paid = shop.stripe.call("stripe.invoices.pay", pay, shop.attempt("pay"));
  REQUIRE_FALSE(paid.has_value());
  CHECK(paid.error().outcome == Outcome::permanent);
}

TEST_CASE("reads and lists answer in one layout", "[activities][sandbox]") {
  Shop shop;
  const Json made = shop.subscribe();
  CHECK(made.at("current_period_end").is_number());
  const Json invoice =
      shop.done("stripe.invoices.retrieve", {{"invoice", made.at("latest_invoice")}});
  CHECK(invoice.at("subscription") == made.at("id"));
  CHECK(invoice.at("paid") == true);
  CHECK(invoice.at("payment_intent").is_string());
  const Json payments = shop.done("stripe.invoice_payments.list", {{"invoice", invoice.at("id")}});
  CHECK(payments.at("data").at(0).at("payment").at("payment_intent") ==
        invoice.at("payment_intent"));
  const Json item = made.at("items").at("data").at(0).at("id");
  CHECK(shop.done("stripe.subscription_items.retrieve", {{"subscription_item", item}}).at("id") ==
        item);
  CHECK(shop.count("stripe.subscriptions.list", {{"price", "price_website_monthly"}}) == 1);
  CHECK(shop.done("stripe.prices.update", {{"price", "price_mug"}, {"nickname", "M"}})
            .at("nickname") == "M");
  CHECK(shop.done("stripe.products.update", {{"product", "prod_mug"}, {"active", false}})
            .at("active") == false);
  CHECK(shop.done("stripe.prices.retrieve", {{"price", "price_mug"}}).at("product") == "prod_mug");
  CHECK(shop.done("stripe.products.retrieve", {{"product", "prod_mug"}}).at("active") == false);
}
