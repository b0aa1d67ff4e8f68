// Every activity of Flexprice and Langfuse that changes something, with its answer or its request
// lost: asked again at once or more than a day later, it happens once.
#include <set>

#include "engine/runtime/dispatch.hpp"
#include "usage_bench.hpp"

using namespace sequent;
using namespace sequent::tests;
using machine::Outcome;
using runtime::Reconciliation;

namespace {

template <class Bench>
struct Write {
  std::string activity;
  std::string method;
  std::string path;  // `*` stands for an id
  std::function<Json(Bench&)> input;
};

/// How many objects of each kind there are, and what plan each subscription has.
Json facts(UsageBench& test) {
  Json all = Json::object();
  const Json state = test.admin("GET", "state");
  for (const auto& kind : state.items()) {
    if (!kind.value().is_object() || !kind.value().contains("count")) continue;
    all[kind.key()]["count"] = kind.value().at("count");
    for (const Json& object : kind.value().at("objects"))
      for (const char* member : {"plan_id", "subscription_status", "addon_status", "status"})
        if (object.contains(member)) all[kind.key()]["objects"].push_back(object.at(member));
  }
  return all;
}

/// An attempt after one that failed so, made as the engine makes it.
Json settled(UsageBench& test, const std::string& activity, const Json& input, Outcome before,
             std::uint32_t number) {
  auto attempt = first_attempt();
  attempt.number = number;
  attempt.now = test.now;
  attempt.unsettled = before == Outcome::unknown;
  if (runtime::must_reconcile(test.registry.activity(activity)->spec(), attempt, false)) {
    const auto looked = test.look(activity, input, attempt);
    REQUIRE(looked.found != Reconciliation::Found::undecided);
    if (looked.found == Reconciliation::Found::adopted) return looked.object;
  }
  return test.must(activity, input, attempt);
}

template <class Bench>
Outcome failed_once(Bench& test, const Write<Bench>& row, const Json& input, Json fault) {
  fault["method"] = row.method;
  fault["path"] = row.path;
  fault["times"] = 1;
  test.admin("POST", "faults", fault);
  auto attempt = first_attempt();
  attempt.timeout_ms = 400;
  const auto lost = test.call(row.activity, input, attempt);
  REQUIRE_FALSE(lost.has_value());
  CHECK(lost.error().outcome != Outcome::permanent);
  return lost.error().outcome;
}

template <class Bench>
void lose_the_answer(const Write<Bench>& row) {
  Bench test;
  const Json input = row.input(test);
  CAPTURE(row.activity, dump_json(input));
  const auto outcome = failed_once(test, row, input, {{"kind", "hang"}, {"effect", true}});
  const bool harmless = test.registry.activity(row.activity)->spec().idempotent;
  CHECK(outcome == (harmless ? Outcome::transient : Outcome::unknown));
  const Json made = facts(test);
  settled(test, row.activity, input, outcome, 2);
  CHECK(facts(test) == made);
  test.now += 25 * 3'600'000LL;
  settled(test, row.activity, input, outcome, 3);
  CHECK(facts(test) == made);
  test.no_duplicates();
}

template <class Bench>
void lose_the_request(const Write<Bench>& row) {
  Bench test;
  const Json input = row.input(test);
  CAPTURE(row.activity, dump_json(input));
  const Json before = facts(test);
  const auto outcome = failed_once(test, row, input, {{"kind", "outage"}});
  CHECK(facts(test) == before);
  test.now += 25 * 3'600'000LL;
  settled(test, row.activity, input, outcome, 2);
  const Json made = facts(test);
  settled(test, row.activity, input, outcome, 3);
  CHECK(facts(test) == made);
  test.no_duplicates();
}

template <class Bench>
void all_are_here(const std::vector<Write<Bench>>& rows, const std::set<std::string>& reads) {
  Bench test;
  std::set<std::string> known;
  for (const auto& row : rows) known.insert(row.activity);
  for (const auto& name : test.registry.names()) {
    CAPTURE(name);
    const bool reads_only = reads.contains(name.substr(name.rfind('.') + 1));
    CHECK(known.contains(name) != reads_only);
  }
}

Json keyed(const char* key) {
  return {{key, "k_1"}, {"name", "N"}};
}

Json subscribed(FlexpriceBench& test, const std::string& plan) {
  const auto wanted = FlexpriceBench::wanted(test.customer(), plan);
  return test.must("flexprice.subscriptions.create", wanted, other_task()).at("id");
}

Json usage(const std::string& id = "") {
  Json event{{"event_name", "tokens"},
             {"external_customer_id", "cus_1"},
             {"timestamp", "2026-11-21T12:00:00Z"}};
  if (!id.empty()) event["event_id"] = id;
  return event;
}

using FlexpriceWrites = std::vector<Write<FlexpriceBench>>;

FlexpriceWrites catalog_writes() {
  return {
      {"flexprice.customers.create", "POST", "/v1/customers",
       [](FlexpriceBench&) { return keyed("external_id"); }},
      {"flexprice.customers.update", "PUT", "/v1/customers",
       [](FlexpriceBench& test) -> Json {
         return {{"customer_id", test.customer()}, {"name", "Jean Dupont"}};
       }},
      {"flexprice.customers.delete", "DELETE", "/v1/customers/*",
       [](FlexpriceBench& test) -> Json {
         return {{"customer_id", test.customer()}};
       }},
      {"flexprice.plans.create", "POST", "/v1/plans",
       [](FlexpriceBench&) { return keyed("lookup_key"); }},
      {"flexprice.plans.update", "PUT", "/v1/plans/*",
       [](FlexpriceBench& test) -> Json {
         return {{"plan_id", test.plan("gold")}, {"name", "Gold"}};
       }},
      {"flexprice.plans.delete", "DELETE", "/v1/plans/*",
       [](FlexpriceBench& test) -> Json {
         return {{"plan_id", test.plan("gold")}};
       }},
      {"flexprice.addons.create", "POST", "/v1/addons",
       [](FlexpriceBench&) { return keyed("lookup_key"); }},
      {"flexprice.addons.update", "PUT", "/v1/addons/*",
       [](FlexpriceBench& test) -> Json {
         return {{"addon_id", test.addon("seats")}, {"name", "Seats"}};
       }},
      {"flexprice.addons.delete", "DELETE", "/v1/addons/*",
       [](FlexpriceBench& test) -> Json {
         return {{"addon_id", test.addon("seats")}};
       }},
      {"flexprice.events.ingest", "POST", "/v1/events", [](FlexpriceBench&) { return usage(); }},
      {"flexprice.events.ingestBulk", "POST", "/v1/events/bulk",
       [](FlexpriceBench&) -> Json {
         return {{"events", Json::array({usage("e1"), usage("e2")})}};
       }},
  };
}

FlexpriceWrites subscription_writes() {
  const Json mapping{{"entity_type", "plan"}, {"entity_id", "plan_1"}, {"provider_type", "stripe"}};
  Json link = mapping;
  link["provider_entity_id"] = "prod_1";
  return {
      {"flexprice.mappings.create", "POST", "/v1/integrations/link",
       [link](FlexpriceBench&) { return link; }},
      {"flexprice.mappings.delete", "DELETE", "/v1/integrations/link",
       [link, mapping](FlexpriceBench& test) {
         test.must("flexprice.mappings.create", link, other_task());
         return mapping;
       }},
      {"flexprice.subscriptions.create", "POST", "/v1/subscriptions",
       [](FlexpriceBench& test) {
         return FlexpriceBench::wanted(test.customer(), test.plan("gold"));
       }},
      {"flexprice.subscriptions.create", "POST", "/v1/subscriptions",
       [](FlexpriceBench& test) {
         Json input = FlexpriceBench::wanted(test.customer(), test.plan("gold"));
         input.erase("lookup_key");  // its traces alone tell it from another one
         return input;
       }},
      {"flexprice.subscriptions.update", "PUT", "/v1/subscriptions/*",
       [](FlexpriceBench& test) -> Json {
         return {{"subscription_id", subscribed(test, test.plan("gold"))},
                 {"cancel_at_period_end", false},
                 {"status", "paused"}};
       }},
      {"flexprice.subscriptions.change", "POST", "/v1/subscriptions/*/change/v2/execute",
       [](FlexpriceBench& test) -> Json {
         return {{"subscription_id", subscribed(test, test.plan("gold"))},
                 {"target_plan_id", test.plan("platinum")},
                 {"proration_behavior", "none"}};
       }},
      {"flexprice.subscriptions.change", "POST", "/v1/subscriptions/*/change/v2/execute",
       [](FlexpriceBench& test) -> Json {
         return {{"subscription_id", subscribed(test, test.plan("gold"))},
                 {"target_plan_id", test.plan("platinum")},
                 {"change_at", "end_of_period"},
                 {"proration_behavior", "none"}};
       }},
      {"flexprice.subscriptions.cancel", "POST", "/v1/subscriptions/*/cancel",
       [](FlexpriceBench& test) -> Json {
         return {{"subscription_id", subscribed(test, test.plan("gold"))},
                 {"cancellation_type", "immediate"}};
       }},
      {"flexprice.subscriptions.addons.attach", "POST", "/v1/subscriptions/addon",
       [](FlexpriceBench& test) -> Json {
         return {{"subscription_id", subscribed(test, test.plan("gold"))},
                 {"addon_id", test.addon("seats")}};
       }},
      {"flexprice.subscriptions.addons.detach", "DELETE", "/v1/subscriptions/addon",
       [](FlexpriceBench& test) -> Json {
         Json input{{"subscription_id", subscribed(test, test.plan("gold"))}};
         Json attached = input;
         attached["addon_id"] = test.addon("seats");
         input["addon_association_id"] =
             test.must("flexprice.subscriptions.addons.attach", attached, other_task()).at("id");
         return input;
       }},
  };
}

FlexpriceWrites flexprice_writes() {
  auto all = catalog_writes();
  for (auto& row : subscription_writes()) all.push_back(std::move(row));
  return all;
}

std::vector<Write<LangfuseBench>> langfuse_writes() {
  return {
      {"langfuse.ingestion.send", "POST", "/api/public/ingestion",
       [](LangfuseBench&) -> Json {
         return {{"batch", Json::array({event("1"), event("2", "generation-create")})}};
       }},
      {"langfuse.otel.export", "POST", "/api/public/otel/v1/traces",
       [](LangfuseBench&) { return span(); }},
      {"langfuse.traces.delete", "DELETE", "/api/public/traces/*",
       [](LangfuseBench& test) -> Json {
         test.must("langfuse.ingestion.send", {{"batch", Json::array({event("1")})}});
         test.now += 2'000;
         return {{"traceId", "trace-1"}};
       }},
  };
}

}  // namespace

