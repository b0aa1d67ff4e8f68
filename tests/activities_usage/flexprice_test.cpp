#include "usage_bench.hpp"

using namespace sequent;
using namespace sequent::tests;
using machine::Outcome;
using runtime::Reconciliation;

namespace {

// The bench answers nothing at all where the stand-in would cut the connection.
const Json lose_next_answer = {{"kind", "hang"}, {"effect", true}, {"times", 1}};

}  // namespace

TEST_CASE("what has a unique key is made once, and adopted when the answer was lost",
          "[flexprice]") {
  FlexpriceBench test;
  const std::string kind = GENERATE("customer", "plan", "addon");
  const std::string name = "flexprice." + kind + "s.create";
  const std::string key = kind == "customer" ? "external_id" : "lookup_key";
  const Json input{{key, "k_1"}, {"name", "N"}};
  test.admin("POST", "faults", lose_next_answer);
  const auto lost = test.call(name, input, impatient_attempt());
  REQUIRE_FALSE(lost.has_value());
  CHECK(lost.error().outcome == Outcome::transient);
  CHECK(test.exist(kind + "s") == 1);

  const Json adopted = test.must(name, input, unsettled_attempt());
  CHECK(test.must(name, input, other_task()).at("id") == adopted.at("id"));
  CHECK(test.exist(kind + "s") == 1);
  test.no_duplicates();
}

TEST_CASE("a subscription whose answer was lost is found before another one is made",
          "[flexprice]") {
  FlexpriceBench test;
  const auto customer = test.customer(), plan = test.plan("gold");
  const bool with_key = GENERATE(true, false);
  Json input = FlexpriceBench::wanted(customer, plan);
  if (!with_key) input.erase("lookup_key");
  CHECK(test.look("flexprice.subscriptions.create", input).found == Reconciliation::Found::absent);

  Json fault = lose_next_answer;
  fault["path"] = "/v1/subscriptions";
  test.admin("POST", "faults", fault);
  const auto lost = test.call("flexprice.subscriptions.create", input, impatient_attempt());
  REQUIRE_FALSE(lost.has_value());
  CHECK(lost.error().outcome == Outcome::unknown);

  const auto looked = test.look("flexprice.subscriptions.create", input, unsettled_attempt());
  REQUIRE(looked.found == Reconciliation::Found::adopted);
  const Json made = test.must("flexprice.subscriptions.create", input, unsettled_attempt());
  CHECK(made.at("id") == looked.object.at("id"));
  CHECK(test.exist("subscriptions") == 1);
  CHECK(test.calls("POST", "/v1/subscriptions") == 1);
  test.no_duplicates();
}

TEST_CASE("a live subscription of the same lookup key is adopted, a cancelled one is not",
          "[flexprice]") {
  FlexpriceBench test;
  const auto customer = test.customer(), plan = test.plan("gold");
  const Json input = FlexpriceBench::wanted(customer, plan);
  const auto first = test.must("flexprice.subscriptions.create", input).at("id");
  CHECK(test.must("flexprice.subscriptions.create", input, other_task()).at("id") == first);
  test.must("flexprice.subscriptions.cancel",
            {{"subscription_id", first}, {"cancellation_type", "immediate"}});
  CHECK(test.must("flexprice.subscriptions.create", input, other_task()).at("id") != first);
  // The task that made the cancelled one is never fooled into making another.
  CHECK(test.must("flexprice.subscriptions.create", input).at("id") == first);
}

TEST_CASE("two subscriptions of one customer with their own keys stay two", "[flexprice]") {
  FlexpriceBench test;
  const auto customer = test.customer(), plan = test.plan("gold");
  const Json one =
      test.must("flexprice.subscriptions.create", FlexpriceBench::wanted(customer, plan, "sub_1"));
  const Json two = test.must("flexprice.subscriptions.create",
                             FlexpriceBench::wanted(customer, plan, "sub_2"), other_task());
  CHECK(one.at("id") != two.at("id"));
}

