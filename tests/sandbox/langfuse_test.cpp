// What Langfuse answers, as PROVIDERS.md 5 and 8 tell it.
#include "sandbox/langfuse/langfuse.hpp"

#include "base/digest.hpp"
#include "support.hpp"

namespace sequent::sandbox {
namespace {

struct LangfuseTest {
  langfuse::LangfuseStandIn stand_in{{}};
  Caller api{stand_in,
             test_start,
             {{"Authorization", "Basic " + base64_encode("pk-lf-sandbox:sk-lf-sandbox")}}};

  Answered ingest(const Json& batch) {
    return api.post("/api/public/ingestion", dump_json({{"batch", batch}}));
  }
};

Json trace(const std::string& id, const Json& more = Json::object()) {
  Json body{{"id", "t1"}, {"name", "chat"}};
  body.update(more);
  return {
      {"id", id}, {"timestamp", "2026-11-21T12:00:00Z"}, {"type", "trace-create"}, {"body", body}};
}

TEST_CASE("Langfuse answers 207 whatever became of the events") {
  LangfuseTest test;
  Json wrong = trace("2");
  wrong["type"] = "trace-delete";
  Json log = trace("3");
  log["type"] = "sdk-log";
  const auto answered = test.ingest({trace("1"), wrong, log});
  CHECK(answered.status == 207);
  CHECK(answered.body.at("successes") == Json{{{"id", "1"}, {"status", 201}}});
  CHECK(answered.body.at("errors").at(0).at("id") == "2");
  CHECK(answered.body.at("errors").at(0).at("status") == 400);
}

TEST_CASE("a new envelope merges into its trace, an old one changes nothing") {
  LangfuseTest test;
  test.ingest(Json::array({trace("1")}));
  test.ingest(Json::array({trace("2", {{"userId", "u1"}})}));
  test.ingest(Json::array({trace("2", {{"userId", "somebody else"}})}));
  test.api.now += 5'000;
  const auto read = test.api.get("/api/public/traces/t1");
  CHECK(read.body.at("userId") == "u1");
  CHECK(read.body.at("name") == "chat");
  CHECK(test.api.get("/_sandbox/repeated").body.at("repeated") == 1);
}

TEST_CASE("one bad span refuses the whole export and stores nothing") {
  LangfuseTest test;
  const Json good{{"traceId", std::string(32, 'a')}, {"spanId", std::string(16, 'b')}};
  const Json bad{{"traceId", "a"}, {"spanId", std::string(16, 'c')}};
  const auto send = [&](const Json& spans) {
    const Json body{{"resourceSpans", {{{"scopeSpans", {{{"spans", spans}}}}}}}};
    return test.api.post("/api/public/otel/v1/traces", dump_json(body)).status;
  };
  CHECK(send(Json::array({good, bad})) == 400);
  CHECK(test.api.get("/_sandbox/state").body.at("observations").at("count") == 0);
  CHECK(send(Json::array({good})) == 200);
  CHECK(test.api.get("/_sandbox/state").body.at("observations").at("count") == 1);
}

TEST_CASE("Langfuse refuses wrong keys, too many requests and bodies that are no batch") {
  LangfuseTest test;
  CHECK(test.api.get("/api/public/traces", {{"Authorization", "Basic eDp5"}}).status == 401);
  CHECK(test.api.post("/api/public/ingestion", "{}").status == 400);
  CHECK(test.api.get("/api/public/ingestion").status == 405);
  test.api.admin("faults", {{"kind", "rate-limit"}, {"retryAfter", 3}, {"times", 1}});
  const auto limited = test.ingest(Json::array({trace("1")}));
  CHECK(limited.status == 429);
  CHECK(limited.headers.value("Retry-After") == "3");
}

}  // namespace
}  // namespace sequent::sandbox
