#pragma once
#include "support.hpp"

namespace sequent::net::test {

/// Coroutines wait here until the test opens it.
class Gate {
 public:
  explicit Gate(asio::thread_pool& pool)
      : timer_(asio::make_strand(pool), asio::steady_timer::time_point::max()) {}

  asio::awaitable<void> wait() {
    asio::any_io_executor own_strand = timer_.get_executor();
    asio::awaitable<void> waiting = wait_here();
    co_await asio::co_spawn(own_strand, std::move(waiting), asio::use_awaitable);
  }
  void open() {
    asio::post(timer_.get_executor(),
               [this] { timer_.expires_at(asio::steady_timer::time_point::min()); });
  }

 private:
  asio::awaitable<void> wait_here() {
    constexpr auto token = asio::as_tuple(asio::use_awaitable);
    co_await timer_.async_wait(token);
  }
  asio::steady_timer timer_;
};

}  // namespace sequent::net::test
