#include <catch2/catch.hpp>

#include "activities/http/call.hpp"
#include "base/digest.hpp"
#include "tests/activities/support.hpp"

using namespace sequent;
using namespace sequent::tests;
using activities::HttpConfig;
using activities::http::HttpCall;
using machine::Outcome;

namespace {

Json guarded(const std::string& uri, Json policy) {
  return {{"method", "get"}, {"endpoint", {{"uri", uri}, {"authentication", std::move(policy)}}}};
}

Json oauth2(const std::string& authority) {
  return {{"oauth2",
           {{"authority", authority},
            {"grant", "client_credentials"},
            {"client", {{"id", "engine"}, {"secret", "s&cret"}}},
            {"scopes", {"read", "write"}},
            {"audiences", {"api"}}}}};
}

/// An authority that counts the tokens it gives out, and an API behind it.
struct Guarded {
  Bench bench;
  int tokens = 0;
  int refuse_below = 0;  // tokens with a smaller number are refused by the API
  int token_status = 200;
  HttpCall activity{HttpConfig{}, bench.client};
  std::string url = bench.serve([this](const net::ServerRequest& request) {
    return request.path == "/oauth2/token" || request.path == "/connect/token" ? token()
           : request.path == "/.well-known/openid-configuration"
               ? json_response(200, {{"token_endpoint", url + "/connect/token"}})
               : api(request);
  });

  net::ServerResponse token() {
    if (token_status != 200) return json_response(token_status, {{"error", "invalid_client"}});
    return json_response(200, {{"access_token", "t" + std::to_string(++tokens)},
                               {"token_type", "Bearer"},
                               {"expires_in", 600}});
  }
  net::ServerResponse api(const net::ServerRequest& request) const {
    const std::string sent = request.headers.value("Authorization");
    for (int number = refuse_below; number <= tokens; ++number)
      if (number > 0 && sent == "Bearer t" + std::to_string(number))
        return json_response(200, {{"with", sent}});
    return json_response(401, {{"error", "token"}});
  }
  runtime::ActivityResult call(const Json& policy, Timestamp now = noon) {
    auto attempt = first_attempt();
    attempt.now = now;
    return bench.await(activity.run(attempt, guarded(url + "/api", policy)));
  }
};

}  // namespace

TEST_CASE("basic and bearer credentials are sent", "[activities][http]") {
  Bench bench;
  HttpCall activity(HttpConfig{}, bench.client);
  const auto url = bench.serve([](const net::ServerRequest& request) {
    return json_response(200, request.headers.value("Authorization"));
  });
  const auto send = [&](Json policy) {
    return bench.await(activity.run(first_attempt(), guarded(url, std::move(policy))));
  };
  CHECK(send({{"basic", {{"username", "jean"}, {"password", 1234}}}}).value() ==
        "Basic " + base64_encode("jean:1234"));
  CHECK(send({{"bearer", {{"token", "abc"}}}}).value() == "Bearer abc");
}

TEST_CASE("digest credentials answer the server's challenge", "[activities][http]") {
  Bench bench;
  HttpCall activity(HttpConfig{}, bench.client);
  const auto url = bench.serve([](const net::ServerRequest& request) {
    const std::string sent = request.headers.value("Authorization");
    if (sent.starts_with("Digest ") && sent.find("username=\"jean\"") != std::string::npos &&
        sent.find("nonce=\"n1\"") != std::string::npos)
      return json_response(200, "in");
    auto challenge = json_response(401, "out");
    challenge.headers.set("WWW-Authenticate", R"(Digest realm="r", nonce="n1", qop="auth")");
    return challenge;
  });
  const Json policy = {{"digest", {{"username", "jean"}, {"password", "pw"}}}};
  const auto output = bench.await(activity.run(first_attempt(), guarded(url, policy)));
  REQUIRE(output.has_value());
  CHECK(*output == "in");
  for (const auto& request : bench.requests())
    CHECK(request.headers.value("Authorization").find("pw") == std::string::npos);
}

TEST_CASE("a policy's secret is looked up by name", "[activities][http]") {
  Bench bench;
  HttpCall activity(HttpConfig{}, bench.client);
  const auto url = bench.serve([](const net::ServerRequest& request) {
    return json_response(200, request.headers.value("Authorization"));
  });
  auto attempt = first_attempt();
  attempt.secret = [](const std::string& name) -> std::optional<Json> {
    if (name == "petstore") return Json{{"username", "u"}, {"password", "p"}};
    return std::nullopt;
  };
  SECTION("found") {
    const Json policy = {{"basic", {{"use", "petstore"}}}};
    const auto output = bench.await(activity.run(attempt, guarded(url, policy)));
    CHECK(output.value() == "Basic " + base64_encode("u:p"));
  }
  SECTION("missing: a permanent authorization problem that names it") {
    const Json policy = {{"basic", {{"use", "nobody"}}}};
    const auto output = bench.await(activity.run(attempt, guarded(url, policy)));
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().outcome == Outcome::permanent);
    CHECK(output.error().problem.status == 403);
    CHECK(output.error().problem.type ==
          "https://serverlessworkflow.io/spec/1.0.0/errors/authorization");
    CHECK(output.error().problem.detail.find("'nobody'") != std::string::npos);
    CHECK(bench.requests().empty());
  }
}

