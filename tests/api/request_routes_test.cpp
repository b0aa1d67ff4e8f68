// Requests that reach a waiting run, and the answers that workflows declare.
#include <catch2/catch.hpp>

#include "support.hpp"

using namespace sequent;
using namespace sequent::api;
using namespace sequent::api::test;
using Catch::Contains;

namespace {

// Document 4 in small: a form post, a self-redirect, and a choice that may be wrong.
const std::string marketplace_route =
    "http: {method: post, path: /api/market/callback, respond: toSelf}, "
    "sensitive: [/token]";
const std::string marketplace_tasks = R"(
  - toSelf:
      set: {state: "${ $workflow.id }"}
      metadata:
        respond:
          status: 303
          headers:
            Location: /api/market/callback
            Set-Cookie: ["${ \"mp=\" + .state + \"; HttpOnly; Secure; SameSite=Lax; Path=/api/market; Max-Age=300\" }", "seen=1"]
  - awaitUser:
      timeout: {after: {minutes: 5}}
      metadata:
        http: {method: get, path: /api/market/callback, cookies: [mp, session], query: []}
      listen:
        to:
          one:
            with: {type: test.market.returned}
            correlate: {state: {from: .data.cookies.mp, expect: "${ .state }"}}
      export: {as: "{user: .[0].cookies.session}"}
  - toChoice:
      set: {subscription: "${ $workflow.id }"}
      metadata:
        respond: {status: 303, headers: {Location: "${ \"/choose?subscription=\" + $workflow.id }"}}
  - awaitChoice:
      timeout: {after: {hours: 1}}
      metadata:
        http: {method: put, path: "/api/market/subscriptions/{subscription}/workspace", hold: PT0.3S}
      listen:
        to:
          one:
            with: {type: test.market.chosen}
            correlate: {subscription: {from: .data.subscription, expect: "${ $workflow.id }"}}
      output: {as: "${ .[0] }"}
  - isRight:
      switch:
        - right: {when: .workspace == "w1", then: assigned}
  - wrongChoice:
      set: {workspace: "${ .workspace }"}
      metadata:
        respond:
          problem:
            type: https://test.invalid/wrong-workspace
            title: Wrong workspace
            status: 403
            detail: "${ .workspace + \" is not yours, \" + $context.user }"
      then: awaitChoice
  - assigned:
      set: {workspace: "${ .workspace }", user: "${ $context.user }"}
      metadata: {respond: true}
)";

std::string put_choice(const std::string& run) {
  return "/api/market/subscriptions/" + run + "/workspace";
}
const HeaderList json_type{{"Content-Type", "application/json"}};

}  // namespace

