#include <catch2/catch.hpp>

#include "tests/activities/stripe_support.hpp"

using namespace sequent;
using namespace sequent::tests;
using machine::Outcome;

namespace {

net::ServerResponse with(net::ServerResponse response, std::string name, std::string value) {
  response.headers.set(std::move(name), std::move(value));
  return response;
}

machine::Failure failed_write(net::ServerResponse response) {
  StripeBench stripe(always(std::move(response)));
  const auto output = stripe.call("stripe.customers.create", {{"email", "jean@example.com"}});
  REQUIRE_FALSE(output.has_value());
  return output.error();
}

machine::Failure failed_read(net::ServerResponse response) {
  StripeBench stripe(always(std::move(response)));
  const auto output = stripe.call("stripe.customers.retrieve", {{"customer", "cus_1"}});
  REQUIRE_FALSE(output.has_value());
  return output.error();
}

}  // namespace

TEST_CASE("a create carries key, version, account, form and traces", "[activities][stripe]") {
  StripeBench stripe(always(json_response(200, {{"id", "cus_1"}, {"object", "customer"}})));
  const auto attempt = first_attempt();
  const auto output = stripe.call("stripe.customers.create",
                                  {{"email", "jean@example.com"},
                                   {"phone", nullptr},
                                   {"metadata", {{"user_id", 42}}},
                                   {"account", "acct_1"}},
                                  attempt);
  CHECK(output.value().at("id") == "cus_1");
  const auto& request = stripe.request(0);
  CHECK(request.method == "POST");
  CHECK(request.path == "/v1/customers");
  CHECK(request.headers.value("Authorization") == "Bearer sk_test_local");
  CHECK(request.headers.value("Stripe-Version") == "2026-07-29.dahlia");
  CHECK(request.headers.value("Stripe-Account") == "acct_1");
  CHECK(request.headers.value("Idempotency-Key") == "key-1");
  CHECK(request.headers.value("Content-Type") == "application/x-www-form-urlencoded");
  CHECK(decoded(request.body) == Json{{"email", "jean@example.com"},
                                      {"metadata[user_id]", "42"},
                                      {"metadata[sequent_run]", attempt.instance.text()},
                                      {"metadata[sequent_task]", "/do/0/call"},
                                      {"metadata[sequent_key]", "key-1"}});
}

