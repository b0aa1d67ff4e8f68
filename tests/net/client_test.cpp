#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "gate.hpp"
#include "support.hpp"

using namespace sequent::net;
using namespace sequent::net::test;
using Catch::Contains;
using Kind = TransportError::Kind;

TEST_CASE("method, headers and body arrive, and the answer comes back", "[net]") {
  TestServer server;
  HttpClient client;
  ClientRequest request = post_request(server.url("/echo?x=1"), std::string("a\0b", 3));
  request.method = GENERATE(as<std::string>{}, "POST", "PUT", "PATCH", "DELETE");
  request.headers.add("X-Mine", "yes");
  request.headers.add("X-Empty", "");
  const auto answer = fetch(client, request);
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body == std::string("a\0b", 3));
  CHECK(answer->headers.value("x-method") == request.method);
  CHECK(answer->headers.value("x-query") == "x=1");
  CHECK(answer->headers.value("x-got-x-mine") == "yes");
  CHECK(answer->headers.find("x-got-x-empty") != nullptr);
  CHECK(answer->headers.find("x-got-expect") == nullptr);
  CHECK(answer->headers.find("x-got-content-type") == nullptr);
  CHECK(answer->effective_url == request.url);
}

TEST_CASE("HEAD has no body, and an empty POST says length 0", "[net]") {
  TestServer server;
  HttpClient client;
  ClientRequest head = get_request(server.url("/echo"));
  head.method = "HEAD";
  CHECK(fetch(client, head)->headers.value("X-Method") == "HEAD");
  const auto empty = fetch(client, post_request(server.url("/echo"), ""));
  CHECK(empty->headers.value("X-Got-Content-Length") == "0");
}

TEST_CASE("connections are used again", "[net]") {
  TestServer server;
  HttpClient client;
  for (int i = 0; i < 20; ++i) REQUIRE(fetch(client, get_request(server.url("/echo"))));
  CHECK(server.server->connections() == 1);
}

TEST_CASE("two thousand requests to one host are under way at once", "[net]") {
  constexpr int requests = 2'000;
  rlimit files{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &files) == 0);
  files.rlim_cur = files.rlim_max;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &files) == 0);
  if (files.rlim_max < 2 * requests + 100) {
    WARN("skipped: this process may not open 4,100 files (ulimit -Hn)");
    return;
  }
  asio::thread_pool pool{1};
  Gate gate{pool};
  std::atomic<int> arrived = 0;
  // Nobody is answered before all are there.
  const auto hold = [&](const ServerRequest&) -> asio::awaitable<HandlerResult> {
    if (++arrived == requests) gate.open();
    auto waiting = gate.wait();
    co_await std::move(waiting);
    HandlerResult result;
    result.response.status = 200;
    co_return result;
  };
  TestServer server{ServerLimits{}, hold};
  HttpClient client;
  std::vector<std::future<ClientResult>> answers;
  answers.reserve(requests);
  for (int i = 0; i < requests; ++i)
    answers.push_back(
        asio::co_spawn(pool, client.send(get_request(server.url("/"))), asio::use_future));
  for (auto& answer : answers) {
    INFO(arrived << " requests have arrived");
    const auto got = get(std::move(answer));
    if (!got) FAIL(got.error().message);
    REQUIRE(got->status == 200);
  }
}

TEST_CASE("a refused connection and an unknown host were not sent", "[net]") {
  HttpClient client;
  std::string refused;
  {
    refused = RawServer([](tcp::socket&) {}).url();
  }
  const auto no_peer = fetch(client, post_request(refused, "x"));
  REQUIRE_FALSE(no_peer);
  CHECK(no_peer.error().kind == Kind::connect);
  CHECK_FALSE(no_peer.error().sent);
  CHECK_THAT(no_peer.error().message, Contains("127.0.0.1:"));
  const auto no_host = fetch(client, get_request("http://no-such-host.invalid/"));
  REQUIRE_FALSE(no_host);
  CHECK(no_host.error().kind == Kind::resolve);
  CHECK_FALSE(no_host.error().sent);
}