TEST_CASE("a form post redirects to itself, and the run goes on with the browser's cookies",
          "[api]") {
  TestNode node;
  const auto deployed = node.deploy(workflow("market", marketplace_tasks, marketplace_route));
  INFO(deployed.text);
  REQUIRE(deployed.status == 201);
  const auto posted = node.post("/api/market/callback", "x-amzn-marketplace-token=a%2Bb",
                                {{"Content-Type", "application/x-www-form-urlencoded"}});
  REQUIRE(posted.status == 303);
  CHECK(posted.text.empty());
  CHECK(posted.headers.value("Location") == "/api/market/callback");
  const auto run = posted.headers.value("Sequent-Run");
  std::vector<std::string> cookies;
  for (const auto& [name, value] : posted.headers.all())
    if (name == "set-cookie" || name == "Set-Cookie") cookies.push_back(value);
  REQUIRE(cookies.size() == 2);
  CHECK(cookies[0].starts_with("mp=" + run + "; HttpOnly"));

  const auto stranger =
      node.get("/api/market/callback?x=1", {{"Cookie", "mp=another"}, {"Prefer", "wait=0"}});
  CHECK(stranger.status == 202);  // held: a run may listen for it in a moment
  const auto back =
      node.get("/api/market/callback", {{"Cookie", "session=ann; mp=" + run + "; other=1"}});
  REQUIRE(back.status == 303);
  CHECK(back.headers.value("Location") == "/choose?subscription=" + run);
  CHECK(back.headers.value("Sequent-Run") == run);

  SECTION("each wrong choice hears its reason, and the run goes on waiting") {
    for (const std::string wrong : {"w7", "w8"}) {
      const auto reply =
          node.call("PUT", put_choice(run), R"({"workspace":")" + wrong + R"("})", json_type);
      CHECK(reply.status == 403);
      CHECK(reply.headers.value("Content-Type") == "application/problem+json");
      CHECK(reply.json.at("type") == "https://test.invalid/wrong-workspace");
      CHECK(reply.json.at("status") == 403);
      CHECK(reply.json.at("detail") == wrong + " is not yours, ann");
    }
    const auto right = node.call("PUT", put_choice(run), R"({"workspace":"w1"})", json_type);
    CHECK(right.status == 200);
    CHECK(right.json == Json{{"workspace", "w1"}, {"user", "ann"}});
    node.await_status(run, "completed");
  }
  SECTION("the same Idempotency-Key hears the same answer, and the run takes the request once") {
    const HeaderList keyed{{"Content-Type", "application/json"}, {"Idempotency-Key", "k1"}};
    const auto first = node.call("PUT", put_choice(run), R"({"workspace":"w7"})", keyed);
    const auto again = node.call("PUT", put_choice(run), R"({"workspace":"w7"})", keyed);
    CHECK(first.status == 403);
    CHECK(again.status == 403);
    CHECK(again.json == first.json);
    CHECK(again.headers.value("Idempotency-Replayed") == "true");
    const auto other = node.call("PUT", put_choice(run), R"({"workspace":"w1"})", keyed);
    CHECK(other.status == 422);
    CHECK(other.problem() == "idempotency-mismatch");
    node.await_status(run, "waiting");
  }
  SECTION("a run that nobody knows is 404 once the time is up that the route holds requests") {
    const auto reply = node.call("PUT", put_choice("none"), R"({"workspace":"w1"})", json_type);
    CHECK(reply.status == 404);
    CHECK_THAT(reply.text, Contains("No run waits for PUT"));
  }
  SECTION("a run that is cancelled before it takes the request is 404") {
    const HeaderList keyed{
        {"Content-Type", "application/json"}, {"Idempotency-Key", "c"}, {"Prefer", "wait=0"}};
    REQUIRE(node.post("/api/v1/runs/" + run + ":suspend", R"({"reason":"test"})").status == 200);
    const auto held = node.call("PUT", put_choice(run), R"({"workspace":"w1"})", keyed);
    CHECK(held.status == 202);
    CHECK(held.headers.value("Location") == "/api/v1/runs/" + run);
    REQUIRE(node.post("/api/v1/runs/" + run + ":cancel", R"({"reason":"test"})").status == 200);
    const auto late = node.call("PUT", put_choice(run), R"({"workspace":"w1"})",
                                {{"Content-Type", "application/json"}});
    CHECK(late.status == 404);
  }
  SECTION("its routes are in /openapi.json") {
    CHECK(node.get("/openapi.json")
              .json.at("paths")
              .at("/api/market/subscriptions/{subscription}/workspace")
              .contains("put"));
  }
}

TEST_CASE("a start that is sent again hears the first answer, not a later one", "[api]") {
  TestNode node;
  REQUIRE(node.deploy(workflow("market", marketplace_tasks, marketplace_route)).status == 201);
  const HeaderList keyed{{"Content-Type", "application/x-www-form-urlencoded"},
                         {"Idempotency-Key", "k"}};
  const auto first = node.post("/api/market/callback", "token=a", keyed);
  const auto run = first.headers.value("Sequent-Run");
  REQUIRE(node.get("/api/market/callback", {{"Cookie", "session=ann; mp=" + run}}).status == 303);
  const auto again = node.post("/api/market/callback", "token=a", keyed);
  CHECK(again.status == 303);
  CHECK(again.headers.value("Location") == "/api/market/callback");
  CHECK(again.headers.value("Sequent-Run") == run);
}

