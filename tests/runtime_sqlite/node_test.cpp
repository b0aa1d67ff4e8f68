// A node with its real threads and timers over a real file.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>
#include <iostream>

#include "engine/runtime/engine.hpp"
#include "engine/runtime/system_clock.hpp"
#include "persistence/sqlite/sqlite_store.hpp"
#include "tests/runtime_sqlite/folder.hpp"

using namespace sequent;
using sequent::testing::Folder;

namespace {

namespace asio = boost::asio;

class Echo final : public runtime::Activity {
 public:
  Echo() {
    spec_.name = "test.echo";
    spec_.version = "1";
    spec_.provider = "test";
    spec_.idempotent = true;
  }
  [[nodiscard]] const runtime::ActivitySpec& spec() const override { return spec_; }
  asio::awaitable<runtime::ActivityResult> run(runtime::Attempt, Json input) override {
    co_return input;
  }

 private:
  runtime::ActivitySpec spec_;
};

const std::string five_steps = R"(
document: {dsl: 1.0.3, namespace: test, name: five, version: 1.0.0}
do:
  - one: {call: test.echo, with: {n: "${ .n + 1 }"}}
  - two: {call: test.echo, with: {n: "${ .n + 1 }"}}
  - three: {call: test.echo, with: {n: "${ .n + 1 }"}}
  - four: {call: test.echo, with: {n: "${ .n + 1 }"}}
  - five: {call: test.echo, with: {n: "${ .n + 1 }"}}
)";

const std::string nap = R"(
document: {dsl: 1.0.3, namespace: test, name: nap, version: 1.0.0}
do:
  - sleep: {wait: {milliseconds: 300}}
  - one: {call: test.echo, with: {n: 1}}
)";

// One process's life: threads, store, engine; its end is a crash unless stop() was called.
class Node {
 public:
  explicit Node(const Folder& folder) {
    persistence::SqliteOptions options;
    options.directory = folder.path.string();
    auto opened = persistence::SqliteStore::open(options);
    REQUIRE(opened.has_value());
    store_ = std::move(*opened);
    registry_.add(std::make_unique<Echo>());
    for (int i = 0; i < 2; ++i)
      asio::post(threads_, [this] {
        const auto work = asio::make_work_guard(io_);
        io_.run();
      });
    engine = std::make_unique<runtime::Engine>(
        runtime::EngineConfig{}, runtime::Ports{*store_, *store_, *store_, clock_, registry_},
        io_.get_executor());
    const auto started = engine->start();
    REQUIRE(started.has_value());
  }
  ~Node() {
    engine.reset();
    io_.stop();
    threads_.join();
  }
  template <class T>
  std::future<T> begin(asio::awaitable<T> call) {
    return asio::co_spawn(io_, std::move(call), asio::use_future);
  }
  template <class T>
  T get(asio::awaitable<T> call) {
    auto future = begin(std::move(call));
    REQUIRE(future.wait_for(std::chrono::seconds(60)) == std::future_status::ready);
    return future.get();
  }
  runtime::StartRequest request(const std::string& name) {
    runtime::StartRequest start;
    start.workflow.workflow_namespace = "test";
    start.workflow.name = name;
    start.input = Json{{"n", 0}};
    return start;
  }
  std::unique_ptr<runtime::Engine> engine;

 private:
  asio::io_context io_;
  asio::thread_pool threads_{2};
  runtime::SystemClock clock_;
  runtime::ActivityRegistry registry_;
  std::unique_ptr<persistence::SqliteStore> store_;
};

}  // namespace

TEST_CASE("runs on real threads and a real file all end with the right result", "[runtime]") {
  constexpr int runs = 500;
  const Folder folder;
  Node node{folder};
  REQUIRE(node.get(node.engine->deploy(five_steps, "five.yaml")).has_value());
  std::vector<std::future<Result<runtime::Started>>> starts;
  const auto began = runtime::SystemClock{}.now();
  for (int i = 0; i < runs; ++i)
    starts.push_back(node.begin(node.engine->start_run(node.request("five"))));
  for (auto& start : starts) {
    const auto started = start.get();
    REQUIRE(started.has_value());
    const auto result = node.get(node.engine->wait(started->id, runtime::Until::ended, 60'000));
    REQUIRE(result.has_value());
    CHECK(result->status == machine::Status::completed);
    CHECK(*result->response == Json{{"n", 5}});
  }
  const auto took = runtime::SystemClock{}.now() - began;
  std::cout << runs << " runs of five steps in " << took << " ms, " << node.engine->stats().commits
            << " commits\n";
  CHECK(node.engine->stats().completed == runs);
}

TEST_CASE("a crash and a restart lose no run that sleeps", "[runtime]") {
  constexpr int runs = 50;
  const Folder folder;
  std::vector<InstanceId> ids;
  {
    Node node{folder};
    REQUIRE(node.get(node.engine->deploy(nap, "nap.yaml")).has_value());
    for (int i = 0; i < runs; ++i) {
      const auto started = node.get(node.engine->start_run(node.request("nap")));
      REQUIRE(started.has_value());
      ids.push_back(started->id);
    }
  }
  Node node{folder};
  for (const auto& id : ids) {
    const auto result = node.get(node.engine->wait(id, runtime::Until::ended, 60'000));
    REQUIRE(result.has_value());
    CHECK(result->status == machine::Status::completed);
  }
}

TEST_CASE("a node that stops gives its leases back and another takes them", "[runtime]") {
  const Folder folder;
  {
    Node node{folder};
    auto stop = [](runtime::Engine& engine) -> asio::awaitable<bool> {
      co_await engine.stop(1'000);
      co_return true;
    };
    CHECK(node.get(stop(*node.engine)));
  }
  Node node{folder};
  CHECK(node.engine->health() == runtime::Health::ready);
}
