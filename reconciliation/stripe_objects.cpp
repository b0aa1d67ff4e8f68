#include "reconciliation/stripe_objects.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

#include "activities/stripe/client.hpp"
#include "activities/stripe/versions.hpp"
#include "base/assert.hpp"

namespace sequent::reconciliation {
namespace {

namespace asio = boost::asio;
using activities::stripe::Call;
using activities::stripe::Client;
using Got = std::expected<Json, machine::Failure>;

constexpr int most_tries = 6;
constexpr DurationMs first_pause_ms = 500, longest_pause_ms = 30'000;

asio::awaitable<Got> get_patiently(Client& client, Call call) {
  DurationMs pause = first_pause_ms;
  for (int tried = 1;; ++tried) {
    Call once = call;
    Got got = co_await client.send(std::move(once));
    // A read may be repeated, whatever has become of it.
    if (got || got.error().outcome == machine::Outcome::permanent || tried == most_tries)
      co_return got;
    const DurationMs wait = std::min(std::max(pause, got.error().retry_after_ms), longest_pause_ms);
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer{executor};
    timer.expires_after(std::chrono::milliseconds(wait));
    co_await timer.async_wait(asio::use_awaitable);
    pause *= 2;
  }
}

}  // namespace

Got StripeObjects::get(const std::string& path, const Json& parameters,
                       const std::string& account) {
  asio::io_context io;
  Client client{config_, http_};
  Call call;
  call.method = "GET";
  call.path = path;
  call.parameters = parameters;
  call.account = account;
  std::optional<Got> result;
  asio::co_spawn(io, get_patiently(client, std::move(call)),
                 [&result](std::exception_ptr failure, Got got) {
                   if (failure) std::rethrow_exception(failure);
                   result = std::move(got);
                 });
  io.run();  // every request has a time limit and the tries are counted, so this ends
  SEQUENT_ASSERT(result.has_value());
  return *std::move(result);
}

}  // namespace sequent::reconciliation