TEST_CASE("a request that a run takes and faults on hears the run's error", "[api]") {
  TestNode node;
  const std::string tasks = R"(
  - awaitOrder:
      timeout: {after: {hours: 1}}
      metadata: {http: {method: post, path: "/api/orders/{order}/pay"}}
      listen:
        to:
          one:
            with: {type: test.order.paid}
            correlate: {order: {from: .data.order, expect: "${ .order }"}}
  - refuse:
      raise: {error: {type: "https://test.invalid/broke", status: 402, title: No money}}
)";
  const auto deployed = node.deploy(workflow("orders", tasks));
  INFO(deployed.text);
  REQUIRE(deployed.status == 201);
  const auto run = node.start("orders", R"({"order":"o1"})");
  const auto reply = node.post("/api/orders/o1/pay", "{}");
  CHECK(reply.status == 402);
  CHECK(reply.json.at("type") == "https://test.invalid/broke");
  CHECK(reply.headers.value("Sequent-Run") == run);
  node.await_status(run, "faulted");
}

TEST_CASE("each request of a foreach hears its own iteration", "[api]") {
  TestNode node;
  const std::string tasks = R"(
  - serve:
      timeout: {after: {hours: 1}}
      metadata: {http: {method: post, path: "/api/desks/{desk}"}}
      listen:
        to:
          any:
            - with: {type: test.desk.asked}
              correlate: {desk: {from: .data.desk, expect: "${ .desk }"}}
          until: length == 3
      foreach:
        item: asked
        do:
          - answerOne:
              set: {n: "${ $asked.n }"}
              metadata: {respond: {status: 201, headers: {X-N: "${ .n }"}}}
)";
  const auto deployed = node.deploy(workflow("desk", tasks));
  INFO(deployed.text);
  REQUIRE(deployed.status == 201);
  const auto run = node.start("desk", R"({"desk":"d"})");
  std::vector<std::future<Reply>> replies;
  for (int n = 0; n < 3; ++n)
    replies.push_back(std::async(std::launch::async, [&node, n] {
      return node.post("/api/desks/d", R"({"n":)" + std::to_string(n) + "}");
    }));
  for (int n = 0; n < 3; ++n) {
    const auto reply = replies[static_cast<std::size_t>(n)].get();
    CHECK(reply.status == 201);
    CHECK(reply.json == Json{{"n", n}});
    CHECK(reply.headers.value("X-N") == std::to_string(n));
  }
  node.await_status(run, "completed");
}

TEST_CASE("an answer that HTTP can't carry faults its run and says why", "[api]") {
  TestNode node;
  const std::string tasks = R"(
  - tell:
      set: {to: "${ .to }", code: "${ .code }"}
      metadata: {respond: {status: "${ .code }", headers: {Location: "${ .to }"}}}
)";
  REQUIRE(node.deploy(workflow("tell", tasks, "http: {method: post, path: /api/tell}")).status ==
          201);
  const auto split = node.post("/api/tell", R"({"to":"/x\r\nSet-Cookie: a=b","code":303})");
  CHECK(split.status == 500);
  CHECK_THAT(split.text, Contains("without control characters in the header Location"));
  const auto odd = node.post("/api/tell", R"({"to":"/x","code":99})");
  CHECK(odd.status == 500);
  CHECK_THAT(odd.text, Contains("expected a status from 200 to 599, got 99"));
  const auto plain = node.post("/api/tell", R"({"to":null,"code":201})");
  CHECK(plain.status == 201);
  CHECK(plain.json == Json{{"to", nullptr}, {"code", 201}});
}
