#include "sandbox/auth/auth.hpp"

#include "support.hpp"

namespace sequent::sandbox {
namespace {

struct AuthTest {
  auth::AuthStandIn stand_in;
  Caller auth;

  explicit AuthTest(auth::AuthOptions options = {})
      : stand_in(std::move(options), test_start), auth{stand_in} {}
};

TEST_CASE("a known token is valid, an unknown one is 401, none is never answered") {
  AuthTest test;
  const auto valid =
      test.auth.post("/auth/validate-token", "", {{"Authorization", "Bearer token-user-7"}});
  CHECK(valid.status == 200);
  CHECK(valid.body["message"].is_string());
  const auto invalid =
      test.auth.post("/auth/validate-token", "", {{"Authorization", "Bearer nobody"}});
  CHECK(invalid.status == 401);
  CHECK(invalid.body["error"].is_string());
  CHECK(test.auth.post("/auth/validate-token").reply.delivery == Delivery::hang);
}

TEST_CASE("a user is read by number, with an empty id_stripe while there is none") {
  AuthTest test;
  const auto user = test.auth.get("/users/42");
  CHECK(user.status == 200);
  CHECK(user.body["id"] == 42);
  CHECK(user.body["id_stripe"] == "");
  for (const char* member : {"firstname", "lastname", "email", "birthDate", "gender", "phone",
                             "createdAt", "updatedAt", "role", "roleId"})
    CHECK(user.body.contains(member));
  CHECK(test.auth.get("/users/forty").status == 400);
  CHECK(test.auth.get("/users/9999").status == 404);
}

TEST_CASE("the first link wins: the same one again is fine, another one is a conflict") {
  AuthTest test;
  const auto patch = [&](const std::string& target) {
    return test.auth.call("PATCH", "/users/stripe-user/" + target);
  };
  CHECK(patch("1/cus_a").body["id_stripe"] == "cus_a");
  CHECK(patch("1/cus_a").status == 200);
  const auto loser = patch("1/cus_b");
  CHECK(loser.status == 409);
  CHECK(loser.body["id_stripe"] == "cus_a");
  CHECK(test.auth.get("/users/1").body["id_stripe"] == "cus_a");
  CHECK(patch("2/cus_a").status == 200);  // ids are not unique across users
  CHECK(patch("x/cus_a").status == 400);
  CHECK(patch("9999/cus_a").status == 404);
}

TEST_CASE("users may be linked from the start, and be added with tokens") {
  auth::AuthOptions options;
  options.linked_users = {{3, "cus_known"}};
  AuthTest test(options);
  CHECK(test.auth.get("/users/3").body["id_stripe"] == "cus_known");
  const Json added = test.auth.admin("users", {{"firstname", "Ada"}, {"tokens", {"t1"}}});
  CHECK(added["id"] == 101);
  CHECK(test.auth.post("/auth/validate-token", "", {{"Authorization", "Bearer t1"}}).status == 200);
  CHECK(test.auth.call("DELETE", "/_sandbox/tokens/t1").body["removed"] == 1);
  CHECK(test.auth.post("/auth/validate-token", "", {{"Authorization", "Bearer t1"}}).status == 401);
  CHECK(test.auth.post("/_sandbox/users", R"({"id":"x"})").status == 400);
  CHECK(test.auth.post("/_sandbox/tokens", R"({"token":"t","userId":5000})").status == 400);
  CHECK(test.auth.get("/_sandbox/state").body["users"]["count"] == 101);
  test.auth.admin("reset", Json::object());
  CHECK(test.auth.get("/_sandbox/state").body["users"]["count"] == 100);
}

TEST_CASE("a workspace shows each of its members what they may do there, and nobody else") {
  AuthTest test;
  const auto as = [](int user) {
    return HeaderMap{{"Authorization", "Bearer token-user-" + std::to_string(user)}};
  };
  test.auth.admin(
      "workspaces",
      {{"id", "ws-1"}, {"members", {{"1", "owner"}, {"2", "member"}, {"3", "billing_admin"}}}});
  test.auth.admin("workspaces", {{"id", "ws-2"}, {"name", "Two"}, {"members", {{"1", "admin"}}}});
  const auto mine = test.auth.get("/users/me/workspaces", as(1));
  CHECK(mine.body["userId"] == 1);
  REQUIRE(mine.body["workspaces"].size() == 2);
  CHECK(mine.body["workspaces"][1]["name"] == "Two");
  const auto may_bill = [&](int user) {
    const Json permissions = test.auth.get("/workspaces/ws-1", as(user)).body["permissions"];
    return std::ranges::find(permissions, "update_billing") != permissions.end();
  };
  CHECK(may_bill(1));
  CHECK_FALSE(may_bill(2));
  CHECK(may_bill(3));
  CHECK(test.auth.get("/workspaces/ws-1", as(3)).body["userId"] == 3);
  CHECK(test.auth.get("/workspaces/ws-1", as(4)).status == 403);
  CHECK(test.auth.get("/workspaces/ws-3", as(1)).status == 404);
  CHECK(test.auth.get("/workspaces/ws-1").status == 401);
  CHECK(test.auth.get("/users/me/workspaces", {{"Authorization", "Bearer gone"}}).status == 401);
  // Roles are taken away, and workspaces go.
  test.auth.admin("workspaces", {{"id", "ws-1"}, {"members", {{"3", "member"}}}});
  CHECK_FALSE(may_bill(3));
  CHECK(test.auth.call("DELETE", "/_sandbox/workspaces/ws-1").body["removed"] == 1);
  CHECK(test.auth.get("/workspaces/ws-1", as(3)).status == 404);
  CHECK(test.auth.post("/_sandbox/workspaces", R"({"id":"x","members":{"1":"king"}})").status ==
        400);
  CHECK(test.auth.post("/_sandbox/workspaces", R"({"id":"x","members":{"one":"owner"}})").status ==
        400);
}

TEST_CASE("a failure may come before the link was stored or after it") {
  AuthTest test;
  const bool effect = GENERATE(false, true);
  test.auth.admin(
      "faults", {{"kind", "server-error"}, {"method", "PATCH"}, {"times", 1}, {"effect", effect}});
  CHECK(test.auth.call("PATCH", "/users/stripe-user/1/cus_a").status == 500);
  CHECK(test.auth.get("/users/1").body["id_stripe"] == (effect ? "cus_a" : ""));
}

}  // namespace
}  // namespace sequent::sandbox
