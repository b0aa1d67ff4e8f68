// Every activity that changes something at Stripe, with its answer lost, its request lost, its
// failure kept under its key, and its key used for something else: it happens once.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "tests/activities/stripe_shop.hpp"

using namespace sequent;
using namespace sequent::tests;
using activities::stripe::Operation;
using machine::Outcome;

namespace {

struct Write {
  std::string activity;
  std::string path;  // `*` stands for an id
  std::function<Json(Shop&)> input;
  bool renews = false;     // every repetition gives another one, which harms nobody
  bool by_itself = false;  // happens within the day without being asked for
};

Json one_item(const Json& item) {
  return Json::array({item});
}

Json item_of(const Json& subscription) {
  return subscription.at("items").at("data").at(0).at("id");
}

Json open_invoice(Shop& shop) {
  const Json made = shop.subscribe({{"collection_method", "send_invoice"}, {"days_until_due", 30}});
  Json invoice = shop.done("stripe.invoices.retrieve", {{"invoice", made.at("latest_invoice")}});
  if (invoice.at("status") == "draft")
    invoice = shop.done("stripe.invoices.finalize", {{"invoice", invoice.at("id")}});
  REQUIRE(invoice.at("status") == "open");
  return invoice.at("id");
}

Json session(Shop& shop) {
  const Json items = one_item({{"price", "price_mug"}, {"quantity", 1}});
  return {{"mode", "payment"},
          {"customer", shop.payer()},
          {"success_url", "https://shop.example/done"},
          {"line_items", items}};
}

std::vector<Write> catalog_writes() {
  return {
      {"stripe.products.create", "/v1/products",
       [](Shop&) -> Json {
         return {{"name", "Made"}};
       }},
      {"stripe.products.create", "/v1/products",
       [](Shop&) -> Json {
         return {{"name", "Made"}, {"id", "chosen"}};
       }},
      {"stripe.products.update", "/v1/products/*",
       [](Shop&) -> Json {
         return {{"product", "prod_mug"}, {"name", "Cup"}};
       }},
      {"stripe.products.delete", "/v1/products/*",
       [](Shop& shop) -> Json {
         return {{"product", shop.done("stripe.products.create", {{"name", "Gone"}}).at("id")}};
       }},
      {"stripe.prices.create", "/v1/prices",
       [](Shop&) -> Json {
         return {{"currency", "eur"}, {"unit_amount", 500}, {"product", "prod_mug"}};
       }},
      {"stripe.prices.create", "/v1/prices",
       [](Shop&) -> Json {
         return {{"currency", "eur"},
                 {"unit_amount", 500},
                 {"product", "prod_mug"},
                 {"lookup_key", "made"}};
       }},
      {"stripe.prices.update", "/v1/prices/*",
       [](Shop&) -> Json {
         return {{"price", "price_mug"}, {"nickname", "M"}};
       }},
      {"stripe.customers.create", "/v1/customers",
       [](Shop&) -> Json {
         return {{"email", "jean@example.com"}};
       }},
      {"stripe.customers.update", "/v1/customers/*",
       [](Shop& shop) -> Json {
         return {{"customer", shop.payer()}, {"name", "Jean Dupont"}};
       }},
      {"stripe.customers.delete", "/v1/customers/*",
       [](Shop& shop) -> Json {
         return {{"customer", shop.payer()}};
       }},
  };
}

std::vector<Write> subscription_writes() {
  return {
      {"stripe.subscriptions.create", "/v1/subscriptions",
       [](Shop& shop) -> Json {
         return {{"customer", shop.payer()},
                 {"items", one_item({{"price", "price_website_yearly"}})}};
       }},
      {"stripe.subscriptions.update", "/v1/subscriptions/*",
       [](Shop& shop) -> Json {  // one more item each time
         return {{"subscription", shop.subscribe().at("id")},
                 {"items", one_item({{"price", "price_website_yearly"}})}};
       }},
      {"stripe.subscriptions.update", "/v1/subscriptions/*",
       [](Shop& shop) -> Json {
         const Json made = shop.subscribe();
         return {{"subscription", made.at("id")},
                 {"proration_behavior", "always_invoice"},
                 {"items", one_item({{"id", item_of(made)}, {"quantity", 3}})}};
       }},
      {"stripe.subscriptions.cancel", "/v1/subscriptions/*",
       [](Shop& shop) -> Json {
         return {{"subscription", shop.subscribe().at("id")}};
       }},
      {"stripe.subscription_items.create", "/v1/subscription_items",
       [](Shop& shop) -> Json {
         return {{"subscription", shop.subscribe().at("id")}, {"price", "price_website_yearly"}};
       }},
      {"stripe.subscription_items.update", "/v1/subscription_items/*",
       [](Shop& shop) -> Json {
         return {{"subscription_item", item_of(shop.subscribe())}, {"quantity", 3}};
       }},
      {"stripe.subscription_items.delete", "/v1/subscription_items/*",
       [](Shop& shop) -> Json {
         const Json id = shop.subscribe().at("id");
         const Json added = shop.done("stripe.subscription_items.create",
                                      {{"subscription", id}, {"price", "price_website_yearly"}});
         return {{"subscription_item", added.at("id")}};
       }},
  };
}

std::vector<Write> payment_writes() {
  return {
      {"stripe.invoices.create", "/v1/invoices",
       [](Shop& shop) -> Json {
         return {{"customer", shop.payer()}};
       }},
      {"stripe.invoices.finalize", "/v1/invoices/*/finalize",
       [](Shop& shop) -> Json {
         const Json draft = shop.done("stripe.invoices.create", {{"customer", shop.payer()}});
         return {{"invoice", draft.at("id")}};
       }},
      {"stripe.invoices.pay", "/v1/invoices/*/pay",
       [](Shop& shop) -> Json {
         return {{"invoice", open_invoice(shop)}, {"payment_method", "pm_card_visa"}};
       }},
      {"stripe.invoices.void", "/v1/invoices/*/void",
       [](Shop& shop) -> Json {
         return {{"invoice", open_invoice(shop)}};
       }},
      {"stripe.checkout.sessions.create", "/v1/checkout/sessions", session},
      {"stripe.checkout.sessions.expire", "/v1/checkout/sessions/*/expire",
       [](Shop& shop) -> Json {
         return {{"session", shop.done("stripe.checkout.sessions.create", session(shop)).at("id")}};
       },
       false, true},
      {"stripe.refunds.create", "/v1/refunds",
       [](Shop& shop) -> Json {
         const Json paid = shop.done("stripe.invoices.retrieve",
                                     {{"invoice", shop.subscribe().at("latest_invoice")}});
         return {{"payment_intent", paid.at("payment_intent")}, {"amount", 100}};
       }},
  };
}

Json wishes() {
  return {{"card_payments", {{"requested", true}}}, {"transfers", {{"requested", true}}}};
}

Json token(Shop& shop, const char* name = "Traiteur") {
  const Json details{{"business_type", "company"},
                     {"company", {{"name", name}}},
                     {"tos_shown_and_accepted", true}};
  return shop.done("stripe.tokens.create", {{"account", details}}).at("id");
}

Json connected(Shop& shop) {
  const Json input{{"type", "custom"},
                   {"country", "FR"},
                   {"account_token", token(shop)},
                   {"capabilities", wishes()}};
  return shop.done("stripe.accounts.create", input).at("id");
}

std::vector<Write> connect_writes() {
  return {
      {"stripe.tokens.create", "/v1/tokens",
       [](Shop&) -> Json {
         return {{"account", {{"business_type", "company"}}}};
       },
       true},
      {"stripe.accounts.create", "/v1/accounts",
       [](Shop&) -> Json {
         return {{"type", "express"}, {"country", "FR"}, {"capabilities", wishes()}};
       }},
      {"stripe.accounts.create", "/v1/accounts",
       [](Shop& shop) -> Json {
         return {{"type", "custom"}, {"account_token", token(shop)}, {"capabilities", wishes()}};
       }},
      {"stripe.accounts.update", "/v1/accounts/*",
       [](Shop& shop) -> Json {
         return {{"account", connected(shop)}, {"metadata", {{"participant", "p 1"}}}};
       }},
      {"stripe.accounts.update", "/v1/accounts/*",
       [](Shop& shop) -> Json {
         return {{"account", connected(shop)}, {"account_token", token(shop, "Traiteur et fils")}};
       }},
      {"stripe.accounts.delete", "/v1/accounts/*",
       [](Shop& shop) -> Json {
         return {{"account", connected(shop)}};
       }},
      {"stripe.account_links.create", "/v1/account_links",
       [](Shop& shop) -> Json {
         return {{"account", connected(shop)},
                 {"type", "account_onboarding"},
                 {"return_url", "https://shop.example/done"},
                 {"refresh_url", "https://shop.example/again"}};
       },
       true},
  };
}

const std::vector<Write>& writes() {
  static const std::vector<Write> all = [] {
    std::vector<Write> made;
    for (const auto& group :
         {catalog_writes(), subscription_writes(), payment_writes(), connect_writes()})
      made.insert(made.end(), group.begin(), group.end());
    return made;
  }();
  return all;
}

/// What this shop has no use for: other tests make sure of these.
std::set<std::string> elsewhere() {
  return {
      // Ever new, which harms nobody.
      "stripe.billing_portal.sessions.create",
      // Usage is counted once by its identifier; after a day nothing can tell (stripe_settle_test).
      "stripe.billing.meter_events.create", "stripe.billing.meter_event_adjustments.create"};
}

const Operation& operation_of(const std::string& activity) {
  static const auto all = activities::stripe::all_operations();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Operation& operation) {
    return operation.spec.name == activity;
  });
  REQUIRE(found != all.end());
  return *found;
}