TEST_CASE("a plan without a fitting price says so by a reason of its own", "[flexprice]") {
  FlexpriceBench test;
  const auto customer = test.customer();
  const auto empty = text_of(
      test.must("flexprice.plans.create", {{"lookup_key", "empty"}, {"name", "Empty"}}), "id");
  const auto priced = test.plan("gold");
  Json yearly = FlexpriceBench::wanted(customer, priced);
  yearly["billing_period"] = "ANNUAL";
  for (const Json& input : {FlexpriceBench::wanted(customer, empty), yearly}) {
    const auto refused = test.call("flexprice.subscriptions.create", input);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().outcome == Outcome::permanent);
    CHECK(refused.error().problem.status == 400);
    CHECK(text_of(refused.error().problem.extensions, "reason") == "no_prices");
  }
}

TEST_CASE("a change of plan keeps the subscription's id and happens once", "[flexprice]") {
  FlexpriceBench test;
  const auto customer = test.customer(), gold = test.plan("gold"), platinum = test.plan("platinum");
  const auto id =
      test.must("flexprice.subscriptions.create", FlexpriceBench::wanted(customer, gold)).at("id");
  Json input{{"subscription_id", id}, {"target_plan_id", platinum}, {"proration_behavior", "none"}};
  SECTION("at once") {
    const Json changed = test.must("flexprice.subscriptions.change", input);
    CHECK(changed.at("subscription").at("id") == id);
    CHECK(changed.at("subscription").at("plan_id") == platinum);
    const Json again = test.must("flexprice.subscriptions.change", input, unsettled_attempt());
    CHECK(again.at("subscription").at("plan_id") == platinum);
  }
  SECTION("at the end of the period") {
    input["change_at"] = "end_of_period";
    const Json planned = test.must("flexprice.subscriptions.change", input);
    CHECK(planned.at("is_scheduled") == true);
    const Json again = test.must("flexprice.subscriptions.change", input, unsettled_attempt());
    CHECK(again.at("schedule_id") == planned.at("schedule_id"));
    CHECK(again.at("subscription").at("plan_id") == gold);
  }
  CHECK(test.calls("POST", "/v1/subscriptions/{id}/change/v2/execute") == 1);
}

TEST_CASE("a second cancellation counts as the first", "[flexprice]") {
  FlexpriceBench test;
  const auto customer = test.customer(), plan = test.plan("gold");
  const auto id =
      test.must("flexprice.subscriptions.create", FlexpriceBench::wanted(customer, plan)).at("id");
  Json input{{"subscription_id", id}};
  const std::string type = GENERATE("immediate", "end_of_period", "scheduled_date");
  input["cancellation_type"] = type;
  if (type == "scheduled_date") input["cancel_at"] = "2027-01-01T00:00:00Z";
  const Json first = test.must("flexprice.subscriptions.cancel", input);
  const Json second = test.must("flexprice.subscriptions.cancel", input, unsettled_attempt());
  CHECK(second.at("status") == first.at("status"));
  CHECK(parse_time(text_of(second, "effective_date")) ==
        parse_time(text_of(first, "effective_date")));
  if (type != "scheduled_date") return;
  input["cancel_at"] = "2027-02-01T00:00:00Z";
  const auto other = test.call("flexprice.subscriptions.cancel", input);
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().outcome == Outcome::permanent);
}

TEST_CASE("cancelling what is not there is a permanent 404, whichever error the server picks",
          "[flexprice]") {
  FlexpriceBench test;
  for (int i = 0; i < 12; ++i) {
    const auto refused =
        test.call("flexprice.subscriptions.cancel",
                  {{"subscription_id", "subs_none"}, {"cancellation_type", "immediate"}});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().problem.status == 404);
    CHECK(refused.error().outcome == Outcome::permanent);
  }
  const Json log = test.admin("GET", "calls");
  bool both = false;
  for (const Json& call : log.at("calls"))
    both = both || (call.at("statuses").contains("404") && call.at("statuses").contains("500"));
  CHECK(both);  // or this test has proven nothing
}

