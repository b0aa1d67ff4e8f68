// The comparison against Stripe's stand-in: what it finds, and what it leaves alone.
#include "books.hpp"

using namespace sequent;
using Catch::Contains;
using sequent::tests::Reconciled;
using Strings = std::vector<std::string>;

TEST_CASE("what the journals say and Stripe has agrees, over many pages", "[reconciliation]") {
  Reconciled world;
  for (int i = 0; i < 230; ++i) world.customer("run-" + std::to_string(i));
  const Json report = world.compare();
  CHECK(report.at("agrees") == true);
  CHECK(report.at("made") == 230);
  CHECK(report.at("listed") == 230);
  CHECK(report.at("runs") == 230);
  CHECK(report.at("findings").empty());
}

TEST_CASE("deleted, made, changed behind our back, and lost: exactly these are found",
          "[reconciliation]") {
  Reconciled world;
  const auto kept = world.customer("run-kept");
  const auto gone = world.customer("run-gone");
  const auto changed = world.customer(
      "run-changed", {{"name", "Ada"}, {"address", {{"city", "Lyon"}, {"country", "FR"}}}});
  const auto stranger = world.stripe.customer();
  const Json lost = world.at_stripe("run-lost", 0, "/v1/customers", {{"name", "Lost"}});
  world.books.intent("run-lost", 0, "stripe.customers.create", {{"name", "Lost"}});
  world.books.record("run-lost", 0, "AttemptFailed", {{"attempt", 1}, {"unsettled", true}});
  world.books.record("run-lost", 0, "TaskParked", {{"reason", "retries exhausted"}});
  REQUIRE(world.stripe.stripe.call("DELETE", "/v1/customers/" + gone).status == 200);
  REQUIRE(world.stripe.stripe
              .post("/v1/customers/" + changed, "name=Eve&address[city]=Paris&address[country]=FR")
              .status == 200);

  const Json report = world.compare();
  INFO(report.dump(2));
  REQUIRE(report.at("findings").size() == 4);
  CHECK(report.at("agrees") == false);
  std::map<std::string, Json> by_id;
  for (const auto& each : report.at("findings")) by_id[text_of(each, "id")] = each;
  CHECK(by_id.at(gone).at("finding") == "missing");
  CHECK(by_id.at(gone).at("run") == "run-gone");
  CHECK_THAT(text_of(by_id.at(gone), "cause"), Contains("deleted"));
  CHECK_THAT(text_of(by_id.at(gone), "repair"), Contains("sequent rewind run-gone --task /do/0"));
  CHECK(by_id.at(stranger).at("finding") == "extra");
  CHECK(by_id.at(stranger).at("run") == nullptr);
  CHECK(by_id.at(changed).at("finding") == "different");
  const Json& fields = by_id.at(changed).at("fields");
  REQUIRE(fields.size() == 2);
  CHECK(fields[0] == Json({{"field", "name"}, {"sent", "Ada"}, {"has", "Eve"}}));
  CHECK(fields[1] == Json({{"field", "address.city"}, {"sent", "Lyon"}, {"has", "Paris"}}));
  CHECK(by_id.at(lost.at("id")).at("finding") == "answer-lost");
  CHECK(by_id.at(lost.at("id")).at("run") == "run-lost");
  CHECK_THAT(text_of(by_id.at(lost.at("id")), "repair"),
             Contains("sequent retry run-lost --task /do/0"));
}

TEST_CASE("a connected account that a journal names is compared in that account",
          "[reconciliation]") {
  Reconciled world;
  world.stripe.stripe.now = world.begin - 60'000;
  world.stripe.account("acct_seller");
  world.stripe.stripe.now = world.begin + 60'000;
  const auto gone = world.customer("run-1", {{"name", "Ada"}, {"account", "acct_seller"}});
  world.customer("run-2");
  CHECK(world.compare().at("agrees") == true);
  REQUIRE(world.stripe.stripe
              .call("DELETE", "/v1/customers/" + gone, "", {{"Stripe-Account", "acct_seller"}})
              .status == 200);
  const Json report = world.compare();
  REQUIRE(report.at("findings").size() == 1);
  CHECK(report.at("findings")[0].at("account") == "acct_seller");
  SECTION("and alone, when it is asked for") {
    world.stripe.customer();
    world.window.account = "acct_seller";
    CHECK(world.found() == Strings{"missing " + gone});
  }
}