TEST_CASE("a peer that speaks no TLS is a tls error and nothing was sent", "[net]") {
  RawServer server{[](tcp::socket& socket) { write_text(socket, "HTTP/1.1 400 Bad\r\n\r\n"); }};
  HttpClient client;
  const auto answer = fetch(client, get_request("https" + server.url().substr(4)));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == Kind::tls);
  CHECK_FALSE(answer.error().sent);
}

TEST_CASE("a reset behind the request counts as sent", "[net]") {
  RawServer server{[](tcp::socket& socket) {
    read_head(socket);
    reset_socket(socket);
  }};
  HttpClient client;
  const auto answer = fetch(client, post_request(server.url(), "x"));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == Kind::receive);
  CHECK(answer.error().sent);
}

TEST_CASE("a reset before the request was read is an error, never an answer", "[net]") {
  RawServer server{[](tcp::socket& socket) { reset_socket(socket); }};
  HttpClient client;
  const auto answer = fetch(client, post_request(server.url(), "x"));
  REQUIRE_FALSE(answer);
  CHECK((answer.error().kind == Kind::receive || answer.error().kind == Kind::send ||
         answer.error().kind == Kind::connect));
}

TEST_CASE("an answer that stops half-way is a receive error", "[net]") {
  const auto text = GENERATE(
      as<std::string>{}, "", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "SSH-2.0-OpenSSH\r\n");
  CAPTURE(text);
  RawServer server{[text](tcp::socket& socket) {
    read_head(socket);
    write_text(socket, text);
    socket.close();
  }};
  HttpClient client;
  const auto answer = fetch(client, post_request(server.url(), "x"));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind != Kind::invalid);
  CHECK(answer.error().sent);
}

TEST_CASE("a peer that never answers, or only slowly, ends in a timeout that counts as sent",
          "[net]") {
  const auto text =
      GENERATE(as<std::string>{}, "", "HTTP/1.1 200 OK\r\nContent-L", "HTTP/1.1 200 OK\r\n\r\nabc");
  std::promise<void> release;
  auto released = release.get_future().share();
  RawServer server{[&](tcp::socket& socket) {
    read_head(socket);
    write_text(socket, text);
    released.wait_for(patience);
  }};
  HttpClient client;
  ClientRequest request = post_request(server.url(), "x");
  request.timeout_ms = 150;
  const auto answer = fetch(client, request);
  release.set_value();
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == Kind::timeout);
  CHECK(answer.error().sent);
}

TEST_CASE("an HTML error page is an answer like any other", "[net]") {
  RawServer server{[](tcp::socket& socket) {
    read_head(socket);
    write_text(socket,
               "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 13\r\n"
               "Connection: close\r\n\r\n<html></html>");
  }};
  HttpClient client;
  const auto answer = fetch(client, get_request(server.url()));
  REQUIRE(answer);
  CHECK(answer->status == 502);
  CHECK(answer->headers.value("content-type") == "text/html");
  CHECK(answer->body == "<html></html>");
}

TEST_CASE("an answer past the limit is cut off, announced or not", "[net]") {
  const bool announced = GENERATE(true, false);
  RawServer server{[announced](tcp::socket& socket) {
    read_head(socket);
    const std::string length =
        announced ? "Content-Length: 104857600\r\n" : "Connection: close\r\n";
    write_text(socket, "HTTP/1.1 200 OK\r\n" + length + "\r\n");
    const std::string piece(1 << 20, 'x');
    boost::system::error_code error;
    for (int i = 0; i < 100 && !error; ++i) asio::write(socket, asio::buffer(piece), error);
  }};
  HttpClient client;
  const auto answer = fetch(client, get_request(server.url()));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == Kind::too_large);
  CHECK(answer.error().sent);
  CHECK_THAT(answer.error().message, Contains("8388608"));
}