TEST_CASE("an addon is attached once and detached once", "[flexprice]") {
  FlexpriceBench test;
  const auto customer = test.customer(), plan = test.plan("gold"), addon = test.addon("seats");
  const auto id =
      test.must("flexprice.subscriptions.create", FlexpriceBench::wanted(customer, plan)).at("id");
  const Json input{{"subscription_id", id}, {"addon_id", addon}};
  Json fault = lose_next_answer;
  fault["path"] = "/v1/subscriptions/addon";
  test.admin("POST", "faults", fault);
  const auto lost = test.call("flexprice.subscriptions.addons.attach", input, impatient_attempt());
  REQUIRE_FALSE(lost.has_value());
  CHECK(lost.error().outcome == Outcome::unknown);
  const Json attached =
      test.must("flexprice.subscriptions.addons.attach", input, unsettled_attempt());
  CHECK(test.exist("associations") == 1);
  test.no_duplicates();

  const Json named{{"subscription_id", id}, {"addon_association_id", attached.at("id")}};
  CHECK(test.must("flexprice.subscriptions.addons.detach", named).at("deleted") == true);
  CHECK(test.must("flexprice.subscriptions.addons.detach", named).at("deleted") == true);
  const Json all = test.must("flexprice.subscriptions.addons.list", {{"subscription_id", id}});
  CHECK(all.at("items").at(0).at("addon_status") == "cancelled");
  CHECK(test.must("flexprice.subscriptions.addons.attach", input).at("id") != attached.at("id"));
}

TEST_CASE("a mapping is replaced, found and removed; a removed one stays gone", "[flexprice]") {
  FlexpriceBench test;
  const Json names{{"entity_type", "plan"}, {"entity_id", "plan_1"}, {"provider_type", "stripe"}};
  CHECK(test.must("flexprice.mappings.find", names).at("found") == false);
  Json link = names;
  link["provider_entity_id"] = "prod_1";
  test.must("flexprice.mappings.create", link);
  link["provider_entity_id"] = "prod_2";
  test.must("flexprice.mappings.create", link);
  CHECK(test.exist("mappings") == 1);
  const Json found = test.must("flexprice.mappings.find", names);
  CHECK(found.at("mapping").at("provider_entity_id") == "prod_2");
  test.must("flexprice.mappings.delete", names);
  test.must("flexprice.mappings.delete", names);
  CHECK(test.must("flexprice.mappings.find", names).at("found") == false);

  link["provider_type"] = "paddle";
  const auto refused = test.call("flexprice.mappings.create", link);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().outcome == Outcome::permanent);
}

TEST_CASE("a usage event is counted once for all attempts of its task", "[flexprice]") {
  FlexpriceBench test;
  const Json event{{"event_name", "tokens"},
                   {"external_customer_id", "cus_1"},
                   {"timestamp", "2026-11-21T12:00:00Z"},
                   {"properties", {{"count", "7"}}}};
  CHECK(test.must("flexprice.events.ingest", event).at("event_id") == "key-1");
  CHECK(test.must("flexprice.events.ingest", event).at("event_id") == "key-1");
  CHECK(test.exist("events") == 1);
  CHECK(test.call("flexprice.events.ingest", {{"event_name", "tokens"}}).has_value() == false);
}

TEST_CASE("deleting twice is deleting, and what is in use is not deleted", "[flexprice]") {
  FlexpriceBench test;
  const auto customer = test.customer(), plan = test.plan("gold");
  test.must("flexprice.subscriptions.create", FlexpriceBench::wanted(customer, plan));
  for (const auto& [name, input] : std::vector<std::pair<std::string, Json>>{
           {"customers", {{"customer_id", customer}}}, {"plans", {{"plan_id", plan}}}}) {
    const auto refused = test.call("flexprice." + name + ".delete", input);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().problem.status == 400);
  }
  const auto other = test.customer("cus_2");
  for (int i = 0; i < 2; ++i)
    CHECK(test.must("flexprice.customers.delete", {{"customer_id", other}}) ==
          Json{{"id", other}, {"deleted", true}});
  CHECK(test.must("flexprice.customers.find", {{"external_id", "cus_2"}}) ==
        Json{{"found", false}, {"customer", nullptr}});
}

TEST_CASE("a refusal that could not be looked into is tried again", "[flexprice]") {
  FlexpriceBench test;
  const Json input{{"external_id", "cus_1"}, {"name", "N"}};
  const Json made = test.must("flexprice.customers.create", input);
  test.admin("POST", "faults", {{"kind", "outage"}, {"method", "GET"}, {"times", 1}});
  const auto unread = test.call("flexprice.customers.create", input, other_task());
  REQUIRE_FALSE(unread.has_value());
  CHECK(unread.error().outcome == Outcome::transient);
  CHECK(test.must("flexprice.customers.create", input, other_task()).at("id") == made.at("id"));
}

