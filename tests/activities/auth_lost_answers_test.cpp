// The authentication service with its answers lost: it has no keys, and needs none.
#include <catch2/catch.hpp>

#include "activities/auth/auth.hpp"
#include "sandbox/auth/auth.hpp"
#include "tests/activities/support.hpp"

using namespace sequent;
using namespace sequent::tests;
using machine::Outcome;

namespace {

/// The service's stand-in on a port.
struct AuthProvider {
  Timestamp now = noon;
  sandbox::auth::AuthStandIn stand_in{{}, noon};
  Bench bench;
  runtime::ActivityRegistry registry;

  AuthProvider() {
    activities::AuthConfig config;
    config.timeout_ms = 500;
    config.base_url =
        bench.serve([&](const net::ServerRequest& request) -> std::optional<net::ServerResponse> {
          const auto reply = stand_in.handle(request, now);
          if (reply.delivery != sandbox::Delivery::answer) return std::nullopt;
          return reply.response;
        });
    activities::auth::register_auth(registry, config, bench.client);
  }
  void fault(const char* kind) {
    net::ServerRequest request;
    request.method = "POST";
    request.path = "/_sandbox/faults";
    request.body = dump_json({{"kind", kind}, {"times", 1}});
    REQUIRE(stand_in.handle(request, now).response.status < 300);
  }
  runtime::ActivityResult call(const std::string& name, Json input) {
    auto attempt = first_attempt();
    attempt.now = now;
    return bench.await(registry.activity(name)->run(attempt, std::move(input)));
  }
};

}  // namespace

TEST_CASE("a link whose answer was lost is the same link, at once or a day later",
          "[activities][auth]") {
  AuthProvider auth;
  const Json input{{"userId", 7}, {"stripeId", "cus_first"}, {"token", "token-user-7"}};
  const bool happened = GENERATE(true, false);
  auth.fault(happened ? "reset-after-effect" : "outage");
  const auto lost = auth.call("auth.users.update", input);
  REQUIRE_FALSE(lost.has_value());
  CHECK(lost.error().outcome == Outcome::transient);  // asking again settles it
  if (GENERATE(false, true)) auth.now += 25 * 3'600'000LL;
  for (int time = 1; time <= 2; ++time)
    CHECK(auth.call("auth.users.update", input).value().at("linked") == true);
  Json other = input;
  other["stripeId"] = "cus_second";
  const Json second = auth.call("auth.users.update", other).value();
  CHECK(second.at("linked") == false);
  CHECK(second.at("stripeId") == "cus_first");
}

TEST_CASE("no activity of the authentication service is left out of these tests",
          "[activities][auth]") {
  AuthProvider auth;
  CHECK(auth.registry.names() ==
        std::vector<std::string>{"auth.tokens.check", "auth.users.get", "auth.users.update",
                                 "auth.workspaces.get", "auth.workspaces.list"});
  const std::string read = GENERATE("auth.tokens.check", "auth.users.get", "auth.workspaces.list");
  Json input{{"token", "token-user-7"}};
  if (read == "auth.users.get") input["userId"] = 7;
  auth.fault("reset-after-effect");
  CHECK(auth.call(read, input).error().outcome == Outcome::transient);
  auth.now += 25 * 3'600'000LL;
  CHECK(auth.call(read, input).has_value());
}