TEST_CASE("an OAuth2 token is asked for once and used until it runs out", "[activities][http]") {
  Guarded service;
  const Json policy = oauth2(service.url);
  CHECK(service.call(policy).value() == Json{{"with", "Bearer t1"}});
  CHECK(service.call(policy).value() == Json{{"with", "Bearer t1"}});
  CHECK(service.tokens == 1);
  const auto& asked = service.bench.requests().at(0);
  CHECK(asked.body ==
        "grant_type=client_credentials&scope=read%20write&audience=api&client_id=engine"
        "&client_secret=s%26cret");
  CHECK(asked.headers.value("Content-Type") == "application/x-www-form-urlencoded");

  CHECK(service.call(policy, noon + 601'000).value() == Json{{"with", "Bearer t2"}});
  Json other = policy;
  other["oauth2"]["scopes"] = {"read"};
  CHECK(service.call(other, noon + 601'000).value() == Json{{"with", "Bearer t3"}});
}

TEST_CASE("client_secret_basic, password grants and OpenID Connect are spoken",
          "[activities][http]") {
  Guarded service;
  SECTION("the client's secret as basic authentication") {
    Json policy = oauth2(service.url);
    policy["oauth2"]["client"]["authentication"] = "client_secret_basic";
    REQUIRE(service.call(policy).has_value());
    const auto& asked = service.bench.requests().at(0);
    CHECK(asked.headers.value("Authorization") == "Basic " + base64_encode("engine:s%26cret"));
    CHECK(asked.body.find("client_secret") == std::string::npos);
  }
  SECTION("a user's password, as JSON") {
    Json policy = oauth2(service.url + "/");
    policy["oauth2"]["grant"] = "password";
    policy["oauth2"]["username"] = "jean";
    policy["oauth2"]["password"] = "pw";
    policy["oauth2"]["request"]["encoding"] = "application/json";
    REQUIRE(service.call(policy).has_value());
    const auto asked = parse_json(service.bench.requests().at(0).body);
    REQUIRE(asked.has_value());
    CHECK(asked->at("grant_type") == "password");
    CHECK(asked->at("username") == "jean");
    CHECK(asked->at("password") == "pw");
  }
  SECTION("the token endpoint found by discovery") {
    Json policy = {{"oidc", oauth2(service.url)["oauth2"]}};
    REQUIRE(service.call(policy).has_value());
    CHECK(service.bench.requests().at(0).path == "/.well-known/openid-configuration");
    CHECK(service.bench.requests().at(1).path == "/connect/token");
  }
}

TEST_CASE("an authority that refuses is permanent, one that is down is transient",
          "[activities][http]") {
  Guarded service;
  SECTION("refuses") {
    service.token_status = 401;
    const auto output = service.call(oauth2(service.url));
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().outcome == Outcome::permanent);
    CHECK(output.error().problem.type ==
          "https://serverlessworkflow.io/spec/1.0.0/errors/authentication");
    CHECK(output.error().problem.detail.find("invalid_client") != std::string::npos);
    CHECK(output.error().problem.detail.find("s&cret") == std::string::npos);
  }
  SECTION("is down") {
    service.token_status = 503;
    const auto output = service.call(oauth2(service.url));
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().outcome == Outcome::transient);
  }
  SECTION("is not there") {
    const auto output = service.call(oauth2("http://127.0.0.1:1"));
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().outcome == Outcome::transient);
  }
}

TEST_CASE("a cached token that was revoked is replaced by the next attempt", "[activities][http]") {
  Guarded service;
  const Json policy = oauth2(service.url);
  REQUIRE(service.call(policy).has_value());
  service.refuse_below = 2;
  const auto refused = service.call(policy);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().outcome == Outcome::transient);
  CHECK(service.call(policy).value() == Json{{"with", "Bearer t2"}});

  service.refuse_below = 99;  // now a fresh one is refused too
  const auto cached = service.call(policy), fresh = service.call(policy);
  REQUIRE_FALSE(fresh.has_value());
  CHECK(cached.error().outcome == Outcome::transient);
  CHECK(fresh.error().outcome == Outcome::permanent);
}
