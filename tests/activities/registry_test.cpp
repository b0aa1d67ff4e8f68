#include <catch2/catch.hpp>

#include "activities/debug/debug.hpp"
#include "activities/register.hpp"
#include "engine/definition/compile.hpp"
#include "tests/activities/support.hpp"

using namespace sequent;
using namespace sequent::tests;
using machine::Outcome;
using runtime::Reconciliation;

TEST_CASE("every activity has a specification that can be read", "[activities]") {
  Bench bench;
  runtime::ActivityRegistry registry;
  activities::register_activities(registry, {}, bench.client);
  const auto names = registry.names();
  CHECK(std::is_sorted(names.begin(), names.end()));
  for (const char* name :
       {"http", "debug.echo", "debug.fail", "events.emit", "auth.tokens.check", "auth.users.get",
        "auth.users.update", "stripe.customers.create", "stripe.checkout.sessions.create",
        "stripe.refunds.create", "flexprice.subscriptions.create", "langfuse.ingestion.send",
        "records.put"})
    CHECK(registry.find(name, "") != nullptr);
  for (const auto& name : names) {
    CAPTURE(name);
    const auto* spec = registry.find(name, "1");
    REQUIRE(spec != nullptr);
    CHECK(spec->name == name);
    CHECK((name == spec->provider || name.starts_with(spec->provider + ".")));
    CHECK(spec->summary.ends_with("."));
    CHECK(spec->input != nullptr);
    CHECK(spec->timeout_ms > 0);
    CHECK(schema::Schema::compile(spec->output_schema).has_value());
    CHECK((registry.activity(name) == nullptr) == (spec->in_store || spec->emits));
    // What runs outside and is neither keyed nor harmless could be done twice after a crash.
    // These look before each request; tests/activities_usage proves it of each.
    const bool looks_first = name == "flexprice.subscriptions.create" ||
                             name == "flexprice.subscriptions.change" ||
                             name == "flexprice.subscriptions.addons.attach";
    CHECK((spec->in_store || spec->idempotent || spec->key_retention_ms > 0 || looks_first));
  }
}

TEST_CASE("an activity is found by name and version, or not at all", "[activities]") {
  runtime::ActivityRegistry registry;
  registry.add(std::make_unique<activities::debug::Echo>());
  CHECK(registry.find("debug.echo", "") == registry.find("debug.echo", "1"));
  CHECK(registry.find("debug.echo", "2") == nullptr);
  CHECK(registry.find("debug.ech", "") == nullptr);
  CHECK(registry.activity("debug.ech") == nullptr);
}

TEST_CASE("an activity without a way of looking leaves the outcome undecided", "[activities]") {
  class Blind final : public runtime::Activity {
   public:
    const runtime::ActivitySpec& spec() const override { return spec_; }
    boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt, Json input) override {
      co_return input;
    }
    runtime::ActivitySpec spec_{.name = "blind", .version = "1", .provider = "nobody"};
  };
  Bench bench;
  Blind blind;
  const auto looked = bench.await(blind.reconcile(first_attempt(), Json()));
  CHECK(looked.found == Reconciliation::Found::undecided);
  REQUIRE(looked.failure.has_value());
  CHECK(looked.failure->outcome == Outcome::unknown);
  CHECK(looked.failure->problem.detail.find("/do/0/call") != std::string::npos);
}

TEST_CASE("debug.echo answers with its input, after a delay if asked", "[activities][debug]") {
  Bench bench;
  activities::debug::Echo echo;
  CHECK(bench.await(echo.run(first_attempt(), {{"a", 1}})).value() == Json{{"a", 1}});
  CHECK(bench.await(echo.run(first_attempt(), "text")).value() == "text");
  const auto before = std::chrono::steady_clock::now();
  CHECK(bench.await(echo.run(first_attempt(), {{"delayMs", 50}})).value() == Json{{"delayMs", 50}});
  CHECK(std::chrono::steady_clock::now() - before >= std::chrono::milliseconds(50));
}

TEST_CASE("debug.fail fails as told and as often as told", "[activities][debug]") {
  Bench bench;
  activities::debug::Fail fail;
  const Json input = {{"outcome", "unknown"}, {"status", 503},    {"times", 2},
                      {"retryAfterMs", 40},   {"keySpent", true}, {"message", "no"}};
  REQUIRE(fail.spec().input->validate(input).empty());
  auto attempt = first_attempt();
  for (attempt.number = 1; attempt.number <= 2; ++attempt.number) {
    const auto output = bench.await(fail.run(attempt, input));
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().outcome == Outcome::unknown);
    CHECK(output.error().problem.status == 503);
    CHECK(output.error().retry_after_ms == 40);
    CHECK(output.error().key_spent);
  }
  CHECK(bench.await(fail.run(attempt, input)).value() == Json{{"attempt", 3}});
  CHECK(bench.await(fail.reconcile(attempt, {{"found", "adopted"}})).found ==
        Reconciliation::Found::adopted);
  CHECK(bench.await(fail.reconcile(attempt, {{"found", "absent"}})).found ==
        Reconciliation::Found::absent);
  CHECK(bench.await(fail.reconcile(attempt, Json::object())).found ==
        Reconciliation::Found::undecided);
}

TEST_CASE("events.emit is the language's emit, written as a call", "[activities]") {
  Bench bench;
  runtime::ActivityRegistry registry;
  activities::register_activities(registry, {}, bench.client);
  definition::CompileOptions options;
  options.catalog = &registry;
  options.interpreters = 1;
  const std::string head =
      "document: {dsl: 1.0.3, namespace: test, name: tell, version: 1.0.0}\n"
      "do:\n  - tell:\n      call: events.emit\n";
  const auto program =
      definition::compile(head + "      with: {type: paid, source: /shop, data: 1}\n", options);
  REQUIRE(program.has_value());
  const auto& task = (*program)->node((*program)->find("tell"));
  REQUIRE(std::holds_alternative<definition::EmitTask>(task.body));
  const auto& event = std::get<definition::EmitTask>(task.body).event.skeleton;
  CHECK(event == Json{{"type", "paid"}, {"source", "/shop"}, {"data", 1}});
  const auto untyped = definition::compile(head + "      with: {source: /shop}\n", options);
  REQUIRE_FALSE(untyped.has_value());
  CHECK(definition::format_findings(untyped.error().findings).find("type") != std::string::npos);
}