TEST_CASE("a header without end is cut off", "[net]") {
  RawServer server{[](tcp::socket& socket) {
    read_head(socket);
    write_text(socket, "HTTP/1.1 200 OK\r\n");
    const std::string line = "X-More: " + std::string(1000, 'x') + "\r\n";
    boost::system::error_code error;
    for (int i = 0; i < 100'000 && !error; ++i) asio::write(socket, asio::buffer(line), error);
  }};
  HttpClient client;
  const auto answer = fetch(client, get_request(server.url()));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == Kind::too_large);
}

TEST_CASE("a request that cannot be sent is invalid and was not sent", "[net]") {
  HttpClient client;
  ClientRequest request = get_request("http://127.0.0.1:1/");
  SECTION("no URL") {
    request.url = "not a url";
  }
  SECTION("a scheme that is not ours") {
    request.url = "file:///etc/hostname";
  }
  SECTION("a line break in a header") {
    request.headers.add("X", "a\r\nHost: evil");
  }
  SECTION("a line break in the method") {
    request.method = "GET / HTTP/1.1\r\nX:";
  }
  const auto answer = fetch(client, request);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == Kind::invalid);
  CHECK_FALSE(answer.error().sent);
}

TEST_CASE("the environment's proxy is never used", "[net]") {
  TestServer server;
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  HttpClient client;
  const auto answer = fetch(client, get_request(server.url("/echo")));
  unsetenv("http_proxy");
  CHECK(answer);
}

TEST_CASE("basic credentials are sent, AWS requests are signed", "[net]") {
  TestServer server;
  HttpClient client;
  ClientRequest request = post_request(server.url("/echo"), "{}");
  request.basic_auth = std::pair{"user", "pass"};
  CHECK(fetch(client, request)->headers.value("X-Got-Authorization") == "Basic dXNlcjpwYXNz");
  request.aws_sigv4 = "aws:amz:us-east-1:metering.marketplace";
  const auto signed_answer = fetch(client, request);
  CHECK_THAT(signed_answer->headers.value("X-Got-Authorization"),
             Catch::StartsWith("AWS4-HMAC-SHA256 Credential=user/") &&
                 Contains("/us-east-1/metering.marketplace/aws4_request"));
  CHECK_FALSE(signed_answer->headers.value("X-Got-X-Amz-Date").empty());
}

TEST_CASE("a digest challenge is answered and only the last answer is kept", "[net]") {
  Handler handler = [](const ServerRequest& request) -> asio::awaitable<HandlerResult> {
    HandlerResult result;
    const std::string given = request.headers.value("Authorization");
    if (given.find("username=\"u\"") == std::string::npos) {
      result.response.status = 401;
      result.response.headers.add("WWW-Authenticate",
                                  "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=MD5");
      result.response.body = "challenge";
    } else {
      result.response.body = "welcome " + request.body;
    }
    co_return result;
  };
  TestServer server{{}, handler};
  HttpClient client;
  ClientRequest request = post_request(server.url("/"), "me");
  request.digest_auth = std::pair{"u", "p"};
  const auto answer = fetch(client, request);
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body == "welcome me");
  CHECK(answer->headers.find("WWW-Authenticate") == nullptr);
}

TEST_CASE("a request that must not be repeated has a connection of its own", "[net]") {
  // Every connection stays open, but only its first request is answered.
  std::vector<int> kept;
  {
    RawServer server([&](tcp::socket& socket) {
      read_head(socket);
      write_text(socket, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      kept.push_back(socket.release());
    });
    HttpClient client;
    REQUIRE(fetch(client, get_request(server.url())));
    ClientRequest once = post_request(server.url(), "x");
    once.fresh_connection = true;
    for (int i = 0; i < 3; ++i) CHECK(fetch(client, once));
    CHECK(server.accepted() == 4);
  }
  for (const int socket : kept) ::close(socket);
}