TEST_CASE("no activity that changes something is left out of these tests",
          "[flexprice][langfuse]") {
  all_are_here(flexprice_writes(), {"get", "find", "search", "list"});
  all_are_here(langfuse_writes(), {"get", "list"});
}

TEST_CASE("what Flexprice did although its answer was lost happens once, at once or a day later",
          "[flexprice]") {
  const auto rows = flexprice_writes();
  lose_the_answer(rows.at(GENERATE(range(std::size_t{0}, flexprice_writes().size()))));
}

TEST_CASE("what never reached Flexprice happens a day later, and once", "[flexprice]") {
  const auto rows = flexprice_writes();
  lose_the_request(rows.at(GENERATE(range(std::size_t{0}, flexprice_writes().size()))));
}

TEST_CASE("what Langfuse did although its answer was lost happens once, at once or a day later",
          "[langfuse]") {
  const auto rows = langfuse_writes();
  lose_the_answer(rows.at(GENERATE(range(std::size_t{0}, langfuse_writes().size()))));
}

TEST_CASE("what never reached Langfuse happens a day later, and once", "[langfuse]") {
  const auto rows = langfuse_writes();
  lose_the_request(rows.at(GENERATE(range(std::size_t{0}, langfuse_writes().size()))));
}

TEST_CASE("another revision of the key is the same usage", "[flexprice]") {
  FlexpriceBench test;
  auto raised = first_attempt();
  raised.idempotency_key += "_r1";
  CHECK(test.must("flexprice.events.ingest", usage()) ==
        test.must("flexprice.events.ingest", usage(), raised));
  CHECK(test.exist("events") == 1);
}
