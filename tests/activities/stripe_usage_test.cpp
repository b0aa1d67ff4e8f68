// Usage and the customer portal against the stand-in: answers lost, keys used again and forgotten.
#include <catch2/catch.hpp>

#include "tests/activities/stripe_provider.hpp"

using namespace sequent;
using namespace sequent::tests;
using machine::Outcome;
using Found = runtime::Reconciliation::Found;

namespace {

const std::string count_usage = "stripe.billing.meter_events.create";
const std::string take_back = "stripe.billing.meter_event_adjustments.create";
const std::string open_portal = "stripe.billing_portal.sessions.create";

struct Metered : StripeProvider {
  Json customer;
  Json meter;

  Metered() {
    customer = stripe.call("stripe.customers.create", {{"name", "Jean"}}, attempt("c")).value();
    meter = click("/v1/billing/meters", {{"display_name", "Credits"},
                                         {"event_name", "credits"},
                                         {"default_aggregation", {{"formula", "sum"}}}});
  }
  /// The account's owner in the dashboard.
  Json click(const std::string& path, const Json& params) {
    return administer("POST", "dashboard", {{"path", path}, {"params", params}});
  }
  Json administer(const std::string& method, const std::string& path, const Json& body = nullptr) {
    net::ServerRequest request;
    request.method = method;
    request.path = "/_sandbox/" + path;
    if (!body.is_null()) request.body = dump_json(body);
    const auto reply = stand_in.handle(request, now);
    INFO(path + " -> " + reply.response.body);
    REQUIRE(reply.response.status < 300);
    return parse_json(reply.response.body).value();
  }
  Json counted() { return administer("GET", "state").at("usage").at("platform").at("credits"); }
  Json usage(const std::string& value = "3") const {
    return {{"event_name", "credits"},
            {"payload", {{"stripe_customer_id", customer.at("id")}, {"value", value}}}};
  }
  void lose_answer(const std::string& path) {
    fault({{"kind", "reset-after-effect"}, {"path", path}, {"times", 1}});
  }
  /// A call whose answer is lost although it had its effect.
  void lose(const std::string& activity, const Json& input, const std::string& path) {
    lose_answer(path);
    const auto lost = stripe.call(activity, input, attempt());
    REQUIRE_FALSE(lost.has_value());
    CHECK(lost.error().outcome == Outcome::unknown);
  }
};

}  // namespace

TEST_CASE("usage whose answer was lost is counted once, however it is sent again",
          "[activities][sandbox]") {
  Metered provider;
  provider.lose(count_usage, provider.usage(), "/v1/billing/meter_events");
  CHECK(provider.counted().at("value") == 3);
  SECTION("with its key") {
    const auto again =
        provider.stripe.call(count_usage, provider.usage(), provider.attempt("key-1", 2));
    REQUIRE(again.has_value());
    CHECK(again->at("identifier") == "key-1");
  }
  SECTION("with another revision of it") {
    const auto again =
        provider.stripe.call(count_usage, provider.usage(), provider.attempt("key-1_r1", 2));
    REQUIRE(again.has_value());
    CHECK(again->at("duplicate") == true);
    CHECK(again->at("identifier") == "key-1");
  }
  SECTION("under a new key within the identifier's day, for nothing is counted beside it") {
    CHECK(provider.stripe.look(count_usage, provider.usage(), provider.attempt("key-1", 2)).found ==
          Found::absent);
  }
  SECTION("when the day of the identifier is over nothing is certain any more") {
    provider.now += 25 * 3'600'000LL;
    CHECK(provider.stripe.look(count_usage, provider.usage(), provider.attempt("key-1", 2)).found ==
          Found::undecided);
  }
  CHECK(provider.counted().at("value") == 3);
  CHECK(provider.counted().at("events") == 1);
}

TEST_CASE("usage whose request was lost is counted by the next attempt", "[activities][sandbox]") {
  Metered provider;
  provider.fault(
      {{"kind", "reset-before-effect"}, {"path", "/v1/billing/meter_events"}, {"times", 1}});
  const auto lost = provider.stripe.call(count_usage, provider.usage(), provider.attempt());
  CHECK(lost.error().outcome == Outcome::unknown);
  CHECK(provider.counted().at("events") == 0);
  REQUIRE(provider.stripe.call(count_usage, provider.usage(), provider.attempt("key-1", 2)));
  CHECK(provider.counted().at("value") == 3);
}

TEST_CASE("usage that comes a second time by the caller's own identifier is counted once",
          "[activities][sandbox]") {
  Metered provider;
  Json input = provider.usage();
  input["identifier"] = "trace-1";
  CHECK(provider.stripe.call(count_usage, input, provider.attempt("a")).value().at("duplicate") ==
        false);
  CHECK(provider.stripe.call(count_usage, input, provider.attempt("b")).value().at("duplicate") ==
        true);
  CHECK(provider.counted().at("value") == 3);
}

TEST_CASE("usage under the key of something else is refused for good, and not counted",
          "[activities][sandbox]") {
  Metered provider;
  const std::string activity = GENERATE(count_usage, take_back);
  CAPTURE(activity);
  Json kept = provider.usage("7");
  kept["identifier"] = "kept";
  REQUIRE(provider.stripe.call(count_usage, kept, provider.attempt("kept")));
  const Json other{
      {"event_name", "credits"}, {"type", "cancel"}, {"cancel", {{"identifier", "kept"}}}};
  const Json input = activity == count_usage ? provider.usage() : other;
  REQUIRE(provider.stripe.call("stripe.customers.create", {{"name", "A"}}, provider.attempt()));
  const auto output = provider.stripe.call(activity, input, provider.attempt());
  REQUIRE_FALSE(output.has_value());
  CHECK(output.error().outcome == Outcome::permanent);
  CHECK(provider.counted().at("value") == 7);
}

