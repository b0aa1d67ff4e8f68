// Every activity sends a request that its provider describes, and its input schema offers nothing
// else. The other tests of this program hold all of their requests against the descriptions too.
#include <set>

#include "usage_bench.hpp"

using namespace sequent;
using namespace sequent::tests;

namespace {

namespace flexprice = activities::flexprice;

std::vector<flexprice::Operation> flexprice_operations() {
  std::vector<flexprice::Operation> all;
  for (auto resource : {flexprice::customers, flexprice::plans, flexprice::addons,
                        flexprice::subscriptions, flexprice::subscription_changes,
                        flexprice::subscription_addons, flexprice::mappings, flexprice::events})
    for (auto& operation : resource()) all.push_back(std::move(operation));
  return all;
}

// An input's members that are ours: they never reach the provider under this name.
const std::set<std::pair<std::string, std::string>> own_members = {
    {"flexprice.mappings.find", "provider_type"},
    {"flexprice.subscriptions.addons.detach", "subscription_id"},
};

Json query_parameters(const Json& operation) {
  Json known = Json::object();
  for (const Json& parameter : operation.value("parameters", Json::array()))
    if (parameter.at("in") == "query")
      known[parameter.at("name").get<std::string>()] = parameter.at("schema");
  return known;
}

}  // namespace

TEST_CASE("inputs of Flexprice's activities are made of described members alone", "[contract]") {
  const auto api = OpenApi::load("flexprice-openapi-subset.json", "/v1");
  if (!api) return;
  for (const auto& operation : flexprice_operations()) {
    CAPTURE(operation.spec.name);
    const Json* described = api->operation(operation.method, "/v1" + operation.path);
    REQUIRE(described != nullptr);
    const Json query = query_parameters(*described);
    const Json members = api->body_schema(*described).value("properties", Json::object());
    for (const auto& [name, schema] : operation.spec.input_schema.at("properties").items()) {
      CAPTURE(name);
      if (operation.path.find("{" + name + "}") != std::string::npos) continue;
      if (own_members.contains({operation.spec.name, name})) continue;
      const auto parameter = operation.query.find(name);
      if (parameter != operation.query.end()) {
        CHECK(query.contains(parameter->second));
        continue;
      }
      REQUIRE(members.contains(name));
      const Json offered = schema.value("enum", Json::array());
      const Json allowed = api->whole(members.at(name)).value("enum", Json::array());
      if (allowed.empty()) continue;
      for (const Json& word : offered)
        CHECK((word.is_null() || std::find(allowed.begin(), allowed.end(), word) != allowed.end()));
    }
    // What the provider requires, the schema requires or the activity adds.
    for (const Json& name : api->body_schema(*described).value("required", Json::array()))
      CHECK(operation.spec.input_schema.at("properties").contains(name.get<std::string>()));
  }
}

