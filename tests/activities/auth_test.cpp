#include <catch2/catch.hpp>

#include "activities/auth/auth.hpp"
#include "tests/activities/support.hpp"

using namespace sequent;
using namespace sequent::tests;
using machine::Outcome;

namespace {

struct Service {
  Bench bench;
  runtime::ActivityRegistry registry;

  explicit Service(Answer answer) {
    activities::AuthConfig config;
    config.base_url = bench.serve(std::move(answer));
    config.service_token = [] { return "service"; };
    config.timeout_ms = 300;
    activities::auth::register_auth(registry, config, bench.client);
  }
  runtime::ActivityResult call(const std::string& name, const Json& input) {
    auto* activity = registry.activity(name);
    REQUIRE(activity != nullptr);
    REQUIRE(activity->spec().input->validate(input).empty());
    return bench.await(activity->run(first_attempt(), input));
  }
};

}  // namespace

TEST_CASE("a token is valid, refused, or nobody answers", "[activities][auth]") {
  SECTION("valid") {
    Service service(always(json_response(200, {{"message", "ok"}})));
    const auto output = service.call("auth.tokens.check", {{"token", "Bearer abc"}});
    CHECK(output.value() == Json{{"valid", true}, {"message", "ok"}});
    const auto& request = service.bench.requests().at(0);
    CHECK(request.method == "POST");
    CHECK(request.path == "/auth/validate-token");
    CHECK(request.headers.value("Authorization") == "Bearer abc");
  }
  SECTION("refused: for good") {
    Service service(always(json_response(401, {{"error", "expired"}})));
    const auto output = service.call("auth.tokens.check", {{"token", "abc"}});
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().outcome == Outcome::permanent);
    CHECK(output.error().problem.type ==
          "https://serverlessworkflow.io/spec/1.0.0/errors/authentication");
    CHECK(output.error().problem.detail.find("abc") == std::string::npos);
  }
  SECTION("a gateway's 500 proves nothing: again") {
    Service service(always(json_response(500, {{"error", "?"}})));
    const auto output = service.call("auth.tokens.check", {{"token", "abc"}});
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().outcome == Outcome::transient);
  }
  SECTION("no answer ends after the configured time, not the attempt's") {
    Service service([](const auto&) { return std::nullopt; });
    const auto before = std::chrono::steady_clock::now();
    const auto output = service.call("auth.tokens.check", {{"token", "abc"}});
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().outcome == Outcome::transient);
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(5));
  }
}

TEST_CASE("a token of another user than the named one is refused for good", "[activities][auth]") {
  // {"sub":"7"}, {"id":7} and {"name":"-_?"}, in base64url and without padding
  const std::string seven = "e30.eyJzdWIiOiI3In0.c2ln";
  const std::string seven_too = "Bearer e30.eyJpZCI6N30.c2ln";
  const std::string nobody = "e30.eyJuYW1lIjoi77-977-9PyJ9.c2ln";
  Service service(always(json_response(200, {{"message", "ok"}})));
  const auto check = [&](const std::string& token, const Json& user) {
    return service.call("auth.tokens.check", {{"token", token}, {"userId", user}});
  };
  CHECK(check(seven, "7").has_value());
  CHECK(check(seven_too, 7).has_value());
  for (const auto& token : {seven, seven_too}) {
    const auto output = check(token, 8);
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().outcome == Outcome::permanent);
    CHECK(output.error().problem.status == 403);
    CHECK(output.error().problem.title == "Token of another user");
  }
  // {"sub":"one@example.com","id":7}: an address is no user's number
  const std::string named = "e30.eyJzdWIiOiJvbmVAZXhhbXBsZS5jb20iLCJpZCI6N30.c2ln";
  CHECK(check(named, 7).has_value());
  CHECK_FALSE(check(named, 8).has_value());
  // Whose these are, no one can say; the service has called them valid.
  for (const std::string& token :
       {nobody, std::string{"opaque"}, std::string{"a.b.c"}, std::string{"a.b"}})
    CHECK(check(token, 8).has_value());
  CHECK(service.call("auth.tokens.check", {{"token", seven}}).has_value());
}