TEST_CASE("usage out of its time is refused for good", "[activities][sandbox]") {
  Metered provider;
  Json input = provider.usage();
  input["timestamp"] = provider.now / 1000 - 36 * 86'400;
  const auto output = provider.stripe.call(count_usage, input, provider.attempt());
  REQUIRE_FALSE(output.has_value());
  CHECK(output.error().outcome == Outcome::permanent);
  CHECK(output.error().problem.extensions.at("code") == "timestamp_too_far_in_past");
}

TEST_CASE("usage is taken back once, although the answer was lost", "[activities][sandbox]") {
  Metered provider;
  Json input = provider.usage();
  input["identifier"] = "trace-1";
  REQUIRE(provider.stripe.call(count_usage, input, provider.attempt("count")));
  const Json back{
      {"event_name", "credits"}, {"type", "cancel"}, {"cancel", {{"identifier", "trace-1"}}}};
  provider.lose(take_back, back, "/v1/billing/meter_event_adjustments");
  const std::string key = GENERATE("key-1", "key-1_r1");
  REQUIRE(provider.stripe.call(take_back, back, provider.attempt(key, 2)));
  CHECK(provider.counted().at("value") == 0);
  CHECK(provider.counted().at("canceled") == 1);
}

TEST_CASE("usage that was taken back stays so when the answer was lost a day ago",
          "[activities][sandbox]") {
  Metered provider;
  Json input = provider.usage();
  input["identifier"] = "trace-1";
  REQUIRE(provider.stripe.call(count_usage, input, provider.attempt("count")));
  const Json back{
      {"event_name", "credits"}, {"type", "cancel"}, {"cancel", {{"identifier", "trace-1"}}}};
  provider.lose(take_back, back, "/v1/billing/meter_event_adjustments");
  provider.now += 25 * 3'600'000LL;
  // Stripe takes nothing back after a day, so that an operator must look; nothing happens twice.
  CHECK_FALSE(provider.stripe.call(take_back, back, provider.attempt("key-1", 2)).has_value());
  CHECK(provider.counted().at("value") == 0);
  CHECK(provider.counted().at("canceled") == 1);
}

TEST_CASE("the report of refused usage is read by the id of its thin event",
          "[activities][sandbox]") {
  Metered provider;
  Json input = provider.usage();
  input["payload"]["stripe_customer_id"] = "cus_nobody";
  input["identifier"] = "trace-1";
  REQUIRE(provider.stripe.call(count_usage, input, provider.attempt("count")));
  provider.now += 1'000;
  const Json told = provider.administer("GET", "state")
                        .at("accounts")
                        .at("platform")
                        .at("v2.core.event")
                        .at("objects")
                        .at(0);
  const Json report =
      provider.stripe
          .call("stripe.core_events.retrieve", {{"event", told.at("id")}}, provider.attempt("read"))
          .value();
  CHECK(report.at("related_object").at("id") == provider.meter.at("id"));
  const Json reason = report.at("data").at("reason").at("error_types").at(0);
  CHECK(reason.at("code") == "meter_event_customer_not_found");
  CHECK(reason.at("sample_errors").at(0).at("request").at("identifier") == "trace-1");
  const auto unknown = provider.stripe.call("stripe.core_events.retrieve", {{"event", "evt_none"}},
                                            provider.attempt("none"));
  CHECK(unknown.error().outcome == Outcome::permanent);
}

TEST_CASE("meters are read, listed and summed up", "[activities][sandbox]") {
  Metered provider;
  REQUIRE(provider.stripe.call(count_usage, provider.usage("0.5"), provider.attempt("a")));
  provider.now += 60'000;
  const Json id = provider.meter.at("id");
  const auto call = [&](const std::string& verb, const Json& input) {
    return provider.stripe.call("stripe.billing.meters." + verb, input, provider.attempt("r"))
        .value();
  };
  CHECK(call("retrieve", {{"meter", id}}).at("event_name") == "credits");
  CHECK(call("list", {{"status", "active"}}).at("data").size() == 1);
  const auto minute = provider.now / 60'000 * 60;
  const Json summaries = call("event_summaries", {{"meter", id},
                                                  {"customer", provider.customer.at("id")},
                                                  {"start_time", minute - 3'600},
                                                  {"end_time", minute + 60}});
  CHECK(summaries.at("data").at(0).at("aggregated_value") == 0.5);
}

TEST_CASE("a portal session whose address was lost is opened anew", "[activities][sandbox]") {
  Metered provider;
  const Json input{{"customer", provider.customer.at("id")}, {"return_url", "https://x.example"}};
  provider.lose(open_portal, input, "/v1/billing_portal/sessions");
  if (GENERATE(false, true)) provider.now += 25 * 3'600'000LL;
  const auto again = provider.stripe.call(open_portal, input, provider.attempt("key-1", 2));
  REQUIRE(again.has_value());
  CHECK(again->at("return_url") == "https://x.example");
  const auto third = provider.stripe.call(open_portal, input, provider.attempt("key-1", 3));
  CHECK(third.value().at("url") != again->at("url"));
  // It goes without a key, so that no key of another call can be in its way.
  const auto made = provider.stripe.call(open_portal, input, provider.attempt("c"));
  CHECK(made.has_value());
}

TEST_CASE("a portal without settings is a lasting refusal", "[activities][sandbox]") {
  Metered provider;
  const Json input{{"customer", provider.customer.at("id")}, {"configuration", "bpc_none"}};
  const auto output = provider.stripe.call(open_portal, input, provider.attempt());
  REQUIRE_FALSE(output.has_value());
  CHECK(output.error().outcome == Outcome::permanent);
}
