#include "usage_bench.hpp"

using namespace sequent;
using namespace sequent::tests;
using machine::Outcome;

TEST_CASE("a batch is stored once, however often it is sent", "[langfuse]") {
  LangfuseBench test;
  const Json input{{"batch", {event("1"), event("2", "generation-create"), event("3", "sdk-log")}}};
  const Json first = test.must("langfuse.ingestion.send", input);
  CHECK(first == Json{{"accepted", {"1", "2", "3"}}, {"refused", Json::array()}});
  CHECK(test.must("langfuse.ingestion.send", input) == first);
  CHECK(test.exist("envelopes") == 3);
  test.no_duplicates();
}

TEST_CASE("within an attempt only the events that failed are sent again", "[langfuse]") {
  LangfuseBench test;
  test.admin("POST", "event-errors", {{"status", 500}, {"type", "span-create"}, {"times", 2}});
  const Json input{{"batch", {event("1"), event("2", "span-create"), event("3")}}};
  const Json output = test.must("langfuse.ingestion.send", input);
  CHECK(output.at("accepted") == Json{"1", "3", "2"});
  REQUIRE(test.bench.requests().size() == 3);
  CHECK(test.sent(1) == Json::array({event("2", "span-create")}));
  CHECK(test.sent(2) == test.sent(1));
}

TEST_CASE("events that fail on and on leave the attempt to be repeated", "[langfuse]") {
  LangfuseBench test;
  test.admin("POST", "event-errors", {{"status", 500}, {"type", "span-create"}, {"times", 3}});
  const Json input{{"batch", {event("1"), event("2", "span-create")}}};
  const auto failed = test.call("langfuse.ingestion.send", input);
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().outcome == Outcome::transient);
  CHECK(failed.error().problem.extensions.at("unfinished") == Json{"2"});
  CHECK(test.must("langfuse.ingestion.send", input, unsettled_attempt()).at("accepted").size() ==
        2);
  CHECK(test.exist("envelopes") == 2);
}

TEST_CASE("a refused event is an error, unless the workflow takes the rest", "[langfuse]") {
  LangfuseBench test;
  const int status = GENERATE(400, 401, 404);
  test.admin("POST", "event-errors", {{"status", status}, {"type", "span-create"}, {"times", 1}});
  Json input{{"batch", {event("1"), event("2", "span-create")}}};
  SECTION("as a rule") {
    const auto refused = test.call("langfuse.ingestion.send", input);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().outcome == Outcome::permanent);
    CHECK(refused.error().problem.extensions.at("accepted") == Json{"1"});
  }
  SECTION("with allowPartial") {
    input["allowPartial"] = true;
    const Json output = test.must("langfuse.ingestion.send", input);
    CHECK(output.at("accepted") == Json{"1"});
    CHECK(output.at("refused").at(0).at("status") == status);
  }
  CHECK(test.bench.requests().size() == 1);
}

TEST_CASE("a request that is too large is cut until it fits", "[langfuse]") {
  LangfuseBench test([](const net::ServerRequest& request) {
    const Json batch = parse_json(request.body).value().at("batch");
    bool huge = batch.size() > 2;
    for (const Json& one : batch) huge = huge || one.at("id") == "huge";
    if (huge) return json_response(413, {{"message", "Payload too large"}});
    Json successes = Json::array();
    for (const Json& one : batch) successes.push_back({{"id", one.at("id")}, {"status", 201}});
    return json_response(207, {{"successes", successes}, {"errors", Json::array()}});
  });
  Json input{{"batch", {event("1"), event("2"), event("3"), event("4"), event("5")}}};
  CHECK(test.must("langfuse.ingestion.send", input).at("accepted") ==
        Json{"1", "2", "3", "4", "5"});
  input["batch"].push_back(event("huge"));
  input["allowPartial"] = true;
  const Json output = test.must("langfuse.ingestion.send", input);
  CHECK(output.at("accepted").size() == 5);
  CHECK(output.at("refused").at(0).at("id") == "huge");
}

