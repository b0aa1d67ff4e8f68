// Events in, webhooks, live views, figures.
#include <sys/socket.h>
#include <catch2/catch.hpp>

#include "base/digest.hpp"
#include "support.hpp"

using namespace sequent;
using namespace sequent::api::test;
using asio::ip::tcp;
using Catch::Contains;

namespace {

const HeaderList structured{{"Content-Type", "application/cloudevents+json"}};

std::string paid(const std::string& id) {
  return Json{{"specversion", "1.0"}, {"id", id}, {"source", "/test"}, {"type", "com.test.paid"}}
      .dump();
}

std::string stripe_event(const std::string& id) {
  return Json{{"id", id},
              {"object", "event"},
              {"type", "invoice.paid"},
              {"created", 1'700'000'000},
              {"data", {{"object", {{"id", "in_1"}}}}}}
      .dump();
}

HeaderList signed_by(const std::string& secret, const std::string& body) {
  const auto time = std::to_string(runtime::SystemClock{}.now() / 1'000);
  return {{"Stripe-Signature", "t=" + time + ",v1=" + hmac_sha256_hex(secret, time + "." + body)}};
}

// Reads a stream of server-sent events until `mark` has come.
std::string read_stream(std::uint16_t port, const std::string& path, const std::string& mark,
                        const std::function<void()>& once_open, const std::string& headers = "") {
  asio::io_context context;
  tcp::socket socket{context};
  socket.connect({asio::ip::make_address("127.0.0.1"), port});
  timeval deadline{.tv_sec = 20, .tv_usec = 0};
  setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
  asio::write(socket, asio::buffer("GET " + path + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n"));
  std::string all;
  bool told = false;
  char piece[4096];
  while (all.find(mark) == std::string::npos) {
    const ssize_t got = recv(socket.native_handle(), piece, sizeof piece, 0);
    if (got <= 0) return all + "<ended>";
    all.append(piece, static_cast<std::size_t>(got));
    if (!told && all.find(": watching") != std::string::npos) {
      told = true;
      once_open();
    }
  }
  return all;
}

}  // namespace

TEST_CASE("an event wakes the run that waits for it, once", "[api]") {
  TestNode node;
  node.deploy(workflow("waits", listening_tasks));
  const auto id = node.start("waits");
  node.await_status(id, "waiting");
  const auto first = node.post("/api/v1/events", paid("e1"), structured);
  CHECK(first.status == 202);
  CHECK(first.json.at("duplicate") == false);
  CHECK(first.json.at("runs") == 1);
  node.await_status(id, "completed");
  CHECK(node.post("/api/v1/events", paid("e1"), structured).json.at("duplicate") == true);
  const auto batch = node.post("/api/v1/events", "[" + paid("e2") + "," + paid("e3") + "]",
                               {{"Content-Type", "application/cloudevents-batch+json"}});
  CHECK(batch.json.at("items").size() == 2);
}

TEST_CASE("the inbox keeps what came, and a stored event can be routed again", "[api]") {
  TestNode node;
  node.deploy(workflow("waits", listening_tasks));
  node.post("/api/v1/events", paid("e1"), structured);
  const auto items = node.get("/api/v1/inbox?type=com.test.paid").json.at("items");
  REQUIRE(items.size() == 1);
  const auto entry = "/api/v1/inbox/" + items[0].at("id").dump();
  CHECK(node.get(entry).json.at("event").at("id") == "e1");
  CHECK(node.post(entry + ":replay", "{}").status == 400);
  CHECK(node.post(entry + ":replay", R"({"reason":"lost"})").status == 200);
  const auto audit = node.get("/api/v1/audit?target=inbox/" + items[0].at("id").dump());
  CHECK(audit.json.at("items").size() == 2);
}

TEST_CASE("an event that was delivered is delivered again to a run that listens anew", "[api]") {
  TestNode node;
  node.deploy(workflow("waits", listening_tasks));
  const auto first = node.start("waits");
  node.await_status(first, "waiting");
  node.post("/api/v1/events", paid("e1"), structured);
  node.await_status(first, "completed");
  const auto second = node.start("waits");
  node.await_status(second, "waiting");
  const auto entry = node.get("/api/v1/inbox").json.at("items").at(0).at("id").dump();
  const auto replayed = node.post("/api/v1/inbox/" + entry + ":replay", R"({"reason":"lost"})");
  REQUIRE(replayed.status == 200);
  CHECK(replayed.json.at("duplicate") == false);
  CHECK(replayed.json.at("runs") == 1);
  node.await_status(second, "completed");
  // A start that the event has made is not made again.
  node.deploy(workflow("starts", echo_tasks) +
              "schedule: {on: {one: {with: {type: com.test.paid}}}}\n");
  const auto path = "/api/v1/inbox/" + entry + ":replay";
  CHECK(node.post(path, R"({"reason":"new workflow"})").json.at("started") == 1);
  CHECK(node.post(path, R"({"reason":"again"})").json.at("started") == 0);
}

TEST_CASE("a Stripe event counts when it is signed, once", "[api]") {
  api::ApiConfig config;
  config.stripe_webhook_secrets = {"whsec_old", "whsec_new"};
  TestNode node{config};
  const auto body = stripe_event("evt_1");
  const auto first = node.post("/webhooks/stripe", body, signed_by("whsec_new", body));
  CHECK(first.status == 200);
  CHECK(first.json.at("duplicate") == false);
  const auto again = node.post("/webhooks/stripe", body, signed_by("whsec_old", body));
  CHECK(again.status == 200);
  CHECK(again.json.at("duplicate") == true);
  const auto stored = node.get("/api/v1/inbox").json.at("items");
  REQUIRE(stored.size() == 1);
  CHECK(stored[0].at("type") == "com.stripe.invoice.paid");
  CHECK(stored[0].at("source") == "stripe");

  const auto forged = node.post("/webhooks/stripe", body, signed_by("whsec_other", body));
  CHECK(forged.status == 400);
  CHECK(forged.problem() == "invalid-request");
  CHECK_THAT(forged.text, !Contains("whsec"));
  CHECK(node.post("/webhooks/stripe", body).status == 400);
  CHECK(node.post("/webhooks/stripe", "{", signed_by("whsec_new", "{")).problem() ==
        "invalid-json");
  CHECK(node.post("/webhooks/stripe?manual=true", body).status == 403);
  CHECK(node.get("/api/v1/inbox").json.at("items").size() == 1);
}

TEST_CASE("without a secret Stripe is asked to come again", "[api]") {
  TestNode node;
  const auto body = stripe_event("evt_1");
  const auto reply = node.post("/webhooks/stripe", body, signed_by("x", body));
  CHECK(reply.status == 503);
  CHECK(reply.headers.value("Retry-After") == "60");
}

TEST_CASE("outside of production an event may come by hand, audited and once", "[api]") {
  api::ApiConfig config;
  config.allow_unsigned_webhooks = true;
  TestNode node{config};
  const auto body = stripe_event("evt_1");
  CHECK(node.post("/webhooks/stripe?manual=true", body).json.at("duplicate") == false);
  CHECK(node.post("/webhooks/stripe?manual=true", body).json.at("duplicate") == true);
  CHECK(node.post("/webhooks/stripe", body).status == 400);
  CHECK(node.get("/api/v1/audit?target=evt_1").json.at("items").size() == 2);
}

TEST_CASE("a run can be watched from where the reader is to its end", "[api]") {
  TestNode node;
  node.deploy(workflow("waits", listening_tasks));
  const auto id = node.start("waits");
  const auto seq = node.await_status(id, "waiting").at("seq").get<std::uint64_t>();
  const auto send = [&] { node.post("/api/v1/events", paid("e1"), structured); };
  const auto stream =
      read_stream(node.port(), "/api/v1/runs/" + id + "/watch", "\"completed\"", send);
  CHECK_THAT(stream, Contains("text/event-stream"));
  CHECK_THAT(stream, Contains("id: " + std::to_string(seq) + "\nevent: run\n"));
  CHECK_THAT(stream, Contains("\"status\":\"waiting\""));
  CHECK_THAT(stream, !Contains("<ended>"));
}

TEST_CASE("a reader that comes back hears only what is new", "[api]") {
  TestNode node;
  node.deploy(workflow("waits", listening_tasks));
  const auto id = node.start("waits");
  const auto seq = node.await_status(id, "waiting").at("seq").get<std::uint64_t>();
  const auto send = [&] { node.post("/api/v1/events", paid("e1"), structured); };
  const auto stream = read_stream(node.port(), "/api/v1/runs/" + id + "/watch", "\"completed\"",
                                  send, "Last-Event-ID: " + std::to_string(seq) + "\r\n");
  CHECK_THAT(stream, !Contains("\"status\":\"waiting\""));
  CHECK_THAT(stream, !Contains("<ended>"));
}

TEST_CASE("a quiet stream beats, so that nobody in between takes it for dead", "[api]") {
  api::ApiConfig config;
  config.heartbeat_ms = 20;
  TestNode node{config};
  const auto quiet =
      read_stream(node.port(), "/api/v1/watch", "heartbeat\n\n\r\nd\r\n: heartbeat", [] {});
  CHECK_THAT(quiet, Contains("text/event-stream") && Contains("\r\nDate: "));
  CHECK_THAT(quiet, !Contains("<ended>"));
}

TEST_CASE("what is sensitive to a workflow is hidden in the inbox and in records", "[api]") {
  TestNode node;
  node.deploy(workflow("keeps",
                       "  - keep: {call: records.put, with: {collection: cards, key: c1, value: "
                       "{card: '${ .card }', brand: visa}}}\n",
                       "sensitive: [card]"));
  node.await_status(node.start("keeps", R"({"card":"4242-secret"})"), "completed");
  const auto record = node.get("/api/v1/records/cards/c1");
  CHECK(record.json.at("value") == Json{{"card", "[redacted]"}, {"brand", "visa"}});
  CHECK_THAT(node.get("/api/v1/records/cards").text, !Contains("4242-secret"));
  auto event = parse_json(paid("e1")).value();
  event["data"] = {{"card", "4242-secret"}};
  node.post("/api/v1/events", event.dump(), structured);
  const auto items = node.get("/api/v1/inbox").json.at("items");
  const auto entry = node.get("/api/v1/inbox/" + items.at(0).at("id").dump());
  CHECK(entry.json.at("event").at("data").at("card") == "[redacted]");
}

TEST_CASE("all runs can be watched at once", "[api]") {
  TestNode node;
  node.deploy(workflow("echo", echo_tasks));
  const auto start = [&] { node.start("echo"); };
  const auto stream = read_stream(node.port(), "/api/v1/watch", "\"completed\"", start);
  CHECK_THAT(stream, Contains("test/echo:1.0.0"));
  CHECK_THAT(stream, !Contains("<ended>"));
}

TEST_CASE("figures, health, catalog and index say what is", "[api]") {
  TestNode node;
  node.deploy(workflow("echo", echo_tasks));
  node.await_status(node.start("echo"), "completed");
  const auto metrics = node.get("/metrics").text;
  CHECK_THAT(metrics, Contains("sequent_runs_total{event=\"completed\"} 1\n"));
  CHECK_THAT(metrics,
             Contains("sequent_http_requests_total{operation=\"startRun\",status=\"2xx\"} 1\n"));
  CHECK(node.get("/readyz").json.at("status") == "ready");
  const auto activities = node.get("/api/v1/activities").json.at("items");
  REQUIRE(activities.size() > 2);
  CHECK(activities[0].at("name") == "debug.echo");
  CHECK(activities[0].contains("input"));
  CHECK(node.get("/").json.at("links").at("runs") == "/api/v1/runs");
  CHECK_THAT(node.get("/", {{"Accept", "text/html"}}).text, Contains("<table>"));
  CHECK(node.get("/problems").json.at("items").size() > 20);
  CHECK(node.call("OPTIONS", "/api/v1/runs").headers.value("Allow") == "GET, HEAD, OPTIONS");
  CHECK(node.call("HEAD", "/healthz").status == 200);
}