TEST_CASE("what a run itself changed or deleted later is no difference", "[reconciliation]") {
  Reconciled world;
  const auto id = world.customer("run-1", {{"name", "Ada"}, {"metadata", {{"tier", "a"}}}});
  REQUIRE(
      world.stripe.stripe.post("/v1/customers/" + id, "name=Eve&metadata[tier]=b&metadata[more]=c")
          .status == 200);
  const Json change{
      {"customer", id}, {"name", "Eve"}, {"metadata", {{"tier", "b"}, {"more", "c"}}}};
  SECTION("changed and answered") {
    world.books.intent("run-2", 0, "stripe.customers.update", change);
    world.books.result("run-2", 0, {{"id", id}}, world.now - 1'000);
    CHECK(world.found().empty());
  }
  SECTION("changed, and the answer is open: either is right") {
    world.books.intent("run-2", 0, "stripe.customers.update", change);
    world.books.record("run-2", 0, "AttemptFailed", {{"unsettled", true}});
    CHECK(world.found().empty());
  }
  SECTION("changed by nobody whom we know") {
    CHECK(world.found() == Strings{"different " + id});
  }
  SECTION("deleted") {
    REQUIRE(world.stripe.stripe.call("DELETE", "/v1/customers/" + id).status == 200);
    world.books.intent("run-2", 0, "stripe.customers.delete", {{"customer", id}});
    world.books.result("run-2", 0, {{"id", id}, {"deleted", true}});
    CHECK(world.found().empty());
  }
}

TEST_CASE("what happens while we compare is no difference", "[reconciliation]") {
  Reconciled world;
  world.customer("run-1");
  SECTION("a run that began after the journals were read") {
    // It carries the mark of its run, whose journal is read for it.
    const Json made = world.at_stripe("run-2", 0, "/v1/customers", {{"name", "New"}});
    world.books.before_second_listing = [&] {
      world.books.intent("run-2", 0, "stripe.customers.create", {{"name", "New"}});
      world.books.result("run-2", 0, made, world.now - 1);
    };
    CHECK(world.found().empty());
  }
  SECTION("a request that is under way") {
    world.at_stripe("run-2", 0, "/v1/customers", {{"name", "New"}});
    world.books.intent("run-2", 0, "stripe.customers.create", {{"name", "New"}}, world.now - 1'000);
    CHECK(world.found().empty());
  }
  SECTION("one that is older than its time limit has lost its answer") {
    const Json made = world.at_stripe("run-2", 0, "/v1/customers", {{"name", "New"}});
    world.books.intent("run-2", 0, "stripe.customers.create", {{"name", "New"}},
                       world.now - 31'000);
    CHECK(world.found() == Strings{"answer-lost " + made.at("id").get<std::string>()});
  }
}

TEST_CASE("an extra object with our mark says whose it is", "[reconciliation]") {
  Reconciled world;
  const auto first = world.customer("run-1");
  const auto cause = [&] {
    const Json report = world.compare();
    REQUIRE(report.at("findings").size() == 1);
    CHECK(report.at("findings")[0].at("finding") == "extra");
    return text_of(report.at("findings")[0], "cause");
  };
  SECTION("made twice under one key") {
    world.at_stripe("run-1", 0, "/v1/customers", {{"name", "Ada"}});
    CHECK_THAT(cause(), Contains("made twice") && Contains(first));
  }
  SECTION("of a run that this store does not have") {
    world.at_stripe("run-elsewhere", 0, "/v1/customers", {{"name", "Ada"}});
    CHECK_THAT(cause(), Contains("run-elsewhere, which this store does not have"));
  }
  SECTION("of a call that the run's journal does not have") {
    world.at_stripe("run-1", 7, "/v1/customers", {{"name", "Ada"}});
    CHECK_THAT(cause(), Contains("whose journal has no such call"));
  }
  SECTION("of a task that an operator has ended with another result") {
    world.at_stripe("run-2", 0, "/v1/customers", {{"name", "Ada"}});
    world.books.intent("run-2", 0, "stripe.customers.create", {{"name", "Ada"}});
    world.books.record("run-2", 0, "TaskSkippedByOperator", {{"output", nullptr}});
    CHECK_THAT(cause(), Contains("an operator gave the task another result"));
  }
}

TEST_CASE("what Stripe makes together with our objects is not extra", "[reconciliation]") {
  Reconciled world;
  SECTION("the default price of a product") {
    const Json price{{"currency", "eur"}, {"unit_amount", 800}};
    world.make("run-1", 0, "stripe.products.create", "/v1/products",
               {{"name", "Seat"}, {"default_price_data", price}});
    CHECK(world.found().empty());
  }
  SECTION("the product of a price") {
    world.make("run-1", 0, "stripe.prices.create", "/v1/prices",
               {{"currency", "EUR"}, {"unit_amount", 800}, {"product_data", {{"name", "Seat"}}}});
    CHECK(world.found().empty());
  }
  SECTION("but what a request names was there before") {
    const auto stranger = world.stripe.customer();
    const Json line{{"price", "price_website_monthly"}, {"quantity", 1}};
    world.make("run-1", 0, "stripe.checkout.sessions.create", "/v1/checkout/sessions",
               {{"mode", "subscription"},
                {"customer", stranger},
                {"success_url", "https://x.test/"},
                {"line_items", Json::array({line})}});
    CHECK(world.found() == Strings{"extra " + stranger});
  }
  SECTION("customer, subscription and invoice of a session that was paid") {
    const Json line{{"price", "price_website_monthly"}, {"quantity", 1}};
    const Json session =
        world.make("run-1", 0, "stripe.checkout.sessions.create", "/v1/checkout/sessions",
                   {{"mode", "subscription"},
                    {"success_url", "https://x.test/{CHECKOUT_SESSION_ID}"},
                    {"line_items", Json::array({line})}});
    world.stripe.stripe.admin("checkout/" + text_of(session, "id") + "/pay", {{"outcome", "paid"}});
    CHECK(world.found().empty());
  }
  SECTION("customer, subscription and invoice of a session that is older than the window") {
    const Json line{{"price", "price_website_monthly"}, {"quantity", 1}};
    world.stripe.stripe.now = world.begin - 1'200'000;
    const Json session =
        world.make("run-1", 0, "stripe.checkout.sessions.create", "/v1/checkout/sessions",
                   {{"mode", "subscription"},
                    {"success_url", "https://x.test/"},
                    {"line_items", Json::array({line})}});
    world.stripe.stripe.now = world.begin + 60'000;
    world.stripe.stripe.admin("checkout/" + text_of(session, "id") + "/pay", {{"outcome", "paid"}});
    SECTION("and its run has gone on since") {}
    SECTION("and its run has not") {
      world.books.runs_of.clear();
    }
    CHECK(world.found().empty());
  }
}

TEST_CASE("a subscription compares its items, unless a run has changed them", "[reconciliation]") {
  Reconciled world;
  const Json settings{{"default_payment_method", "pm_card_visa"}};
  const auto customer = world.customer("run-1", {{"invoice_settings", settings}});
  const Json item{{"price", "price_website_monthly"}, {"quantity", 2}};
  const Json made = world.make("run-2", 0, "stripe.subscriptions.create", "/v1/subscriptions",
                               {{"customer", customer}, {"items", Json::array({item})}});
  const auto id = text_of(made, "id");
  CHECK(world.found().empty());
  const auto line = made.at("items").at("data")[0].at("id").get<std::string>();
  REQUIRE(world.stripe.stripe
              .post("/v1/subscriptions/" + id, "items[0][id]=" + line + "&items[0][quantity]=5")
              .status == 200);
  SECTION("changed behind our back") {
    const Json report = world.compare();
    REQUIRE(report.at("findings").size() == 1);
    CHECK(report.at("findings")[0].at("fields")[0].at("field") == "items");
  }
  SECTION("changed by a run") {
    const Json more{{"id", line}, {"quantity", 5}};
    world.books.intent("run-3", 0, "stripe.subscriptions.update",
                       {{"subscription", id}, {"items", Json::array({more})}});
    world.books.result("run-3", 0, {{"id", id}});
    CHECK(world.found().empty());
  }
  SECTION("an ended one is still there") {
    REQUIRE(world.stripe.stripe
                .post("/v1/subscriptions/" + id, "items[0][id]=" + line + "&items[0][quantity]=2")
                .status == 200);
    REQUIRE(world.stripe.stripe.call("DELETE", "/v1/subscriptions/" + id).status == 200);
    CHECK(world.found().empty());
  }
}

TEST_CASE("what was made outside the window is left alone", "[reconciliation]") {
  Reconciled world;
  world.stripe.stripe.now = world.begin - 120'000;
  const auto before = world.customer("run-1");
  world.stripe.customer();
  REQUIRE(world.stripe.stripe.call("DELETE", "/v1/customers/" + before).status == 200);
  world.stripe.stripe.now = world.end + 120'000;
  world.stripe.customer();
  CHECK(world.found().empty());
}

TEST_CASE("a list that can't be filtered by creation is read until the window's begin",
          "[reconciliation]") {
  Reconciled world;
  world.shelf.without_created = "/v1/customers";
  world.stripe.stripe.now = world.begin - 1'200'000;
  for (int i = 0; i < 250; ++i) world.stripe.customer();
  world.stripe.stripe.now = world.begin + 60'000;
  world.customer("run-1");
  const auto extra = world.stripe.customer();
  CHECK(world.found() == Strings{"extra " + extra});
}

TEST_CASE("what can't be read is said, and nothing is concluded from it", "[reconciliation]") {
  Reconciled world;
  world.customer("run-1");
  world.books.intent("run-2", 0, "stripe.customers.create",
                     {{"name", "Ada"}, {"account", "acct_stranger"}});
  world.books.result("run-2", 0, {{"id", "cus_there"}}, world.begin + 60'000);
  const Json report = world.compare();
  INFO(report.dump(2));
  CHECK(report.at("agrees") == false);
  CHECK(report.at("findings").empty());
  REQUIRE(report.at("unread").size() == 1);
  CHECK_THAT(report.at("unread")[0].get<std::string>(), Contains("acct_stranger"));
}

TEST_CASE("what the API hides is not compared", "[reconciliation]") {
  Reconciled world;
  const Json made =
      world.at_stripe("run-1", 0, "/v1/customers", {{"name", "Ada"}, {"email", "ada@example.com"}});
  world.books.intent("run-1", 0, "stripe.customers.create",
                     {{"name", "Ada"}, {"email", "[redacted]"}});
  world.books.result("run-1", 0, made, world.begin + 60'000);
  CHECK(world.found().empty());
}

TEST_CASE("effects that no list has are counted", "[reconciliation]") {
  Reconciled world;
  world.books.intent("run-1", 0, "stripe.billing.meter_events.create", {{"event_name", "calls"}});
  world.books.result("run-1", 0, {{"event_name", "calls"}});
  const Json report = world.compare();
  CHECK(report.at("agrees") == true);
  CHECK(report.at("unlisted") == 1);
}
