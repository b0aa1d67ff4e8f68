// Streams, shutting down and cancelling: what happens when one side leaves early.
#include <catch2/catch.hpp>

#include "gate.hpp"

using namespace sequent::net;
using namespace sequent::net::test;
using Catch::Contains;
using Kind = TransportError::Kind;

namespace {

/// A handler that reports that it runs and then waits at the gate.
struct GatedServer {
  explicit GatedServer(ServerLimits limits = {}) : server(limits, handler()) {}

  Handler handler() {
    return [this](const ServerRequest&) -> asio::awaitable<HandlerResult> {
      entered.set_value();
      co_await gate.wait();
      HandlerResult result;
      result.response.body = "done";
      co_return result;
    };
  }
  asio::thread_pool gate_pool{1};
  Gate gate{gate_pool};
  std::promise<void> entered;
  TestServer server;
};

}  // namespace

TEST_CASE("stop waits for the request in flight and takes no new connection", "[net]") {
  GatedServer gated;
  RawClient idle{gated.server.port()};
  RawClient client{gated.server.port()};
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  get(gated.entered.get_future());
  auto stopped = asio::co_spawn(gated.server.pool, gated.server.server->stop(), asio::use_future);
  CHECK(idle.read_all().empty());  // idle connections end at once
  CHECK_THROWS(RawClient{gated.server.port()});
  CHECK(stopped.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  gated.gate.open();
  CHECK_THAT(client.read_until("done"), Contains("Connection: close"));
  client.close();
  get(std::move(stopped));
  CHECK(gated.server.server->connections() == 0);
}

TEST_CASE("stop aborts what does not end within the drain limit", "[net]") {
  ServerLimits limits;
  limits.drain_timeout_ms = 50;
  GatedServer gated{limits};
  RawClient client{gated.server.port()};
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  get(gated.entered.get_future());
  gated.server.stop();  // the gate stays shut: the handler itself is cancelled
  CHECK(gated.server.server->connections() == 0);
  CHECK(client.read_all().empty());
}

TEST_CASE("a stream arrives chunk by chunk and ends with its mark", "[net]") {
  Handler handler = [](const ServerRequest&) -> asio::awaitable<HandlerResult> {
    HandlerResult result;
    result.response.headers.add("Content-Type", "text/event-stream");
    result.stream = [](ResponseStream& stream) -> asio::awaitable<void> {
      std::string first = "data: 1\n\n";
      std::string empty;
      std::string second(3'000'000, 'x');
      co_await stream.write(std::move(first));
      co_await stream.write(std::move(empty));
      co_await stream.write(std::move(second));
    };
    co_return result;
  };
  TestServer server{{}, handler};
  HttpClient client;
  const auto answer = fetch(client, get_request(server.url("/")));
  REQUIRE(answer);
  CHECK(answer->headers.value("Transfer-Encoding") == "chunked");
  CHECK(answer->body == "data: 1\n\n" + std::string(3'000'000, 'x'));
  RawClient old{server.port()};
  old.send("GET / HTTP/1.0\r\n\r\n");
  const std::string bare = old.read_all();
  CHECK_THAT(bare, Contains("\r\n\r\ndata: 1\n\nxxx"));
  CHECK_THAT(bare, !Contains("chunked"));
}

TEST_CASE("a stream whose handler fails is visibly cut off", "[net]") {
  Handler handler = [](const ServerRequest&) -> asio::awaitable<HandlerResult> {
    HandlerResult result;
    result.stream = [](ResponseStream& stream) -> asio::awaitable<void> {
      std::string first = "half";
      co_await stream.write(std::move(first));
      throw std::runtime_error("on purpose");
    };
    co_return result;
  };
  TestServer server{{}, handler};
  HttpClient client;
  const auto answer = fetch(client, get_request(server.url("/")));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == Kind::receive);
}

TEST_CASE("a stream learns that its peer has left or that the server stops", "[net]") {
  const bool peer_leaves = GENERATE(true, false);
  std::promise<bool> ended;
  Handler handler = [&ended](const ServerRequest&) -> asio::awaitable<HandlerResult> {
    HandlerResult result;
    result.stream = [&ended](ResponseStream& stream) -> asio::awaitable<void> {
      std::string hello = "hello";
      bool more = co_await stream.write(std::move(hello));
      asio::steady_timer timer{co_await asio::this_coro::executor};
      while (more && !stream.closed()) {  // a live view with nothing to say
        timer.expires_after(std::chrono::milliseconds(1));
        co_await timer.async_wait(asio::use_awaitable);
      }
      ended.set_value(stream.closed());
    };
    co_return result;
  };
  TestServer server{{}, handler};
  RawClient client{server.port()};
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK_THAT(client.read_until("hello"), Contains("Transfer-Encoding: chunked"));
  if (peer_leaves) {
    client.reset();
    CHECK(get(ended.get_future()));
  } else {
    server.stop();
    CHECK(get(ended.get_future()));
    CHECK_THAT(client.read_all(), Catch::EndsWith("0\r\n\r\n"));
  }
}

