// The activities of catalog, subscriptions and invoices against the stand-in: with their answers
// lost, their keys used again, and their keys forgotten.
#include <catch2/catch.hpp>

#include "tests/activities/stripe_provider.hpp"

using namespace sequent;
using namespace sequent::tests;
using machine::Outcome;
using Found = runtime::Reconciliation::Found;

namespace {

struct Shop : StripeProvider {
  int calls = 0;

  /// A call that must succeed, with a key of its own.
  Json done(const std::string& activity, const Json& input) {
    const auto output = stripe.call(activity, input, attempt("shop-" + std::to_string(++calls)));
    INFO(activity + " " + dump_json(input) + " " + (output ? "" : output.error().problem.detail));
    REQUIRE(output.has_value());
    return *output;
  }
  std::size_t count(const std::string& activity, Json filter = Json::object()) {
    filter["limit"] = 100;
    return done(activity, filter).at("data").size();
  }
  void lose_answer(const std::string& path) {
    fault({{"kind", "reset-after-effect"}, {"path", path}, {"times", 1}});
  }
  Json payer() {
    const Json settings{{"default_payment_method", "pm_card_visa"}};
    return done("stripe.customers.create", {{"name", "Jean"}, {"invoice_settings", settings}})
        .at("id");
  }
  Json subscribe() {
    const Json items = Json::array({{{"price", "price_website_monthly"}}});
    return done("stripe.subscriptions.create", {{"customer", payer()}, {"items", items}});
  }
};

/// One activity that makes something.
struct Maker {
  const char* activity;
  const char* path;
  Json input;
  const char* list;
  Json filter;
};

std::vector<Maker> makers(Shop& shop) {
  const Json customer = shop.payer();
  const Json subscription = shop.subscribe().at("id");
  const Json items = Json::array({{{"price", "price_website_yearly"}}});
  return {
      {"stripe.products.create", "/v1/products", {{"name", "Made"}}, "stripe.products.list", {}},
      {"stripe.products.create",
       "/v1/products",
       {{"name", "Made"}, {"id", "chosen"}},
       "stripe.products.list",
       {}},
      {"stripe.prices.create",
       "/v1/prices",
       {{"currency", "eur"}, {"unit_amount", 500}, {"product", "prod_mug"}, {"lookup_key", "made"}},
       "stripe.prices.list",
       {{"product", "prod_mug"}}},
      {"stripe.subscriptions.create",
       "/v1/subscriptions",
       {{"customer", customer}, {"items", items}},
       "stripe.subscriptions.list",
       {{"customer", customer}}},
      {"stripe.subscription_items.create",
       "/v1/subscription_items",
       {{"subscription", subscription}, {"price", "price_website_yearly"}},
       "stripe.subscription_items.list",
       {{"subscription", subscription}}},
      {"stripe.invoices.create",
       "/v1/invoices",
       {{"customer", customer}},
       "stripe.invoices.list",
       {{"customer", customer}}},
  };
}

}  // namespace

TEST_CASE("what was made although its answer was lost is not made again", "[activities][sandbox]") {
  const auto index = GENERATE(range(std::size_t{0}, std::size_t{6}));
  Shop shop;
  const auto all = makers(shop);
  REQUIRE(all.size() == 6);
  const Maker& made = all.at(index);
  const Json filter = made.filter.is_object() ? made.filter : Json::object();
  CAPTURE(made.activity);
  const auto before = shop.count(made.list, filter);
  shop.lose_answer(made.path);
  const auto lost = shop.stripe.call(made.activity, made.input, shop.attempt("made"));
  REQUIRE_FALSE(lost.has_value());
  CHECK(lost.error().outcome == Outcome::unknown);
  CHECK(shop.count(made.list, filter) == before + 1);

  SECTION("asked again with its key") {
    const auto again = shop.stripe.call(made.activity, made.input, shop.attempt("made", 2));
    REQUIRE(again.has_value());
    CHECK(again->at("metadata").at("sequent_key") == "made");
  }
  SECTION("looked up when the key is forgotten") {
    shop.now += 25 * 3'600'000LL;
    const auto looked = shop.stripe.look(made.activity, made.input, shop.attempt("made", 2));
    REQUIRE(looked.found == Found::adopted);
    CHECK(looked.object.at("metadata").at("sequent_key") == "made");
  }
  CHECK(shop.count(made.list, filter) == before + 1);
}

TEST_CASE("a key that made something else is refused for good, and nothing is made",
          "[activities][sandbox]") {
  const auto index = GENERATE(range(std::size_t{0}, std::size_t{6}));
  Shop shop;
  const Maker made = makers(shop).at(index);
  const Json filter = made.filter.is_object() ? made.filter : Json::object();
  CAPTURE(made.activity);
  REQUIRE(shop.stripe.call("stripe.customers.create", {{"name", "A"}}, shop.attempt("made")));
  const auto before = shop.count(made.list, filter);
  const auto output = shop.stripe.call(made.activity, made.input, shop.attempt("made"));
  REQUIRE_FALSE(output.has_value());
  CHECK(output.error().outcome == Outcome::permanent);
  CHECK(shop.count(made.list, filter) == before);
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
