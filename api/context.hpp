#pragma once
// What every handler works with.
#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

#include "api/api.hpp"
#include "api/journal_json.hpp"
#include "api/path.hpp"
#include "base/json.hpp"

namespace sequent::api {

namespace asio = boost::asio;

struct Route;

/// Answers by route and class of status; index 0 = 1xx … 4 = 5xx.
struct RouteCounters {
  std::array<std::atomic<std::uint64_t>, 5> answers{};
  std::atomic<std::uint64_t> microseconds{0};
};

struct Context {
  Context(ApiConfig with, ApiPorts through);

  ApiConfig config;
  ApiPorts ports;
  JournalPlaces journals;
  std::vector<RouteCounters> counters;  // one a route, then bound routes, then no route
};
using ContextPtr = std::shared_ptr<Context>;

/// One request on its way. Lives until it is answered; a stream copies what it needs.
struct Call {
  const net::ServerRequest& request;
  Parameters parameters;  // of the path
  Principal principal;

  [[nodiscard]] const std::string& at(const std::string& parameter) const {
    return parameters.at(parameter);
  }
};

using Answer = net::HandlerResult;

/// Runs blocking `f` on `pool`; the caller resumes on its own executor. Exceptions pass through.
template <class F>
auto on_pool(asio::thread_pool& pool, F f) -> asio::awaitable<std::invoke_result_t<F&>> {
  std::optional<std::invoke_result_t<F&>> out;
  auto body = [&]() -> asio::awaitable<void> {
    out.emplace(f());
    co_return;
  };
  co_await asio::co_spawn(pool, std::move(body), asio::use_awaitable);
  co_return std::move(*out);
}

[[nodiscard]] Answer json_answer(int status, const Json& body);
[[nodiscard]] Answer text_answer(int status, std::string type, std::string body);
[[nodiscard]] Answer problem(const Context& context, const Error& error);

/// Writes one line of the audit log, on the pool.
struct AuditNote {
  std::string action, target, reason, outcome;
  Json before, after;  // null = not said
};
asio::awaitable<void> audit(const Context& context, const Call& call, AuditNote note);
/// "done", or the slug of the error and its words.
[[nodiscard]] std::string outcome_of(const Result<void>& result);

/// errors  not_found: text that is no id of a run
[[nodiscard]] Result<InstanceId> run_id(const Call& call);
[[nodiscard]] Json optional_time(Timestamp at);             // null for 0
[[nodiscard]] Json optional_text(const std::string& text);  // null for ""

/// `limit`, within the page sizes.
[[nodiscard]] Result<std::size_t> page_size(const Context& context, const Call& call);
/// {"items": …, "cursor": text or null}
[[nodiscard]] Json page_json(Json items, const std::string& cursor);

}  // namespace sequent::api
