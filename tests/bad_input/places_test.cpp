// What stands in the way around the engine: a full disk, a store or a port that somebody else has.
#include <sys/resource.h>

#include <catch2/catch.hpp>

#include "tests/bad_input/support.hpp"

namespace sequent::bad_input {
namespace {

using Catch::Contains;

const std::string pay = "  - pay: {call: debug.echo, with: {order: '${ .order }'}}\n";
const std::string pay_runs = "/api/v1/workflows/test/pay/runs";

constexpr rlim_t no_room = 8'192;  // every place that a commit writes to lies behind

/// Room for every file that another process of this user writes; what cannot be set is said.
bool limit_files(int pid, rlim_t bytes) {
  rlimit limit{};
  if (::prlimit(pid, RLIMIT_FSIZE, nullptr, &limit) != 0) return false;
  limit.rlim_cur = std::min(bytes, limit.rlim_max);
  return ::prlimit(pid, RLIMIT_FSIZE, &limit, nullptr) == 0;
}

// A node looks again by itself, so what it says of itself changes between two questions.
void await_readiness(Engine& engine, const std::string& status,
                     const std::function<void()>& each_time) {
  const auto until = std::chrono::steady_clock::now() + cli::test::patience;
  std::string now;
  while (now != status && std::chrono::steady_clock::now() < until) {
    each_time();
    now = text_of(engine.get("/readyz").json, "status");
  }
  CHECK(now == status);
}

std::string order(int number) {
  return Json{{"order", number}}.dump();
}

// Goal: a disk without room is an answer, not an accident. Method: the engine may not write past the
// first bytes of a file (as `ulimit -f` and a quota have it), so that the next commit fails half-way.
TEST_CASE("a full disk: 503, nothing half-written, and on with it when there is room",
          "[bad-input]") {
  const Folder folder;
  std::vector<std::string> ids;
  {
    Engine engine{folder};
    engine.deploy("pay", pay, "", "key: .order");
    REQUIRE(engine.run("pay", order(0)).status == 200);
    if (!limit_files(engine.pid(), no_room)) {
      WARN("skipped: a full disk (this machine does not let a user limit the files of a process)");
      return;
    }
    for (int number = 1; number <= 3; ++number) {
      const auto refused = engine.run("pay", order(number));
      check_refusal(engine, refused, 503, "unavailable", "free some space");
      CHECK_FALSE(refused.headers.value("Retry-After").empty());
    }
    CHECK(engine.get("/healthz").status == 200);
    await_readiness(engine, "degraded", [&] { engine.run("pay", order(1)); });
    CHECK(engine.get("/api/v1/runs").json.at("items").size() == 1);
    check_refusal(engine,
                  engine.call("POST", "/api/v1/events",
                              R"({"specversion":"1.0","id":"1","source":"s","type":"t"})",
                              {{"Content-Type", "application/cloudevents+json"}}),
                  503, "unavailable", "free some space");

    REQUIRE(limit_files(engine.pid(), RLIM_INFINITY));
    for (int number = 1; number <= 3; ++number) {
      Answer answer;
      const auto until = std::chrono::steady_clock::now() + cli::test::patience;
      do {
        answer = engine.run("pay", order(number));
      } while (answer.status == 503 && std::chrono::steady_clock::now() < until);
      CAPTURE(answer.text);
      REQUIRE(answer.status == 200);
      CHECK(answer.headers.value("Idempotency-Replayed").empty());  // the refused one left nothing
      CHECK(answer.json.at("output").at("order") == number);
      ids.push_back(text_of(answer.json, "id"));
    }
    await_readiness(engine, "ready", [] {});
    CHECK(engine.get("/api/v1/runs").json.at("items").size() == 4);
    CHECK(engine.stop() == 0);
  }
  Engine engine{folder};  // and the store is whole
  for (const auto& id : ids)
    CHECK(engine.get("/api/v1/runs/" + id).json.at("status") == "completed");
  CHECK(engine.get("/api/v1/runs").json.at("items").size() == 4);
  CHECK(engine.stop() == 0);
}

TEST_CASE("a store that another process holds", "[bad-input]") {
  const Folder folder;
  Engine engine{folder};
  const auto second = sequent({"serve", "--data", folder.path("data"), "--listen", "127.0.0.1:0"});
  CHECK(second.code == 1);
  CHECK_THAT(second.error, Contains("in use by pid " + std::to_string(engine.pid())));
  CHECK_THAT(second.error, Contains("stop that one, choose another data directory"));
  CHECK(engine.get("/readyz").json.at("status") == "ready");
  CHECK(engine.stop() == 0);
}

TEST_CASE("a data directory that is none, and a store of somebody else", "[bad-input]") {
  const Folder folder;
  const auto file = folder.file("data", "a file");
  const auto outcome = sequent({"serve", "--data", file, "--listen", "127.0.0.1:0"});
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.error, Contains(file));
  static_cast<void>(folder.file("other/sequent.db", std::string(8'192, 'x')));
  const auto foreign =
      sequent({"serve", "--data", folder.path("other"), "--listen", "127.0.0.1:0"});
  CHECK(foreign.code == 1);
  CHECK_THAT(foreign.error, Contains("sequent.db") && Contains("restore it"));
}

TEST_CASE("a port in use", "[bad-input]") {
  const Folder folder, other;
  Engine engine{folder};
  const auto second =
      sequent({"serve", "--data", other.path("data"), "--listen", engine.address()});
  CHECK(second.code == 1);
  CHECK_THAT(second.error, Contains("Cannot listen on " + engine.address()));
  CHECK_THAT(second.error, Contains("`ss -ltnp` names it") && Contains("choose another port"));
  CHECK(engine.stop() == 0);
}

}  // namespace
}  // namespace sequent::bad_input