/// One row of the table in a shop of its own.
struct Written : Shop {
  const Write& row;
  const Operation& operation;
  Json input;
  bool doubted = false;  // what the engine remembers of earlier attempts

  explicit Written(const Write& of) : row(of), operation(operation_of(of.activity)) {
    input = row.input(*this);
  }
  void spoil(Json what) {
    what["method"] = operation.method;
    what["path"] = row.path;
    what["times"] = 1;
    fault(what);
  }
  /// The first attempt, whose outcome can't be known.
  runtime::Failure lost() {
    const auto output = stripe.call(row.activity, input, attempt("write"));
    REQUIRE_FALSE(output.has_value());
    doubted = output.error().outcome == Outcome::unknown;
    return output.error();
  }
  /// A later one, which must be a success.
  Json settled(std::uint32_t number, const std::string& key = "write", bool raised = false) {
    auto later = attempt(key, number);
    later.unsettled = doubted;
    const auto output = go_on(row.activity, input, later, raised);
    INFO((output ? "" : output.error().problem.detail));
    REQUIRE(output.has_value());
    return *output;
  }
};

/// A DELETE is repeated without harm, so that there is no doubt to be kept; but an account that is
/// gone looks like one that was never ours.
Outcome doubt(const Operation& operation) {
  const bool plain = operation.method == "DELETE" && !operation.platform_only;
  return plain ? Outcome::transient : Outcome::unknown;
}

}  // namespace