TEST_CASE("each activity of Flexprice sends a described request", "[contract]") {
  FlexpriceBench test;
  const auto customer = test.customer(), gold = test.plan("gold"), silver = test.plan("silver");
  const auto addon = test.addon("seats");
  Json wanted = FlexpriceBench::wanted(customer, gold);
  wanted.update({{"billing_period_count", 1},
                 {"billing_cycle", "anniversary"},
                 {"start_date", "2026-11-21T00:00:00Z"},
                 {"end_date", nullptr},
                 {"payment_behavior", "default_active"},
                 {"collection_method", "charge_automatically"},
                 {"metadata", {{"stripe", "sub_1"}}}});
  const auto id = test.must("flexprice.subscriptions.create", wanted).at("id");
  const auto association =
      test.must("flexprice.subscriptions.addons.attach", {{"subscription_id", id},
                                                          {"addon_id", addon},
                                                          {"cadence", "recurring"},
                                                          {"metadata", {{"a", 1}}}})
          .at("id");
  const Json names{
      {"entity_type", "customer"}, {"entity_id", customer}, {"provider_type", "stripe"}};
  Json link = names;
  link["provider_entity_id"] = "cus_1";
  const Json event{{"event_id", "e"},
                   {"event_name", "n"},
                   {"external_customer_id", "cus_1"},
                   {"timestamp", "2026-11-21T12:00:00Z"}};
  const std::vector<std::pair<std::string, Json>> inputs = {
      {"customers.get", {{"customer_id", customer}}},
      {"customers.find", {{"external_id", "cus_1"}}},
      {"customers.update",
       {{"external_customer_id", "cus_1"}, {"email", "a@b.c"}, {"metadata", {{"k", "v"}}}}},
      {"customers.search", {{"external_ids", {"cus_1"}}, {"limit", 10}, {"status", "published"}}},
      {"plans.get", {{"plan_id", gold}}},
      {"plans.find", {{"lookup_key", "gold"}}},
      {"plans.update", {{"plan_id", gold}, {"description", "d"}}},
      {"plans.search", {{"plan_ids", {gold}}, {"offset", 0}}},
      {"addons.get", {{"addon_id", addon}}},
      {"addons.find", {{"lookup_key", "seats"}}},
      {"addons.update", {{"addon_id", addon}, {"name", "Seats"}}},
      {"addons.search", {{"lookup_keys", {"seats"}}}},
      {"subscriptions.get", {{"subscription_id", id}}},
      {"subscriptions.search", {{"customer_id", customer}, {"subscription_status", {"active"}}}},
      {"subscriptions.update",
       {{"subscription_id", id}, {"status", "active"}, {"cancel_at_period_end", false}}},
      {"subscriptions.change",
       {{"subscription_id", id},
        {"target_plan_id", silver},
        {"proration_behavior", "create_prorations"},
        {"entity_policies", {{"addons", {{"default_behaviour", "carry"}}}}}}},
      {"subscriptions.addons.list", {{"subscription_id", id}}},
      {"subscriptions.addons.detach",
       {{"subscription_id", id}, {"addon_association_id", association}, {"reason", "r"}}},
      {"subscriptions.cancel",
       {{"subscription_id", id},
        {"cancellation_type", "immediate"},
        {"cancel_immediately_inovice_policy", "skip"}}},
      {"mappings.create", link},
      {"mappings.find", names},
      {"mappings.delete", names},
      {"events.ingest", event},
      {"events.ingestBulk", {{"events", {event}}}},
      {"plans.delete", {{"plan_id", gold}}},
      {"addons.delete", {{"addon_id", addon}}},
      {"customers.delete", {{"customer_id", customer}}},
  };
  std::set<std::string> called = {"flexprice.customers.create", "flexprice.plans.create",
                                  "flexprice.addons.create", "flexprice.subscriptions.create",
                                  "flexprice.subscriptions.addons.attach"};
  for (const auto& [name, input] : inputs) {
    const auto full = "flexprice." + name;
    const Json output = test.must(full, input);
    called.insert(full);
    const auto schema = schema::Schema::compile(test.registry.find(full, "")->output_schema);
    REQUIRE(schema.has_value());
    CAPTURE(full, dump_json(output));
    CHECK(schema->validate(output).empty());
  }
  for (const auto& name : test.registry.names()) CHECK(called.contains(name));
}

TEST_CASE("a request that is not as described is found out", "[contract]") {
  const auto api = OpenApi::load("flexprice-openapi-subset.json", "/v1");
  if (!api) return;
  net::ServerRequest request;
  request.method = "POST";
  request.path = "/v1/subscriptions";
  request.headers.set("Content-Type", "application/json");
  Json body = FlexpriceBench::wanted("cust_1", "plan_1");
  const auto broken = [&] {
    request.body = dump_json(body);
    return api->violations(request);
  };
  CHECK(broken().empty());
  SECTION("an unknown member") {
    body["colour"] = "red";
  }
  SECTION("a missing member") {
    body.erase("plan_id");
  }
  SECTION("a word that is not in the enumeration") {
    body["billing_period"] = "FORTNIGHTLY";
  }
  SECTION("a number where a text is due") {
    body["currency"] = 3;
  }
  SECTION("a text where a number is due") {
    body["trial_period_days"] = "3";
  }
  SECTION("a time that is none") {
    body["start_date"] = "tomorrow";
  }
  SECTION("an unknown member further down") {
    body["addons"] = {{{"addon_id", "a"}, {"x", 1}}};
  }
  SECTION("an unknown parameter") {
    request.query = "dry_run=true";
  }
  SECTION("another method") {
    request.method = "PATCH";
  }
  SECTION("another path") {
    request.path = "/v1/subscription";
  }
  CHECK(broken().size() == 1);
}
