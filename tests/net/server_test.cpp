#include <catch2/catch.hpp>

#include "support.hpp"

using namespace sequent;
using namespace sequent::net;
using namespace sequent::net::test;
using Catch::Contains;
using Catch::StartsWith;

namespace {

const std::string close_get = "GET /echo?a=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

std::string answer_to(const TestServer& server, const std::string& bytes) {
  RawClient client{server.port()};
  client.send(bytes);
  return client.read_all();
}

}  // namespace

TEST_CASE("a request reaches its handler whole and its answer says its length", "[net]") {
  TestServer server;
  const std::string answer =
      answer_to(server,
                "POST /echo?q=%20 HTTP/1.1\r\nHost: x\r\nX-Two: 2\r\nConnection: close\r\n"
                "Content-Length: 5\r\n\r\nhello");
  CHECK_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  CHECK_THAT(answer, Contains("X-Method: POST\r\n"));
  CHECK_THAT(answer, Contains("X-Query: q=%20\r\n"));
  CHECK_THAT(answer, Contains("X-Got-X-Two: 2\r\n"));
  CHECK_THAT(answer, Contains("Content-Length: 5\r\nConnection: close\r\n\r\nhello"));
}

TEST_CASE("a chunked body arrives as one", "[net]") {
  TestServer server;
  const std::string answer =
      answer_to(server,
                "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  CHECK_THAT(answer, Contains("\r\n\r\nabcde"));
}

TEST_CASE("a connection is kept for the next request until one side says close", "[net]") {
  TestServer server;
  RawClient client{server.port()};
  for (int i = 0; i < 3; ++i) {
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nping");
    const std::string answer = client.read_until("ping");
    CHECK_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    CHECK_THAT(answer, !Contains("Connection: close"));
  }
  client.send(close_get);
  CHECK_THAT(client.read_all(), Contains("Connection: close\r\n"));
}

TEST_CASE("requests sent at once are answered in order", "[net]") {
  TestServer server;
  const std::string one = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n";
  const std::string answers = answer_to(server, one + "A" + one + "B" + close_get);
  CHECK(answers.find("\r\n\r\nA") < answers.find("\r\n\r\nB"));
  CHECK_THAT(answers, Contains("X-Query: a=1"));
}

TEST_CASE("HTTP/1.0 closes unless it asks to keep the connection", "[net]") {
  TestServer server;
  CHECK_THAT(answer_to(server, "GET /echo HTTP/1.0\r\n\r\n"), Contains("Connection: close\r\n"));
  RawClient client{server.port()};
  client.send("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK_THAT(client.read_until("\r\n\r\n"), Contains("Connection: keep-alive\r\n"));
}

TEST_CASE("HEAD is answered with the length of the body and without it", "[net]") {
  Handler handler = [](const ServerRequest&) -> asio::awaitable<HandlerResult> {
    HandlerResult result;
    result.response.body = "seven..";
    co_return result;
  };
  TestServer server{{}, handler};
  const std::string answer =
      answer_to(server, "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK_THAT(answer, Contains("Content-Length: 7\r\n"));
  CHECK_THAT(answer, Catch::EndsWith("\r\n\r\n"));
}

TEST_CASE("a body past its limit is refused with 413 before and while it arrives", "[net]") {
  ServerLimits limits;
  limits.max_body_bytes = 10;
  TestServer server{limits};
  const std::string head = "POST /echo HTTP/1.1\r\nHost: x\r\n";
  const auto request = GENERATE_COPY(
      head + "Content-Length: 11\r\n\r\n",
      head + "Content-Length: 3000000\r\n\r\n" + std::string(3'000'000, 'x'),
      head + "Transfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n8\r\n12345678\r\n0\r\n\r\n");
  RawClient client{server.port()};
  client.send(request);
  const std::string answer = client.read_until("bytes.");
  CHECK_THAT(answer, StartsWith("HTTP/1.1 413 "));
  CHECK_THAT(answer, Contains("limit of 10 bytes"));
  CHECK_THAT(answer, Contains("Connection: close"));
}

TEST_CASE("a body of exactly the limit is accepted", "[net]") {
  ServerLimits limits;
  limits.max_body_bytes = 300'000;
  TestServer server{limits};
  HttpClient client;
  const std::string body(300'000, 'y');
  const auto answer = fetch(client, post_request(server.url("/echo"), body));
  REQUIRE(answer);
  CHECK(answer->body == body);
}

TEST_CASE("a header past its limit is refused with 431", "[net]") {
  ServerLimits limits;
  limits.max_header_bytes = 1000;
  TestServer server{limits};
  RawClient client{server.port()};
  client.send("GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(2000, 'x') + "\r\n\r\n");
  CHECK_THAT(client.read_until("bytes."), StartsWith("HTTP/1.1 431 "));
}

TEST_CASE("a header or a body that does not arrive in time ends with 408", "[net]") {
  ServerLimits limits;
  limits.header_timeout_ms = 50;
  limits.body_timeout_ms = 60;
  TestServer server{limits};
  RawClient slow_head{server.port()};
  slow_head.send("GET / HTT");
  CHECK_THAT(slow_head.read_until("time."),
             Contains("408: Expected the header") && Contains("50 ms"));
  RawClient slow_body{server.port()};
  slow_body.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc");
  CHECK_THAT(slow_body.read_until("time."),
             Contains("408: Expected the body") && Contains("60 ms"));
}

TEST_CASE("a connection without a request is closed silently when its idle time is over", "[net]") {
  ServerLimits limits;
  limits.idle_timeout_ms = 60;
  limits.header_timeout_ms = 50;
  TestServer server{limits};
  CHECK(RawClient{server.port()}.read_all().empty());
  RawClient client{server.port()};
  client.send("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  CHECK(client.read_all().empty());
}

TEST_CASE("the connection past the limit is answered with 503 and the others go on", "[net]") {
  ServerLimits limits;
  limits.max_connections = 2;
  TestServer server{limits};
  RawClient first{server.port()};
  RawClient second{server.port()};
  for (RawClient* client : {&first, &second}) {
    client->send("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_THAT(client->read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  }
  CHECK(server.server->connections() == 2);
  RawClient third{server.port()};
  CHECK_THAT(third.read_until("shortly."), StartsWith("HTTP/1.1 503 "));
  first.send(close_get);
  CHECK_THAT(first.read_all(), StartsWith("HTTP/1.1 200"));
}

TEST_CASE("Expect: 100-continue is answered before the body is sent", "[net]") {
  TestServer server;
  RawClient client{server.port()};
  client.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  CHECK_THAT(client.read_until("body"), StartsWith("HTTP/1.1 200 OK"));
}

TEST_CASE("what is no HTTP request is answered with 400", "[net]") {
  TestServer server;
  const auto bytes = GENERATE(
      as<std::string>{}, "nonsense\r\n\r\n", "GET / HTTP/7.0\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nBad Name: 1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n");
  CAPTURE(bytes);
  RawClient client{server.port()};
  client.send(bytes);
  CHECK_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST_CASE("an exception in a handler is a 500 and the connection goes on", "[net]") {
  TestServer server;
  RawClient client{server.port()};
  client.send("GET /throw HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string answer = client.read_until("why.");
  CHECK_THAT(answer, StartsWith("HTTP/1.1 500 "));
  CHECK_THAT(answer, !Contains("on purpose"));
  client.send(close_get);
  CHECK_THAT(client.read_all(), StartsWith("HTTP/1.1 200"));
}

TEST_CASE("a line break in a header value cannot add a header", "[net]") {
  Handler handler = [](const ServerRequest&) -> asio::awaitable<HandlerResult> {
    HandlerResult result;
    result.response.headers.add("X-Evil", "a\r\nX-Added: b");
    co_return result;
  };
  TestServer server{{}, handler};
  CHECK_THAT(answer_to(server, close_get), Contains("X-Evil: a  X-Added: b\r\n"));
}

TEST_CASE("a port in use is an error that says what to do", "[net]") {
  TestServer server;
  HttpServer second{server.pool.get_executor(), route, plain_error};
  const auto listening = second.listen("127.0.0.1", server.port());
  REQUIRE_FALSE(listening);
  CHECK(listening.error().code == ErrorCode::unavailable);
  CHECK_THAT(listening.error().detail,
             Contains("port is in use") && Contains("127.0.0.1:" + std::to_string(server.port())));
  CHECK(second.listen("nowhere", 0).error().code == ErrorCode::invalid_request);
}

TEST_CASE("listen addresses are split into host and port", "[net]") {
  CHECK(*parse_listen_address("127.0.0.1:8233") ==
        std::pair{std::string("127.0.0.1"), std::uint16_t{8233}});
  CHECK(parse_listen_address("[::1]:80")->first == "::1");
  CHECK(parse_listen_address(":80")->first == "0.0.0.0");
  for (const char* text : {"", "80", "h:", "h:x", "h:70000", "::1:80", "h:80 "})
    CHECK_FALSE(parse_listen_address(text));
}

TEST_CASE("long bodies arrive whole over one connection, announced or in chunks", "[net]") {
  TestServer server;
  const std::string body = std::string(2'999'995, 'b') + "<end>";
  RawClient client{server.port()};
  for (int i = 0; i < 2; ++i) {
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2dc6c0\r\n" +
                body + "\r\n0\r\n\r\n");
    CHECK_THAT(client.read_until("<end>"), StartsWith("HTTP/1.1 200 OK"));
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n" + body);
    CHECK_THAT(client.read_until("<end>"), StartsWith("HTTP/1.1 200 OK"));
  }
}