TEST_CASE("the table has every activity that changes something", "[activities][sandbox]") {
  std::set<std::string> known = elsewhere();
  for (const Write& row : writes()) known.insert(row.activity);
  for (const auto& operation : activities::stripe::all_operations()) {
    CAPTURE(operation.spec.name);
    if (operation.method != "GET") CHECK(known.contains(operation.spec.name));
  }
}

TEST_CASE("what happened although its answer was lost happens once, with the key or a day later",
          "[activities][sandbox]") {
  Written test(writes().at(GENERATE(range(std::size_t{0}, writes().size()))));
  CAPTURE(test.row.activity, dump_json(test.input));
  const Json before = test.counts();
  test.spoil({{"kind", "reset-after-effect"}});
  CHECK(test.lost().outcome == doubt(test.operation));
  Json made = test.counts();
  if (!test.row.renews) CHECK(made != before);

  test.now += 600'000;
  const Json again = test.settled(2);
  if (!test.row.renews) CHECK(test.counts() == made);

  test.next_day();
  made = test.counts();
  const Json late = test.settled(3);
  if (test.row.renews) return;
  CHECK(test.counts() == made);
  CHECK(text_of(late, "id") == text_of(again, "id"));
  CHECK(test.administration("calls").at("duplicateEffects") == Json::array());
}

TEST_CASE("what never arrived is made a day later, and then no more", "[activities][sandbox]") {
  Written test(writes().at(GENERATE(range(std::size_t{0}, writes().size()))));
  CAPTURE(test.row.activity, dump_json(test.input));
  Json before = test.counts();
  test.spoil({{"kind", "outage"}});
  CHECK(test.lost().outcome == doubt(test.operation));
  CHECK(test.counts() == before);

  test.next_day();
  before = test.counts();
  const Json first = test.settled(2);
  const Json made = test.counts();
  if (!test.row.by_itself && !test.row.renews) CHECK(made != before);
  const Json second = test.settled(3);
  if (test.row.renews) return;
  CHECK(test.counts() == made);
  CHECK(text_of(second, "id") == text_of(first, "id"));
  CHECK(test.administration("calls").at("duplicateEffects") == Json::array());
}

TEST_CASE("a failure that is kept under its key hides no effect from the next key",
          "[activities][sandbox]") {
  Written test(writes().at(GENERATE(range(std::size_t{0}, writes().size()))));
  CAPTURE(test.row.activity, dump_json(test.input));
  const Json before = test.counts();
  test.spoil({{"kind", "server-error"}, {"stored", true}, {"effect", true}});
  CHECK(test.lost().outcome == doubt(test.operation));
  const Json made = test.counts();
  if (!test.row.renews) CHECK(made != before);
  if (test.operation.method == "POST" && test.operation.keyed) {
    const auto replayed = test.go_on(test.row.activity, test.input, test.attempt("write", 2));
    REQUIRE_FALSE(replayed.has_value());
    CHECK(replayed.error().outcome == Outcome::unknown);
    CHECK(replayed.error().key_spent);
  }
  test.settled(3, "write_r1", true);
  if (!test.row.renews) CHECK(test.counts() == made);
}

TEST_CASE("a key that was used for something else changes nothing", "[activities][sandbox]") {
  Written test(writes().at(GENERATE(range(std::size_t{0}, writes().size()))));
  CAPTURE(test.row.activity, dump_json(test.input));
  if (!test.operation.keyed) return;  // it sends none
  auto first = test.attempt("write");
  first.timeout_ms = 10'000;
  REQUIRE(test.stripe.call("stripe.customers.create", {{"name", "A"}}, first).has_value());
  const Json before = test.counts();
  const auto output = test.stripe.call(test.row.activity, test.input, first);
  if (test.operation.method == "DELETE") {  // to Stripe a key means nothing here
    CHECK(output.has_value());
    CHECK(test.counts() != before);
    return;
  }
  REQUIRE_FALSE(output.has_value());
  CHECK(output.error().outcome == Outcome::permanent);
  CHECK(output.error().problem.title == "idempotency_error");
  CHECK_FALSE(output.error().key_spent);
  CHECK(test.counts() == before);
}
