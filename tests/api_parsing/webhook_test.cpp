// Signed webhooks of any sender: signatures as well-known senders write them, and the events.
#include <catch2/catch.hpp>

#include "api/webhook_source.hpp"
#include "base/digest.hpp"
#include "base/hmac.hpp"
#include "base/json.hpp"

using namespace sequent;
using namespace sequent::api;
using Catch::Contains;

namespace {

constexpr Timestamp now = 1'700'000'000'000;
const std::string body = R"({"id":"e1","type":"paid"})";
const std::vector<std::string> secrets{"old", "new"};

net::Headers headers_of(const std::vector<std::pair<std::string, std::string>>& list) {
  net::Headers headers;
  for (const auto& [name, value] : list) headers.add(name, value);
  return headers;
}

net::ServerRequest request_of(const std::vector<std::pair<std::string, std::string>>& list,
                              const std::string& content) {
  net::ServerRequest request;
  request.method = "POST";
  request.headers = headers_of(list);
  request.body = content;
  return request;
}

}  // namespace

TEST_CASE("a bare HMAC with a prefix, as GitHub sends it", "[api]") {
  SignatureRule rule;
  rule.header = "X-Hub-Signature-256";
  rule.prefix = "sha256=";
  // The example of GitHub's documentation.
  const auto vector =
      headers_of({{"X-Hub-Signature-256",
                   "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}});
  const std::vector<std::string> secret{"It's a Secret to Everybody"};
  CHECK(check_signature(rule, vector, "Hello, World!", secret, now));
  CHECK_FALSE(check_signature(rule, vector, "Hello, World?", secret, now));
  const auto by = [&](const std::string& value) {
    return check_signature(rule, headers_of({{"X-Hub-Signature-256", value}}), body, secrets, now);
  };
  CHECK(by("sha256=" + hmac_sha256_hex("old", body)));
  CHECK(by("sha256=" + hmac_sha256_hex("new", body)));
  CHECK_FALSE(by("sha256=" + hmac_sha256_hex("other", body)));
  CHECK_FALSE(by(hmac_sha256_hex("new", body)));  // without its prefix
  CHECK_FALSE(by("sha256="));
  CHECK_FALSE(by(""));
  const auto none = check_signature(rule, {}, body, secrets, now);
  REQUIRE_FALSE(none);
  CHECK_THAT(none.error().detail, Contains("X-Hub-Signature-256"));
}

TEST_CASE("base64, with the time in a header and a text of the sender's own", "[api]") {
  SignatureRule rule;
  rule.header = "X-Signature";
  rule.encoding = SignatureEncoding::base64;
  rule.prefix = "v0=";
  rule.timestamp_header = "X-Request-Timestamp";
  rule.signs = "v0:{timestamp}:{body}";
  const auto at = [&](const std::string& time, const std::string& signed_time) {
    const auto signature = base64_encode(hmac_sha256("new", "v0:" + signed_time + ":" + body));
    return check_signature(
        rule, headers_of({{"X-Signature", "v0=" + signature}, {"X-Request-Timestamp", time}}), body,
        secrets, now);
  };
  CHECK(at("1700000000", "1700000000"));
  CHECK(at("1699999700", "1699999700"));
  CHECK(at("1700000000000", "1700000000000"));  // milliseconds
  CHECK_FALSE(at("1699999699", "1699999699"));  // 301 s
  CHECK_FALSE(at("1699999699000", "1699999699000"));
  CHECK_FALSE(at("1700000000", "1699999000"));  // an old signature under a new time
  CHECK_FALSE(at("yesterday", "yesterday"));
  CHECK_FALSE(at("", ""));
}

TEST_CASE("an id, a time and several signatures, as Standard Webhooks has them", "[api]") {
  SignatureRule rule;
  rule.header = "webhook-signature";
  rule.encoding = SignatureEncoding::base64;
  rule.prefix = "v1,";
  rule.timestamp_header = "webhook-timestamp";
  rule.id_header = "webhook-id";
  rule.signs = "{id}.{timestamp}.{body}";
  const auto good = base64_encode(hmac_sha256("new", "msg_1.1700000000." + body));
  const auto check = [&](const std::string& id, const std::string& signatures) {
    return check_signature(rule,
                           headers_of({{"webhook-id", id},
                                       {"webhook-timestamp", "1700000000"},
                                       {"webhook-signature", signatures}}),
                           body, secrets, now);
  };
  CHECK(check("msg_1", "v1," + good));
  CHECK(check("msg_1", "v1,AAAA v1," + good + " v1a,BBBB"));
  CHECK_FALSE(check("msg_2", "v1," + good));
  CHECK_FALSE(check("msg_1", "v2," + good));
}

TEST_CASE("a body that holds the names of the template changes nothing", "[api]") {
  SignatureRule rule;
  rule.header = "X-Signature";
  rule.timestamp_prefix = "ts=";
  rule.prefix = "h1=";
  rule.signs = "{timestamp}:{body}";
  const std::string odd = "{timestamp}{body}{id}";
  const auto value = "ts=1700000000;h1=" + hmac_sha256_hex("new", "1700000000:" + odd);
  CHECK(check_signature(rule, headers_of({{"X-Signature", value}}), odd, secrets, now));
}

TEST_CASE("a rule of no use is refused before it is used", "[api]") {
  const auto flaw = [](auto change) {
    SignatureRule rule;
    rule.header = "X-Signature";
    change(rule);
    return flaw_of(rule).value_or("");
  };
  CHECK(flaw([](SignatureRule&) {}).empty());
  CHECK(flaw_of(stripe_signature_rule(300)) == std::nullopt);
  CHECK_THAT(flaw([](SignatureRule& r) { r.header = ""; }), Contains("header"));
  CHECK_THAT(flaw([](SignatureRule& r) { r.signs = "{id}"; }), Contains("{body}"));
  CHECK_THAT(flaw([](SignatureRule& r) { r.signs = "{timestamp}{body}"; }),
             Contains("timestampHeader"));
  CHECK_THAT(flaw([](SignatureRule& r) { r.timestamp_header = "T"; }), Contains("{timestamp}"));
  CHECK_THAT(flaw([](SignatureRule& r) { r.signs = "{id}{body}"; }), Contains("{id}"));
}

TEST_CASE("a webhook becomes a CloudEvent, its id and type where its source says", "[api]") {
  WebhookSource source;
  source.name = "billing";
  source.id.pointer = "/data/number";
  source.type.pointer = "/kind";
  source.type_prefix = "com.example.";
  const auto read = [&source](const std::string& content, const std::string& type = "") {
    return cloud_event_of_webhook(source, request_of({{"Content-Type", type}}, content), now, 32);
  };
  const auto event = read(R"({"kind":"paid","data":{"number":7}})", "application/json");
  REQUIRE(event);
  CHECK(*event == Json{{"specversion", "1.0"},
                       {"id", "7"},
                       {"source", "billing"},
                       {"type", "com.example.paid"},
                       {"time", "2023-11-14T22:13:20.000Z"},
                       {"datacontenttype", "application/json"},
                       {"data", {{"kind", "paid"}, {"data", {{"number", 7}}}}}});
  for (const char* bare : {"{}", "[]", "7", R"({"kind":"","data":{"number":7.5}})"}) {
    INFO(bare);
    const auto refused = read(bare);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().findings.size() == 2);
  }
  CHECK(read("{").error().code == ErrorCode::invalid_json);
  CHECK_FALSE(read(""));
}

TEST_CASE("with id and type in headers the body may be anything", "[api]") {
  WebhookSource source;
  source.name = "forms";
  source.id = {.header = "X-Delivery", .pointer = ""};
  source.type = {.header = "X-Event", .pointer = ""};
  const auto event =
      cloud_event_of_webhook(source,
                             request_of({{"X-Delivery", "d1"},
                                         {"X-Event", "push"},
                                         {"Content-Type", "application/x-www-form-urlencoded"}},
                                        "a=1&b=2"),
                             now, 32);
  REQUIRE(event);
  CHECK(text_of(*event, "id") == "d1");
  CHECK(text_of(*event, "type") == "push");
  CHECK(event->at("data") == "a=1&b=2");
  const auto long_id = cloud_event_of_webhook(
      source, request_of({{"X-Delivery", std::string(1'001, 'x')}, {"X-Event", "push"}}, ""), now,
      32);
  CHECK_FALSE(long_id);
}
