#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "activities/debug/debug.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::debug {

namespace asio = boost::asio;

Echo::Echo() {
  spec_.name = "debug.echo";
  spec_.version = "1";
  spec_.provider = "debug";
  spec_.summary = "Answers with its input, after delayMs where given.";
  spec_.input_schema = literal(R"json({
    "properties": {"delayMs": {"type": "integer", "minimum": 0, "maximum": 600000}}
  })json");
  spec_.output_schema = Json(true);
  spec_.timeout_ms = 610'000;
  spec_.idempotent = true;
  spec_ = compiled(std::move(spec_));
}

asio::awaitable<runtime::ActivityResult> Echo::run(runtime::Attempt /*attempt*/, Json input) {
  const auto delay = input.is_object() ? input.find("delayMs") : input.end();
  if (input.is_object() && delay != input.end() && delay->is_number_integer()) {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, std::chrono::milliseconds(delay->get<std::int64_t>()));
    boost::system::error_code ended;
    auto token = asio::redirect_error(asio::use_awaitable, ended);
    co_await timer.async_wait(token);
  }
  co_return input;
}

}  // namespace sequent::activities::debug