TEST_CASE("a slow reader gets a large answer whole", "[net]") {
  const std::string large(20'000'000, 'z');
  Handler handler = [&large](const ServerRequest&) -> asio::awaitable<HandlerResult> {
    HandlerResult result;
    result.response.body = large;
    co_return result;
  };
  TestServer server{{}, handler};
  RawClient client{server.port()};
  client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answer = client.read_all();
  CHECK(answer.size() - answer.find("\r\n\r\n") - 4 == large.size());
}

TEST_CASE("two thousand requests wait at once and all are answered", "[net]") {
  const int count = 2'000;
  TestServer server;
  ClientLimits limits;
  limits.max_connections_per_host = GENERATE(512, 2'500);
  limits.threads = GENERATE(1, 3);
  HttpClient client{limits};
  std::promise<void> all;
  std::atomic<int> left{count};
  std::atomic<int> good{0};
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) {
    client.send(get_request(server.url("/slow?ms=50")), asio::system_executor(),
                [&](const ClientResult& result) {
                  if (result && result->status == 200 && result->body == "late") ++good;
                  if (--left == 0) all.set_value();
                });
  }
  get(all.get_future());
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(good == count);
  CHECK(client.in_flight() == 0);
  // One after the other they would take 100 s.
  CHECK(took < std::chrono::seconds(10));
}

TEST_CASE("requests past the limit in flight fail at once and were not sent", "[net]") {
  GatedServer gated;
  ClientLimits limits;
  limits.max_in_flight = 1;
  HttpClient client{limits};
  std::promise<ClientResult> first;
  client.send(get_request(gated.server.url("/")), asio::system_executor(),
              [&](ClientResult result) { first.set_value(std::move(result)); });
  get(gated.entered.get_future());
  const auto second = fetch(client, get_request(gated.server.url("/")));
  REQUIRE_FALSE(second);
  CHECK_FALSE(second.error().sent);
  gated.gate.open();
  CHECK(get(first.get_future())->body == "done");
}

TEST_CASE("cancelling the waiting coroutine aborts its transfer", "[net]") {
  GatedServer gated;
  ClientLimits limits;
  limits.threads = GENERATE(1, 3);
  HttpClient client{limits};
  asio::thread_pool pool{1};
  asio::cancellation_signal signal;
  ClientRequest request = get_request(gated.server.url("/"));
  auto answer = asio::co_spawn(pool, client.send(request),
                               asio::bind_cancellation_slot(signal.slot(), asio::use_future));
  get(gated.entered.get_future());
  CHECK(client.in_flight() == 1);
  asio::post(pool, [&signal] { signal.emit(asio::cancellation_type::terminal); });
  const ClientResult result = get(std::move(answer));
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::cancelled);
  CHECK(result.error().sent);
  CHECK(client.in_flight() == 0);
  gated.gate.open();
  pool.join();
}

TEST_CASE("the awaited form resumes on the executor of its coroutine", "[net]") {
  TestServer server;
  HttpClient client;
  asio::thread_pool pool{1};
  auto same_thread = [&]() -> asio::awaitable<bool> {
    const auto before = std::this_thread::get_id();
    ClientRequest request = post_request(server.url("/echo"), "x");
    const ClientResult result = co_await client.send(std::move(request));
    co_return result && result->body == "x" && before == std::this_thread::get_id();
  };
  CHECK(get(asio::co_spawn(pool, same_thread, asio::use_future)));
  pool.join();
}

TEST_CASE("destroying the client ends its requests as cancelled", "[net]") {
  GatedServer gated;
  ClientLimits limits;
  limits.threads = GENERATE(1, 3);
  auto client = std::make_unique<HttpClient>(limits);
  std::promise<ClientResult> ended;
  client->send(get_request(gated.server.url("/")), asio::system_executor(),
               [&](ClientResult result) { ended.set_value(std::move(result)); });
  get(gated.entered.get_future());
  client.reset();
  const ClientResult result = get(ended.get_future());
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::cancelled);
  gated.gate.open();
}