TEST_CASE("the id that Stripe gave the request is told", "[activities][stripe]") {
  auto answer = json_response(200, {{"id", "cus_1"}, {"object", "customer"}});
  answer.headers.set("Request-Id", "req_42");
  StripeBench stripe(always(answer));
  auto attempt = first_attempt();
  attempt.request_id = std::make_shared<std::string>();
  REQUIRE(stripe.call("stripe.customers.create", {{"name", "J"}}, attempt).has_value());
  CHECK(*attempt.request_id == "req_42");
  runtime::note_request_id(attempt.request_id, "");
  runtime::note_request_id(attempt.request_id, "two words");
  runtime::note_request_id(attempt.request_id, std::string(1'000, 'x'));
  CHECK(*attempt.request_id == "req_42");
}

TEST_CASE("two attempts of one task send the same bytes", "[activities][stripe]") {
  StripeBench stripe(always(json_response(200, {{"id", "cus_1"}, {"object", "customer"}})));
  auto attempt = first_attempt();
  REQUIRE(stripe.call("stripe.customers.create", {{"name", "J"}}, attempt).has_value());
  attempt.number = 2;
  attempt.now += 3'600'000;
  attempt.unsettled = true;
  REQUIRE(stripe.call("stripe.customers.create", {{"name", "J"}}, attempt).has_value());
  CHECK(stripe.request(0).body == stripe.request(1).body);
  CHECK(stripe.request(0).headers.value("Idempotency-Key") ==
        stripe.request(1).headers.value("Idempotency-Key"));
}

TEST_CASE("reads send their parameters in the query and no key", "[activities][stripe]") {
  StripeBench stripe(always(stripe_list(Json::array())));
  REQUIRE(stripe
              .call("stripe.customers.list",
                    {{"email", "a+b@example.com"}, {"created", {{"gte", 5}}}, {"limit", 3}})
              .has_value());
  CHECK(stripe.request(0).query == "created[gte]=5&email=a%2Bb%40example.com&limit=3");
  CHECK(stripe.request(0).headers.find("Idempotency-Key") == nullptr);
}

TEST_CASE("Stripe's answers are classified as it stores and replays them", "[activities][stripe]") {
  SECTION("rate limited: again, when Stripe says") {
    const auto failure = failed_write(
        with(stripe_error(429, {{"type", "invalid_request_error"}, {"code", "rate_limit"}}),
             "Retry-After", "3"));
    CHECK(failure.outcome == Outcome::transient);
    CHECK(failure.retry_after_ms == 3000);
    CHECK_FALSE(failure.key_spent);
  }
  SECTION("the key is in flight: again") {
    const auto failure = failed_write(stripe_error(409, {{"code", "idempotency_key_in_use"}}));
    CHECK(failure.outcome == Outcome::transient);
  }
  SECTION("a dependency of Stripe's failed: again") {
    CHECK(failed_write(stripe_error(424, Json::object())).outcome == Outcome::transient);
  }
  SECTION("Stripe-Should-Retry is obeyed") {
    CHECK(failed_write(with(stripe_error(400, Json::object()), "Stripe-Should-Retry", "true"))
              .outcome == Outcome::transient);
    CHECK(failed_write(with(stripe_error(409, Json::object()), "Stripe-Should-Retry", "false"))
              .outcome == Outcome::permanent);
    CHECK(failed_read(with(stripe_error(500, Json::object()), "Stripe-Should-Retry", "false"))
              .outcome == Outcome::permanent);
  }
  SECTION("a first 500 is unknown, with the same key") {
    const auto failure = failed_write(stripe_error(500, {{"type", "api_error"}}));
    CHECK(failure.outcome == Outcome::unknown);
    CHECK_FALSE(failure.key_spent);
  }
  SECTION("a replayed 500 has spent the key") {
    const auto failure = failed_write(
        with(stripe_error(500, {{"type", "api_error"}}), "Idempotent-Replayed", "true"));
    CHECK(failure.outcome == Outcome::unknown);
    CHECK(failure.key_spent);
  }
  SECTION("a read's 500: again") {
    CHECK(failed_read(stripe_error(500, Json::object())).outcome == Outcome::transient);
  }
  SECTION("a declined card is stored under the key") {
    const auto failure = failed_write(stripe_error(402, {{"type", "card_error"},
                                                         {"code", "card_declined"},
                                                         {"decline_code", "insufficient_funds"}}));
    CHECK(failure.outcome == Outcome::permanent);
    CHECK(failure.key_spent);
    CHECK(failure.problem.extensions.at("declineCode") == "insufficient_funds");
  }
  SECTION("a refused parameter is not") {
    const auto failure = failed_write(stripe_error(
        400,
        {{"type", "invalid_request_error"}, {"code", "parameter_unknown"}, {"param", "a[b]"}}));
    CHECK(failure.outcome == Outcome::permanent);
    CHECK_FALSE(failure.key_spent);
    CHECK(failure.problem.extensions.at("param") == "a[b]");
  }
  SECTION("another request's key is never given up for a new one") {
    const auto failure = failed_write(stripe_error(400, {{"type", "idempotency_error"}}));
    CHECK(failure.outcome == Outcome::permanent);
    CHECK_FALSE(failure.key_spent);
    CHECK(failure.problem.detail.find("other parameters") != std::string::npos);
  }
  SECTION("a wrong API key") {
    const auto failure = failed_write(stripe_error(401, {{"type", "invalid_request_error"}}));
    CHECK(failure.outcome == Outcome::permanent);
    CHECK_FALSE(failure.key_spent);
    CHECK(failure.problem.type == "https://serverlessworkflow.io/spec/1.0.0/errors/authentication");
  }
}

TEST_CASE("Stripe's message never reaches a problem", "[activities][stripe]") {
  const auto failure =
      failed_write(stripe_error(402, {{"type", "card_error"},
                                      {"code", "card_declined"},
                                      {"param", "jean@example.com"},
                                      {"decline_code", "Jean 4242"},
                                      {"message", "card 4242 of jean@example.com"}}));
  const std::string shown = machine::to_json(failure.problem).dump();
  CHECK(shown.find("4242") == std::string::npos);
  CHECK(shown.find("jean") == std::string::npos);
  CHECK(failure.problem.title == "card_declined");
  CHECK(failure.problem.status == 402);
  CHECK(failure.problem.extensions.at("provider") == "stripe");
  CHECK(failure.problem.extensions.at("requestId") == "req_1");
}

TEST_CASE("what is not Stripe's answer leaves a write unknown", "[activities][stripe]") {
  SECTION("an HTML page") {
    for (const int status : {200, 403, 502}) {
      CHECK(failed_write(text_response(status, "text/html", "<html>proxy</html>")).outcome ==
            Outcome::unknown);
      CHECK(failed_read(text_response(status, "text/html", "<html>proxy</html>")).outcome ==
            Outcome::transient);
    }
  }
  SECTION("more than can be read") {
    const std::string filler(3 << 20, ' ');
    CHECK(failed_write(text_response(200, "application/json", filler)).outcome == Outcome::unknown);
    CHECK(failed_read(text_response(200, "application/json", filler)).outcome ==
          Outcome::permanent);
  }
  SECTION("silence") {
    StripeBench stripe([](const auto&) { return std::nullopt; });
    auto attempt = first_attempt();
    attempt.timeout_ms = 300;
    const auto write = stripe.call("stripe.customers.create", Json::object(), attempt);
    const auto read = stripe.call("stripe.customers.retrieve", {{"customer", "cus_1"}}, attempt);
    CHECK(write.error().outcome == Outcome::unknown);
    CHECK(read.error().outcome == Outcome::transient);
  }
}

TEST_CASE("an input that breaks its schema is refused, with the place", "[activities][stripe]") {
  StripeBench stripe(always(stripe_list(Json::array())));
  auto& retrieve = stripe.activity("stripe.customers.retrieve");
  for (const Json& input : {Json::object(), Json{{"customer", 7}}, Json()}) {
    const auto output = stripe.bench.await(retrieve.run(first_attempt(), input));
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().outcome == Outcome::permanent);
    CHECK(output.error().problem.type ==
          "https://serverlessworkflow.io/spec/1.0.0/errors/validation");
    CHECK(output.error().problem.detail.find("stripe.customers.retrieve") != std::string::npos);
  }
  CHECK(stripe.bench.requests().empty());
}

// The engine checks the arguments against the schema before the activity sees them.
TEST_CASE("an event of no connected account gives no account to act on", "[activities][stripe]") {
  StripeBench stripe(always(json_response(200, {{"id", "in_1"}, {"object", "invoice"}})));
  auto& retrieve = stripe.activity("stripe.invoices.retrieve");
  const Json input{{"invoice", "in_1"}, {"account", nullptr}};
  CHECK(retrieve.spec().input->validate(input).empty());
  REQUIRE(stripe.bench.await(retrieve.run(first_attempt(), input)).has_value());
  CHECK_FALSE(stripe.bench.requests().back().headers.find("Stripe-Account"));
}

TEST_CASE("what an expression found nothing for is not sent, a change apart",
          "[activities][stripe]") {
  StripeBench stripe(always(json_response(200, {{"id", "cus_1"}, {"object", "customer"}})));
  const auto sent = [&](const std::string& name, const Json& input) {
    const auto output = stripe.bench.await(stripe.activity(name).run(first_attempt(), input));
    INFO((output ? std::string() : output.error().problem.detail));
    REQUIRE(output.has_value());
    const auto& request = stripe.bench.requests().back();
    return decoded(request.method == "GET" ? request.query : request.body);
  };
  // The schema of each would refuse null where it asks for a text or an integer.
  const auto made = sent("stripe.prices.create",
                         {{"currency", "eur"},
                          {"unit_amount", 500},
                          {"product", "prod_1"},
                          {"lookup_key", nullptr},
                          {"recurring", {{"interval", "month"}, {"interval_count", nullptr}}}});
  CHECK_FALSE(made.contains("lookup_key"));
  CHECK_FALSE(made.contains("recurring[interval_count]"));
  CHECK(made.at("recurring[interval]") == "month");
  CHECK_FALSE(
      sent("stripe.billing.meter_events.create",
           {{"event_name", "tokens"}, {"payload", {{"value", "1"}}}, {"timestamp", nullptr}})
          .contains("timestamp"));
  CHECK_FALSE(sent("stripe.customers.list", {{"email", nullptr}, {"limit", 3}}).contains("email"));
  // In a change it unsets the member.
  CHECK(sent("stripe.customers.update", {{"customer", "cus_1"}, {"phone", nullptr}}).at("phone") ==
        "");
}

TEST_CASE("without an API key nothing is sent", "[activities][stripe]") {
  activities::StripeConfig config;
  config.api_key = []() -> std::optional<std::string> { return std::nullopt; };
  StripeBench stripe(always(stripe_list(Json::array())), config);
  const auto output = stripe.call("stripe.customers.list", Json::object());
  CHECK(output.error().outcome == Outcome::permanent);
  CHECK(stripe.bench.requests().empty());
}

TEST_CASE("ui_mode is spelled as the configured version spells it", "[activities][stripe]") {
  const Json input = {{"mode", "payment"},
                      {"ui_mode", "embedded_page"},
                      {"return_url", "https://shop.example/return"},
                      {"line_items", {{{"price", "price_1"}, {"quantity", 1}}}}};
  const auto session = json_response(200, {{"id", "cs_1"}, {"object", "checkout.session"}});
  activities::StripeConfig config;
  SECTION("before the change") {
    config.api_version = "2025-03-31.basil";
    StripeBench stripe(always(session), config);
    REQUIRE(stripe.call("stripe.checkout.sessions.create", input).has_value());
    CHECK(decoded(stripe.request(0).body).at("ui_mode") == "embedded");
  }
  SECTION("since") {
    StripeBench stripe(always(session), config);
    Json old = input;
    old["ui_mode"] = "embedded";
    REQUIRE(stripe.call("stripe.checkout.sessions.create", old).has_value());
    CHECK(decoded(stripe.request(0).body).at("ui_mode") == "embedded_page");
  }
}

TEST_CASE("an invoice names its subscription in every version", "[activities][stripe]") {
  const auto read = [](const Json& invoice) {
    StripeBench stripe(always(json_response(200, invoice)));
    return stripe.call("stripe.invoices.retrieve", {{"invoice", "in_1"}}).value();
  };
  const Json pointer = read({{"id", "in_1"},
                             {"object", "invoice"},
                             {"status", "paid"},
                             {"parent", {{"subscription_details", {{"subscription", "sub_1"}}}}}});
  CHECK(pointer.at("subscription") == "sub_1");
  CHECK(pointer.at("paid") == true);
  const Json older = read({{"id", "in_1"}, {"object", "invoice"}, {"subscription", "sub_1"}});
  CHECK(older.at("/parent/subscription_details/subscription"_json_pointer) == "sub_1");
}
