#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

namespace sequent::repair {

/// Runs blocking `f` on `pool`; the caller resumes on its own executor. Exceptions pass through.
template <class F>
auto on_pool(boost::asio::thread_pool& pool, F f)
    -> boost::asio::awaitable<std::invoke_result_t<F&>> {
  std::optional<std::invoke_result_t<F&>> out;
  auto body = [&]() -> boost::asio::awaitable<void> {
    out.emplace(f());
    co_return;
  };
  co_await boost::asio::co_spawn(pool, std::move(body), boost::asio::use_awaitable);
  co_return std::move(*out);
}

}  // namespace sequent::repair
