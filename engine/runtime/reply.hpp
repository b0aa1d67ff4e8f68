#pragma once
// How a coroutine waits for a strand that is not its own: it hands over a reply, and resumes on its
// own executor when somebody calls it.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "base/error.hpp"
#include "engine/runtime/parts.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::runtime {

/// Called at most once, from any thread; dropping it uncalled ends the waiting coroutine.
template <class T>
using Reply = std::move_only_function<void(T)>;

/// Calls `begin` with a reply and resumes the caller with what the reply was given.
template <class T, class Begin>
[[nodiscard]] boost::asio::awaitable<T> ask(Begin begin) {
  auto initiate = [](auto handler, Begin start) {
    auto shared = std::make_shared<std::decay_t<decltype(handler)>>(std::move(handler));
    auto work = boost::asio::make_work_guard(boost::asio::get_associated_executor(*shared));
    start(Reply<T>([shared, work](T value) mutable {
      auto resume = [shared, held = std::move(value)]() mutable { (*shared)(std::move(held)); };
      boost::asio::post(work.get_executor(), std::move(resume));
    }));
  };
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(T)>(
      initiate, boost::asio::use_awaitable, std::move(begin));
}

/// What a broken store means to a caller.
[[nodiscard]] inline Error unavailable(const std::string& why, bool full) {
  Error error;
  error.code = ErrorCode::unavailable;
  error.detail = full ? "The store has no room left (" + why + "): free some space, then try again."
                      : "The store can't do its work now (" + why + "): try again.";
  error.retry_after_seconds = full ? 5 : 1;
  return error;
}

/// Runs blocking `job` (returns Result<T>) on `runner`; a StoreFailure becomes `unavailable`.
template <class T>
[[nodiscard]] boost::asio::awaitable<Result<T>> on_runner(JobRunner& runner,
                                                          std::function<Result<T>()> job) {
  auto begin = [&runner, job = std::move(job)](Reply<Result<T>> reply) mutable {
    runner.post([job = std::move(job), reply = std::move(reply)]() mutable {
      try {
        reply(job());
      } catch (const StoreFailure& failure) {
        reply(std::unexpected(unavailable(failure.what(), failure.full)));
      }
    });
  };
  return ask<Result<T>>(std::move(begin));
}

}  // namespace sequent::runtime
