#include "bench/workloads/answers.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <cstdio>
#include <future>

#include "bench/workloads/node.hpp"

namespace sequent::bench {
namespace {

namespace asio = boost::asio;

net::ServerResponse error_body(int status, std::string detail) {
  net::ServerResponse response;
  response.status = status;
  response.body = std::move(detail);
  return response;
}

}  // namespace

Answers::Answers(int delay_ms) : delay_ms_(delay_ms) {
  auto handler = [this](const net::ServerRequest& request) { return answer(request); };
  server_ = std::make_unique<net::HttpServer>(pool_.get_executor(), std::move(handler), error_body);
  if (const auto listening = server_->listen("127.0.0.1", 0); !listening)
    give_up(listening.error().detail);
}

Answers::~Answers() {
  asio::co_spawn(pool_, server_->stop(), asio::use_future).get();
  pool_.join();
}

std::uint16_t Answers::port() const {
  return server_->port();
}

Answers::Counts Answers::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void Answers::remember(const std::string& name, const std::string& key) {
  const std::lock_guard lock(mutex_);
  ++counts_.calls;
  const auto [known, fresh] = keys_.try_emplace(name, key);
  if (fresh && name.ends_with("-2")) ++counts_.second;
  if (fresh) return;
  ++counts_.repeated;
  if (known->second != key) ++counts_.other_key;
}

asio::awaitable<net::HandlerResult> Answers::answer(const net::ServerRequest& request) {
  remember(request.path, request.headers.value("Idempotency-Key"));
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, std::chrono::milliseconds(delay_ms_));
  co_await timer.async_wait(asio::use_awaitable);
  net::HandlerResult result;
  result.response.headers.add("Content-Type", "application/json");
  result.response.body = "{\"payload\":\"" + std::string(180, 'y') + "\"}";
  co_return result;
}

int serve_answers(int delay_ms) {
  const Answers answers(delay_ms);
  std::printf("%u\n", static_cast<unsigned>(answers.port()));
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}

}  // namespace sequent::bench
