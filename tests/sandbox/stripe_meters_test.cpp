// Meters and usage: what is taken in, what counts, and what is told later.
#include "billing_support.hpp"

namespace sequent::sandbox {
namespace {

constexpr std::int64_t now_s = test_start / 1000;

struct MeterTest : BillingTest {
  using BillingTest::BillingTest;

  std::string meter(const std::string& name = "credits", const std::string& formula = "sum") {
    return text_of(post("/v1/billing/meters", "display_name=Credits&event_name=" + name +
                                                  "&default_aggregation[formula]=" + formula),
                   "id");
  }
  static std::string usage(const std::string& customer_id, const std::string& value,
                           const std::string& more = "", const std::string& name = "credits") {
    return "event_name=" + name + "&payload[stripe_customer_id]=" + customer_id +
           "&payload[value]=" + value + more;
  }
  Json report(const std::string& customer_id, const std::string& value,
              const std::string& more = "") {
    return post("/v1/billing/meter_events", usage(customer_id, value, more));
  }
  Json usage_state(const std::string& name = "credits") {
    return get("/_sandbox/state").at("usage").at("platform").at(name);
  }
  Json summaries(const std::string& meter_id, const std::string& customer_id,
                 const std::string& more = "", std::int64_t start = now_s - 86'400,
                 std::int64_t end = now_s + 86'400) {
    stripe.now += 1'000;  // summaries lag behind
    return get("/v1/billing/meters/" + meter_id + "/event_summaries?customer=" + customer_id +
               "&start_time=" + std::to_string(start) + "&end_time=" + std::to_string(end) + more)
        .at("data");
  }
  Json thin_events() {
    const Json kinds = get("/_sandbox/state").at("accounts").at("platform");
    return kinds.contains("v2.core.event") ? kinds.at("v2.core.event").at("objects")
                                           : Json::array();
  }
};

TEST_CASE("a meter is made, read, listed, renamed, put aside and taken back") {
  MeterTest test;
  const auto id = test.meter();
  CHECK(id.starts_with("mtr_"));
  const auto path = "/v1/billing/meters/" + id;
  const Json made = test.get(path);
  CHECK(made.at("customer_mapping") ==
        Json{{"event_payload_key", "stripe_customer_id"}, {"type", "by_id"}});
  CHECK(made.at("value_settings") == Json{{"event_payload_key", "value"}});
  CHECK(test.event("billing.meter.created").at("data").at("object") == made);
  CHECK(test.refused("/v1/billing/meters",
                     "display_name=B&event_name=credits&default_aggregation[formula]=sum")
            .at("param") == "event_name");

  CHECK(test.post(path, "display_name=Sparks").at("display_name") == "Sparks");
  CHECK(
      test.event("billing.meter.updated").at("data").at("previous_attributes").at("display_name") ==
      "Credits");
  const Json aside = test.post(path + "/deactivate", "");
  CHECK(aside.at("status") == "inactive");
  CHECK(aside.at("status_transitions").at("deactivated_at") == now_s);
  test.refused(path + "/deactivate", "");
  CHECK(test.count("/v1/billing/meters?status=active") == 0);
  CHECK(test.count("/v1/billing/meters?status=inactive") == 1);
  const Json back = test.post(path + "/reactivate", "");
  CHECK(back.at("status") == "active");
  CHECK(back.at("status_transitions").at("deactivated_at").is_null());
  CHECK(test.refused("/v1/billing/meters/mtr_none", "", 404).at("code") == "resource_missing");
  CHECK(test.refused("/v1/billing/meters", "display_name=B&event_name=b").at("code") ==
        "parameter_missing");
}

TEST_CASE("usage adds up by customer as the meter says, without rounding") {
  MeterTest test;
  const auto jean = test.customer("jean@x.test");
  const auto anne = test.customer("anne@x.test");
  const auto [formula, total, of_jean] = GENERATE(table<std::string, Json, Json>({
      {"sum", 10.3, 0.3},
      {"count", 4, 3},
      {"last", 10, 0.2},
  }));
  CAPTURE(formula);
  const auto id = test.meter("credits", formula);
  const auto at = [](std::int64_t time) { return "&timestamp=" + std::to_string(time); };
  test.report(jean, "0.1", at(now_s - 7'200));
  test.report(jean, "0.2", at(now_s - 60));
  test.report(jean, "0", at(now_s - 7'260));
  test.report(anne, "10");
  const Json state = test.usage_state();
  CHECK(state.at("value") == total);
  CHECK(state.at("events") == 4);
  CHECK(state.at("meter") == id);
  for (const auto& share : state.at("customers"))
    CHECK(share.at("value") ==
          (share.at("customer") == jean ? of_jean : Json(formula == "count" ? 1 : 10)));

  const Json whole = test.summaries(id, jean);
  REQUIRE(whole.size() == 1);
  CHECK(whole.at(0).at("aggregated_value") == of_jean);
  CHECK(whole.at(0).at("start_time") == now_s - 86'400);
  const Json hours = test.summaries(id, jean, "&value_grouping_window=hour");
  REQUIRE(hours.size() >= 2);
  CHECK(hours.at(0).at("start_time") > hours.at(1).at("start_time"));
  for (const auto& hour : hours)
    CHECK(hour.at("end_time").get<std::int64_t>() - hour.at("start_time").get<std::int64_t>() ==
          3'600);
  CHECK(test.summaries(id, jean, "&value_grouping_window=hour&limit=1").size() == 1);
  CHECK(test.summaries(id, jean, "", now_s + 600, now_s + 1'200).empty());
}

TEST_CASE("a summary lags behind what was reported, the state does not") {
  MeterTest test;
  const auto jean = test.customer();
  const auto id = test.meter();
  test.report(jean, "5");
  const auto path = "/v1/billing/meters/" + id + "/event_summaries?customer=" + jean +
                    "&start_time=" + std::to_string(now_s - 600) +
                    "&end_time=" + std::to_string(now_s + 600);
  CHECK(test.get(path).at("data").empty());
  CHECK(test.usage_state().at("value") == 5);
  test.stripe.now += 1'000;
  CHECK(test.get(path).at("data").at(0).at("aggregated_value") == 5);
}

TEST_CASE("an identifier is counted once in 24 hours, whatever else is said with it") {
  MeterTest test;
  const auto jean = test.customer();
  test.meter();
  const Json first = test.report(jean, "5", "&identifier=trace-1");
  CHECK(first.at("identifier") == "trace-1");
  CHECK_FALSE(first.contains("id"));
  test.stripe.now += 86'400'000 - 1;
  const Json error =
      test.refused("/v1/billing/meter_events", MeterTest::usage(jean, "7", "&identifier=trace-1"));
  CHECK(error.at("type") == "invalid_request_error");
  CHECK(text_of(error, "message").find("already exists with identifier trace-1") !=
        std::string::npos);
  CHECK(test.usage_state().at("value") == 5);
  test.stripe.now += 1;
  test.report(jean, "7", "&identifier=trace-1");
  CHECK(test.usage_state().at("value") == 12);
  CHECK(test.report(jean, "1").at("identifier") != test.report(jean, "1").at("identifier"));
}

TEST_CASE("usage is of the last 35 days or the next 5 minutes") {
  MeterTest test;
  const auto jean = test.customer();
  test.meter();
  const auto body = [&](std::int64_t at) {
    return MeterTest::usage(jean, "1", "&timestamp=" + std::to_string(at));
  };
  const std::string path = "/v1/billing/meter_events";
  test.post(path, body(now_s - 35 * 86'400));
  test.post(path, body(now_s + 300));
  CHECK(test.refused(path, body(now_s - 35 * 86'400 - 1)).at("code") ==
        "timestamp_too_far_in_past");
  CHECK(test.refused(path, body(now_s + 301)).at("param") == "timestamp");
  CHECK(test.usage_state().at("events") == 2);
}

TEST_CASE("what cannot be read as usage at all is refused at once") {
  MeterTest test;
  test.meter();
  const std::string path = "/v1/billing/meter_events";
  CHECK(test.refused(path, "event_name=credits").at("param") == "payload");
  CHECK(test.refused(path, "payload[value]=1").at("param") == "event_name");
  CHECK(test.refused(path, "event_name=credits&payload=5").at("param") == "payload");
  CHECK(test.refused(path, "event_name=credits&payload[a][b]=5").at("param") == "payload[a]");
  CHECK(
      test.refused(path, "event_name=credits&payload[value]=1&identifier=" + std::string(101, 'x'))
          .at("param") == "identifier");
}

TEST_CASE("accepted usage that cannot be counted is told of later, in one thin event") {
  MeterTest test;
  const auto jean = test.customer();
  const auto id = test.meter();
  test.stripe.admin("webhook-endpoints",
                    {{"url", "http://x.test/all"}, {"secret", "whsec_a"}, {"events", "*"}});
  test.stripe.admin("webhook-endpoints", {{"url", "http://x.test/thin"},
                                          {"secret", "whsec_b"},
                                          {"events", {"v1.billing.meter.error_report_triggered"}}});
  test.report("cus_nobody", "1", "&identifier=a");
  test.report(jean, "many", "&identifier=b");
  test.report(jean, "1234567890.123456");
  test.post("/v1/billing/meter_events", "event_name=credits&payload[value]=1");
  test.report(jean, "4");
  CHECK(test.usage_state().at("value") == 4);
  CHECK(test.usage_state().at("rejected") == 4);
  CHECK(test.thin_events().empty());

  test.stripe.now += 1'000;
  const Json told = test.thin_events();
  REQUIRE(told.size() == 1);
  CHECK(told.at(0).at("related_object").at("id") == id);
  const auto path = "/v2/core/events/" + text_of(told.at(0), "id");
  const Json reason = test.get(path).at("data").at("reason");
  CHECK(reason.at("error_count") == 4);
  std::map<std::string, Json> types;
  for (const auto& type : reason.at("error_types")) types[text_of(type, "code")] = type;
  CHECK(types.size() == 4);
  CHECK(types.contains("meter_event_no_customer_defined"));
  CHECK(types.contains("meter_event_value_too_many_digits"));
  CHECK(types["meter_event_customer_not_found"].at("sample_errors").at(0).at("request") ==
        Json{{"identifier", "a"}});
  CHECK(types["meter_event_invalid_value"].at("sample_errors").at(0).at("request") ==
        Json{{"identifier", "b"}});

  const auto sends = test.stand_in.webhooks_due(test.stripe.now);
  REQUIRE(sends.size() == 1);
  CHECK(sends.at(0).url == "http://x.test/thin");
  const auto body = parse_json(sends.at(0).body);
  REQUIRE(body.has_value());
  CHECK(body->at("object") == "v2.core.event");
  CHECK(body->at("type") == "v1.billing.meter.error_report_triggered");
  CHECK(body->at("related_object").at("url") == "/v1/billing/meters/" + id);
  CHECK_FALSE(body->contains("data"));
  CHECK(parse_time(text_of(*body, "created")) == test.stripe.now);
  test.stand_in.webhook_answered(sends.at(0).delivery, 200, test.stripe.now);
}

TEST_CASE("the endpoint that was given at the start hears of thin events too") {
  MeterTest test({.webhook_url = "http://x.test/hook", .webhook_secret = "whsec_x"});
  test.post("/v1/billing/meter_events", "event_name=nothing&payload[value]=1");
  const auto sends = test.stand_in.webhooks_due(test.stripe.now + 1'000);
  REQUIRE(sends.size() == 1);
  CHECK(sends.at(0).type == "v1.billing.meter.no_meter_found");
}

TEST_CASE("a meter that was put aside counts nothing") {
  MeterTest test;
  const auto jean = test.customer();
  const auto id = test.meter();
  test.post("/v1/billing/meters/" + id + "/deactivate", "");
  test.report(jean, "4");
  CHECK(test.usage_state().at("events") == 0);
  test.stripe.now += 1'000;
  CHECK(test.thin_events().at(0).at("data").at("reason").at("error_types").at(0).at("code") ==
        "archived_meter");
  test.post("/v1/billing/meters/" + id + "/reactivate", "");
  test.report(jean, "4");
  CHECK(test.usage_state().at("value") == 4);
}

TEST_CASE("a meter reads the payload's members that it was told to") {
  MeterTest test;
  const auto jean = test.customer();
  test.post("/v1/billing/meters",
            "display_name=T&event_name=tokens&default_aggregation[formula]=sum"
            "&customer_mapping[type]=by_id&customer_mapping[event_payload_key]=who"
            "&value_settings[event_payload_key]=tokens");
  test.post("/v1/billing/meter_events",
            "event_name=tokens&payload[who]=" + jean + "&payload[tokens]=-2.5");
  CHECK(test.usage_state("tokens").at("value") == -2.5);
}

TEST_CASE("usage is taken back by its identifier within 24 hours") {
  MeterTest test;
  const auto jean = test.customer();
  const auto id = test.meter();
  test.report(jean, "4", "&identifier=a");
  test.report(jean, "6", "&identifier=b");
  const std::string path = "/v1/billing/meter_event_adjustments";
  const std::string cancel = "event_name=credits&type=cancel&cancel[identifier]=";
  for (int time = 1; time <= 2; ++time) {  // twice is once
    const Json adjusted = test.post(path, cancel + "a");
    CHECK(adjusted.at("object") == "billing.meter_event_adjustment");
    CHECK(adjusted.at("cancel") == Json{{"identifier", "a"}});
    CHECK(test.usage_state().at("value") == 6);
    CHECK(test.usage_state().at("canceled") == 1);
  }
  CHECK(test.summaries(id, jean).at(0).at("aggregated_value") == 6);
  // What was taken back is known all the same.
  test.refused("/v1/billing/meter_events", MeterTest::usage(jean, "4", "&identifier=a"));
  CHECK(test.refused(path, cancel + "none").at("code") == "resource_missing");
  CHECK(test.refused(path, "event_name=credits&type=cancel").at("code") == "parameter_missing");
  CHECK(test.refused(path, "event_name=other&type=cancel&cancel[identifier]=b").at("param") ==
        "cancel[identifier]");
  test.stripe.now += 86'400'001;
  CHECK(test.refused(path, cancel + "b").at("param") == "cancel[identifier]");
  CHECK(test.usage_state().at("value") == 6);
}

TEST_CASE("summaries want bounds that fit their window, and a customer") {
  MeterTest test;
  const auto jean = test.customer();
  const auto base = "/v1/billing/meters/" + test.meter() + "/event_summaries?customer=";
  const auto refused = [&](const std::string& rest) {
    return text_of(test.refused(base + rest, "", 400, "GET"), "param");
  };
  CHECK(refused(jean + "&start_time=60&end_time=90") == "end_time");
  CHECK(refused(jean + "&start_time=60&end_time=60") == "end_time");
  CHECK(refused(jean + "&start_time=60&end_time=3600&value_grouping_window=hour") == "start_time");
  CHECK(refused(jean + "&start_time=0&end_time=3600&value_grouping_window=day") == "end_time");
  CHECK(refused("cus_none&start_time=0&end_time=60") == "customer");
  CHECK(refused(jean + "&start_time=0") == "end_time");
}

TEST_CASE("an account's usage is its own") {
  MeterTest test;
  test.account("acct_1");
  test.headers = {{"Stripe-Account", "acct_1"}};
  const auto jean = test.payer();
  test.meter();
  test.report(jean, "3", "&identifier=a");
  const Json usage = test.get("/_sandbox/state").at("usage");
  CHECK(usage.size() == 1);
  CHECK(usage.at("acct_1").at("credits").at("value") == 3);
}

TEST_CASE("a key gives the same usage again, a lost answer has counted it") {
  MeterTest test;
  const auto jean = test.customer();
  test.meter();
  test.stripe.admin(
      "faults",
      {{"kind", "reset-after-effect"}, {"path", "/v1/billing/meter_events"}, {"times", 1}});
  const HeaderMap key{{"Idempotency-Key", "k1"}};
  const auto body = MeterTest::usage(jean, "3");
  CHECK(test.stripe.post("/v1/billing/meter_events", body, key).reply.delivery == Delivery::reset);
  const auto again = test.stripe.post("/v1/billing/meter_events", body, key);
  CHECK(again.status == 200);
  CHECK(again.headers.value("Idempotent-Replayed") == "true");
  CHECK(test.usage_state().at("value") == 3);
  const Json calls = test.get("/_sandbox/calls");
  CHECK(calls.at("effects").at("billing.meter_event") == 1);
  CHECK(calls.at("duplicateEffects").empty());
}

TEST_CASE("a metered price needs a meter that counts, and another one has none") {
  MeterTest test;
  const auto id = test.meter();
  const std::string price = "currency=eur&unit_amount=5&product=prod_mug&recurring[interval]=month";
  const std::string metered = price + "&recurring[usage_type]=metered";
  const auto made = test.post("/v1/prices", metered + "&recurring[meter]=" + id);
  CHECK(made.at("recurring").at("meter") == id);
  CHECK(test.refused("/v1/prices", metered).at("code") == "parameter_missing");
  const Json unknown = test.refused("/v1/prices", metered + "&recurring[meter]=mtr_none");
  CHECK(unknown.at("code") == "resource_missing");
  CHECK(unknown.at("param") == "recurring[meter]");
  CHECK(test.refused("/v1/prices", price + "&recurring[meter]=" + id).at("param") ==
        "recurring[meter]");
  test.post("/v1/billing/meters/" + id + "/deactivate", "");
  CHECK(test.refused("/v1/prices", metered + "&recurring[meter]=" + id).at("param") ==
        "recurring[meter]");
}

TEST_CASE("a meter that a shared world needs is made once, and taken back when it was put aside") {
  MeterTest test;
  const auto meter = [&] {
    return text_of(test.stripe.admin("meters", {{"eventName", "sparks"}}), "id");
  };
  const auto first = meter();
  CHECK(meter() == first);
  test.post("/v1/billing/meters/" + first + "/deactivate", "");
  CHECK(meter() == first);
  CHECK(test.get("/v1/billing/meters/" + first).at("status") == "active");
}

}  // namespace
}  // namespace sequent::sandbox