TEST_CASE("a user is read, with the service's token unless one is given", "[activities][auth]") {
  SECTION("found") {
    Service service(always(json_response(200, {{"id", 7}, {"id_stripe", ""}})));
    CHECK(service.call("auth.users.get", {{"userId", 7}}).value().at("id") == 7);
    CHECK(service.bench.requests().at(0).path == "/users/7");
    CHECK(service.bench.requests().at(0).headers.value("Authorization") == "Bearer service");
    REQUIRE(service.call("auth.users.get", {{"userId", "7"}, {"token", "own"}}).has_value());
    CHECK(service.bench.requests().at(1).headers.value("Authorization") == "Bearer own");
  }
  SECTION("not found: for good") {
    Service service(always(json_response(404, {{"error", "no"}})));
    const auto output = service.call("auth.users.get", {{"userId", 7}});
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().outcome == Outcome::permanent);
    CHECK(output.error().problem.status == 404);
  }
}

TEST_CASE("linking a user says which customer is stored", "[activities][auth]") {
  const Json input = {{"userId", 7}, {"stripeId", "cus_mine"}};
  SECTION("ours") {
    Service service(always(json_response(200, {{"id", 7}, {"id_stripe", "cus_mine"}})));
    const auto output = service.call("auth.users.update", input).value();
    CHECK(output.at("linked") == true);
    CHECK(output.at("stripeId") == "cus_mine");
    CHECK(service.bench.requests().at(0).method == "PATCH");
    CHECK(service.bench.requests().at(0).path == "/users/stripe-user/7/cus_mine");
  }
  SECTION("another one: no error, the workflow decides") {
    Service service(always(json_response(409, {{"id", 7}, {"id_stripe", "cus_first"}})));
    const auto output = service.call("auth.users.update", input).value();
    CHECK(output.at("linked") == false);
    CHECK(output.at("stripeId") == "cus_first");
    CHECK(output.at("user").at("id") == 7);
  }
}

TEST_CASE("workspaces are read with the session of who asks", "[activities][auth]") {
  const Json seen = {{"id", "ws 1"}, {"role", "owner"}, {"permissions", {"update_billing"}}};
  SECTION("all of them, and whose they are") {
    Service service(always(json_response(200, {{"userId", 7}, {"workspaces", {seen}}})));
    const auto output = service.call("auth.workspaces.list", {{"token", "session"}}).value();
    CHECK(output.at("userId") == 7);
    CHECK(output.at("workspaces").at(0) == seen);
    CHECK(service.bench.requests().at(0).path == "/users/me/workspaces");
    CHECK(service.bench.requests().at(0).headers.value("Authorization") == "Bearer session");
  }
  SECTION("one") {
    Json mine = seen;
    mine["userId"] = 7;
    Service service(always(json_response(200, mine)));
    const Json input = {{"workspace", "ws 1"}, {"token", "session"}};
    CHECK(service.call("auth.workspaces.get", input).value() == mine);
    CHECK(service.bench.requests().at(0).method == "GET");
    CHECK(service.bench.requests().at(0).path == "/workspaces/ws%201");
  }
  SECTION("no member, no workspace, no session: for good, each with its status") {
    const int status = GENERATE(401, 403, 404);
    Service service(always(json_response(status, {{"message", "no"}})));
    const auto output = service.call("auth.workspaces.get", {{"workspace", "w"}, {"token", "t"}});
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().outcome == Outcome::permanent);
    CHECK(output.error().problem.status == status);
  }
}

TEST_CASE("inputs of auth activities are checked before anything is sent", "[activities][auth]") {
  Service service(always(json_response(200, Json::object())));
  const auto refuses = [&](const std::string& name, const Json& input) {
    return !service.registry.find(name, "")->input->validate(input).empty();
  };
  CHECK(refuses("auth.tokens.check", Json::object()));
  CHECK(refuses("auth.tokens.check", {{"token", ""}}));
  CHECK(refuses("auth.users.get", {{"userId", "7/../8"}}));
  CHECK(refuses("auth.users.update", {{"userId", 7}, {"stripeId", "acct_1"}}));
}
