#include <catch2/catch.hpp>

#include "support.hpp"

using namespace sequent::net;
using namespace sequent::net::test;

namespace {

/// Every path but /echo redirects: to the query "to=…" with the status of "as=…".
asio::awaitable<HandlerResult> redirecting(const ServerRequest& request) {
  if (request.path == "/echo") co_return co_await route(request);
  HandlerResult result;
  for (const auto& [name, value] : parse_query(request.query)) {
    if (name == "to") result.response.headers.add("Location", value);
    if (name == "as") result.response.status = std::stoi(value);
  }
  co_return result;
}

ClientRequest following(ClientRequest request) {
  request.follow_redirects = true;
  request.basic_auth = std::pair{"u", "p"};
  request.headers.add("X-Api-Key", "secret");
  request.headers.add("Accept", "text/plain");
  return request;
}

}  // namespace

TEST_CASE("a redirect is an answer unless following was asked for", "[net]") {
  TestServer server{{}, redirecting};
  HttpClient client;
  const auto answer = fetch(client, get_request(server.url("/?as=302&to=/echo")));
  REQUIRE(answer);
  CHECK(answer->status == 302);
  CHECK(answer->headers.value("Location") == "/echo");
}

TEST_CASE("on the same host a redirect keeps credentials, and 307 keeps method and body", "[net]") {
  TestServer server{{}, redirecting};
  HttpClient client;
  const auto kept = fetch(client, following(post_request(server.url("/?as=307&to=/echo"), "b")));
  REQUIRE(kept);
  CHECK(kept->status == 200);
  CHECK(kept->headers.value("X-Method") == "POST");
  CHECK(kept->body == "b");
  CHECK(kept->headers.value("X-Got-X-Api-Key") == "secret");
  CHECK(kept->headers.find("X-Got-Authorization") != nullptr);
  CHECK(kept->effective_url == server.url("/echo"));
  const auto turned = fetch(client, following(post_request(server.url("/?as=303&to=/echo"), "b")));
  REQUIRE(turned);
  CHECK(turned->headers.value("X-Method") == "GET");
  CHECK(turned->body.empty());
}

TEST_CASE("another host gets neither credentials nor private headers", "[net]") {
  TestServer other{{}, redirecting};
  TestServer server{{}, redirecting};
  HttpClient client;
  const std::string to = percent_encode(other.url("/echo"));
  const auto answer = fetch(client, following(get_request(server.url("/?as=302&to=" + to))));
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->headers.find("X-Got-Authorization") == nullptr);
  CHECK(answer->headers.find("X-Got-X-Api-Key") == nullptr);
  CHECK(answer->headers.value("X-Got-Accept") == "text/plain");
}

TEST_CASE("after five redirects the next one is the answer", "[net]") {
  TestServer server{{}, redirecting};
  HttpClient client;
  Handler again = [](const ServerRequest& request) -> asio::awaitable<HandlerResult> {
    HandlerResult result;
    result.response.status = 302;
    result.response.headers.add("Location", request.path + "x");
    co_return result;
  };
  TestServer endless{{}, again};
  const auto answer = fetch(client, following(get_request(endless.url("/"))));
  REQUIRE(answer);
  CHECK(answer->status == 302);
  CHECK(answer->effective_url == endless.url("/xxxxx"));
}

TEST_CASE("a redirect out of HTTP is refused, and the request counts as sent", "[net]") {
  TestServer server{{}, redirecting};
  HttpClient client;
  const auto answer =
      fetch(client, following(get_request(server.url("/?as=302&to=file:///etc/hostname"))));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().sent);
}
