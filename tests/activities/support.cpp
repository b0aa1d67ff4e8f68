#include "tests/activities/support.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>

namespace sequent::tests {

namespace asio = boost::asio;

namespace {

asio::awaitable<net::HandlerResult> reply(const Answer& answer, const net::ServerRequest& request) {
  const auto response = answer(request);
  net::HandlerResult result;
  if (response) {
    result.response = *response;
    co_return result;
  }
  // Longer than any time limit of a test's request; the destructor of the loop ends it.
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer silence(executor, std::chrono::seconds(60));
  co_await silence.async_wait(asio::use_awaitable);
  co_return result;
}

net::ServerResponse server_error(int status, std::string detail) {
  return text_response(status, "text/plain", std::move(detail));
}

}  // namespace

net::ServerResponse text_response(int status, std::string type, std::string body) {
  net::ServerResponse response;
  response.status = status;
  response.headers.set("Content-Type", std::move(type));
  response.body = std::move(body);
  return response;
}

net::ServerResponse json_response(int status, const Json& body) {
  return text_response(status, "application/json", dump_json(body));
}

Answer always(net::ServerResponse response) {
  return [response](const net::ServerRequest&) { return response; };
}

Bench::Bench() = default;
Bench::~Bench() = default;

std::string Bench::serve(Answer answer) {
  const auto shared = std::make_shared<Answer>(std::move(answer));
  const auto handler = [this, shared](const net::ServerRequest& request) {
    requests_.push_back(request);
    return reply(*shared, request);
  };
  servers_.push_back(std::make_unique<net::HttpServer>(io_.get_executor(), handler, server_error));
  const auto listening = servers_.back()->listen("127.0.0.1", 0);
  REQUIRE(listening.has_value());
  return "http://127.0.0.1:" + std::to_string(servers_.back()->port());
}

runtime::Attempt first_attempt() {
  runtime::Attempt attempt;
  attempt.instance = InstanceId::make(noon, 7, 3);
  attempt.workflow = "billing/test:1.0.0";
  attempt.task = "/do/0/call";
  attempt.idempotency_key = "key-1";
  attempt.now = noon;
  attempt.first_sent_at = noon;
  attempt.timeout_ms = 10'000;
  return attempt;
}

}  // namespace sequent::tests