TEST_CASE("what an expression found nothing for counts as not given", "[flexprice]") {
  FlexpriceBench test;
  const Json input{{"external_id", "cus_1"}, {"name", "N"}, {"email", nullptr}};
  const auto& schema = test.registry.activity("flexprice.customers.create")->spec().input;
  CHECK(schema->validate(input).empty());
  CHECK_FALSE(schema->validate({{"external_id", "cus_1"}, {"name", nullptr}}).empty());
  CHECK_FALSE(test.must("flexprice.customers.create", input).contains("email"));
}

TEST_CASE("an update of a subscription says what becomes of its end", "[flexprice]") {
  FlexpriceBench test;
  const auto refused = test.call("flexprice.subscriptions.update",
                                 {{"subscription_id", "subs_1"}, {"status", "paused"}});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().problem.detail.find("cancel_at_period_end") != std::string::npos);
  CHECK(test.bench.requests().empty());
}

TEST_CASE("a key that is refused or missing is permanent", "[flexprice]") {
  Bench bench;
  runtime::ActivityRegistry registry;
  activities::FlexpriceConfig config;
  config.base_url = bench.serve(always(json_response(401, {{"error", "Unauthorized"}}))) + "/v1";
  const bool with_key = GENERATE(true, false);
  if (with_key) config.api_key = [] { return "sk_wrong"; };
  activities::flexprice::register_flexprice(registry, config, bench.client);
  auto* get = registry.activity("flexprice.plans.get");
  const Json input{{"plan_id", "plan_1"}};
  const auto refused = bench.await(get->run(first_attempt(), input));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().outcome == Outcome::permanent);
  CHECK(bench.requests().size() == (with_key ? 1 : 0));
  if (with_key) CHECK(refused.error().problem.status == 401);
}

TEST_CASE("Flexprice's errors mean what PROVIDERS.md says they mean", "[flexprice]") {
  struct Case {
    int status;
    const char* code;
    Outcome of_a_creation, of_a_read;
  };
  const auto given = GENERATE(values<Case>({
      {400, "validation_error", Outcome::permanent, Outcome::permanent},
      {403, "permission_denied", Outcome::permanent, Outcome::permanent},
      {404, "not_found", Outcome::permanent, Outcome::permanent},
      {409, "version_conflict", Outcome::transient, Outcome::transient},
      {429, "too_many_requests", Outcome::transient, Outcome::transient},
      {500, "database_error", Outcome::unknown, Outcome::transient},
      {501, "not_implemented", Outcome::permanent, Outcome::permanent},
      {502, "", Outcome::unknown, Outcome::transient},
      {503, "service_unavailable", Outcome::transient, Outcome::transient},
  }));
  CAPTURE(given.status, given.code);
  auto response = json_response(given.status, {{"code", given.code}, {"message", "Jean Dupont"}});
  response.headers.set("Retry-After", "7");
  Bench bench;
  runtime::ActivityRegistry registry;
  activities::FlexpriceConfig config;
  config.api_key = [] { return "sk"; };
  config.base_url = bench.serve([response](const net::ServerRequest& request) {
    const Json none{{"items", Json::array()}, {"pagination", {{"total", 0}}}};
    return request.path.ends_with("/search") ? json_response(200, none) : response;
  });
  activities::flexprice::register_flexprice(registry, config, bench.client);
  const Json wanted = FlexpriceBench::wanted("cust_1", "plan_1");
  const auto made = bench.await(
      registry.activity("flexprice.subscriptions.create")->run(first_attempt(), wanted));
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().outcome == given.of_a_creation);
  CHECK(made.error().retry_after_ms == 7'000);
  CHECK(made.error().problem.detail.find("Jean") == std::string::npos);
  const Json named{{"plan_id", "plan_1"}};
  const auto read =
      bench.await(registry.activity("flexprice.plans.get")->run(first_attempt(), named));
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().outcome == given.of_a_read);
}