TEST_CASE("what Langfuse answers to the whole request", "[langfuse]") {
  struct Case {
    int status;
    Outcome outcome;
  };
  const auto given = GENERATE(values<Case>({{400, Outcome::permanent},
                                            {401, Outcome::permanent},
                                            {403, Outcome::permanent},
                                            {405, Outcome::permanent},
                                            {422, Outcome::permanent},
                                            {429, Outcome::transient},
                                            {500, Outcome::transient},
                                            {503, Outcome::transient}}));
  CAPTURE(given.status);
  auto response = json_response(given.status, {{"message", "no"}});
  response.headers.set("Retry-After", "12");
  LangfuseBench test(always(response));
  const auto failed = test.call("langfuse.ingestion.send", {{"batch", {event("1")}}});
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().outcome == given.outcome);
  CHECK(failed.error().retry_after_ms == 12'000);
  CHECK(failed.error().problem.status == given.status);
}

TEST_CASE("a project in events-only mode refuses traces inside of its 207", "[langfuse]") {
  LangfuseBench test;
  test.admin("POST", "settings", {{"eventsOnly", true}});
  const auto refused = test.call("langfuse.ingestion.send", {{"batch", {event("1")}}});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().outcome == Outcome::permanent);
  CHECK(test.must("langfuse.otel.export", span()) == Json::object());
}

TEST_CASE("spans are stored once, and a bad one is refused before it is sent", "[langfuse]") {
  LangfuseBench test;
  test.must("langfuse.otel.export", span());
  test.must("langfuse.otel.export", span());
  CHECK(test.exist("observations") == 1);
  test.no_duplicates();
  CHECK_FALSE(test.call("langfuse.otel.export", span("xyz")).has_value());
  CHECK(test.bench.requests().size() == 2);
}

TEST_CASE("traces are read once they are visible, and absent figures are null", "[langfuse]") {
  LangfuseBench test;
  test.must("langfuse.ingestion.send", {{"batch", {event("1")}}});
  const Json named{{"traceId", "trace-1"}};
  const auto early = test.call("langfuse.traces.get", named);
  REQUIRE_FALSE(early.has_value());
  CHECK(early.error().problem.status == 404);
  test.now += 2'000;
  CHECK(test.must("langfuse.traces.get", named).at("id") == "trace-1");
  const Json page = test.must("langfuse.traces.list", {{"fields", "core"},
                                                       {"limit", 10},
                                                       {"tags", Json::array()},
                                                       {"name", "chat"},
                                                       {"orderBy", "timestamp.asc"}});
  REQUIRE(page.at("data").size() == 1);
  CHECK(page.at("data").at(0).at("totalCost").is_null());
  CHECK(page.at("data").at(0).at("latency").is_null());
  test.must("langfuse.traces.delete", named);
  test.must("langfuse.traces.delete", named);
  CHECK(test.exist("traces") == 0);
}

TEST_CASE("observations are read page by page", "[langfuse]") {
  LangfuseBench test;
  Json batch = Json::array();
  for (int i = 0; i < 3; ++i) {
    batch.push_back(event(std::to_string(i), "generation-create"));
    batch.back()["body"]["id"] = "o" + std::to_string(i);
    batch.back()["body"]["traceId"] = "t";
  }
  test.must("langfuse.ingestion.send", {{"batch", batch}});
  test.now += 2'000;
  const Json first = test.must("langfuse.observations.list", {{"limit", 2}, {"traceId", "t"}});
  CHECK(first.at("data").size() == 2);
  const Json last = test.must("langfuse.observations.list",
                              {{"limit", 2}, {"cursor", first.at("meta").at("cursor")}});
  CHECK(last.at("data").size() == 1);
  CHECK_FALSE(last.at("meta").contains("cursor"));
}
