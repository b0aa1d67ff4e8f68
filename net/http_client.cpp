#include "net/http_client.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio.hpp>

#include "net/curl_loop.hpp"

namespace sequent::net {
namespace {

namespace asio = boost::asio;

TransportError too_many(std::size_t limit) {
  TransportError error;
  error.kind = TransportError::Kind::connect;
  error.sent = false;
  error.message = "The limit of " + std::to_string(limit) +
                  " outbound requests in flight is reached; try again shortly.";
  return error;
}

TransportError given_up() {
  TransportError error;
  error.kind = TransportError::Kind::cancelled;
  error.message = "the caller gave up";
  return error;
}

// Resumes its coroutine once: with the answer, or because the caller gave up first.
template <class Handler, class Slot>
struct OneAnswer {
  OneAnswer(Handler handler_in, Slot slot_in) : handler(std::move(handler_in)), slot(slot_in) {}

  void finish(ClientResult result) {
    if (!handler) return;
    if (slot.is_connected()) slot.clear();
    Handler resume = std::move(*handler);
    handler.reset();
    std::move(resume)(std::move(result));
  }

  std::optional<Handler> handler;
  Slot slot;
};

}  // namespace

struct HttpClient::Impl {
  explicit Impl(ClientLimits limits_in);
  explicit Impl(Exchange exchange_in) : exchange(std::move(exchange_in)) {}

  /// Whoever cancels asks the loop that has the request, so its number says which.
  [[nodiscard]] const std::shared_ptr<CurlLoop>& loop_of(std::uint64_t id) const {
    return loops[id % loops.size()];
  }
  [[nodiscard]] std::size_t in_flight() const;

  void start(std::uint64_t id, ClientRequest request, asio::any_io_executor executor,
             std::function<void(ClientResult)> done);

  ClientLimits limits;
  std::atomic<std::uint64_t> last_id{0};
  // Shared so that a late cancellation finds its loop or nothing.
  std::vector<std::shared_ptr<CurlLoop>> loops;
  Exchange exchange;  // instead of the loops
};

HttpClient::Impl::Impl(ClientLimits limits_in) : limits(std::move(limits_in)) {
  const std::size_t threads = std::max<std::size_t>(1, limits.threads);
  const auto share = [threads](long all) { return std::max(1L, all / static_cast<long>(threads)); };
  ClientLimits of_one = limits;
  of_one.max_connections_per_host = share(limits.max_connections_per_host);
  of_one.max_connections = share(limits.max_connections);
  while (loops.size() < threads) loops.push_back(std::make_shared<CurlLoop>(of_one));
}

std::size_t HttpClient::Impl::in_flight() const {
  std::size_t sum = 0;
  for (const auto& loop : loops) sum += loop->in_flight();
  return sum;
}

void HttpClient::Impl::start(std::uint64_t id, ClientRequest request,
                             asio::any_io_executor executor,
                             std::function<void(ClientResult)> done) {
  auto tracked = asio::prefer(executor, asio::execution::outstanding_work.tracked);
  if (in_flight() >= limits.max_in_flight) {
    asio::post(tracked, [done = std::move(done), error = too_many(limits.max_in_flight)] {
      done(std::unexpected(error));
    });
    return;
  }
  auto transfer = std::make_unique<Transfer>();
  transfer->id = id;
  transfer->deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(request.timeout_ms);
  transfer->request = std::move(request);
  transfer->executor = std::move(tracked);
  transfer->done = std::move(done);
  loop_of(id)->start(std::move(transfer));
}

HttpClient::HttpClient(ClientLimits limits) : impl_(std::make_unique<Impl>(std::move(limits))) {}

HttpClient::HttpClient(Exchange exchange) : impl_(std::make_unique<Impl>(std::move(exchange))) {}

HttpClient::~HttpClient() = default;

asio::awaitable<ClientResult> HttpClient::send(ClientRequest request) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Impl* const impl = impl_.get();
  auto initiate = [impl, executor, request = std::move(request)](auto handler) mutable {
    using OneHandler = decltype(handler);
    if (impl->exchange) {
      auto slot = asio::get_associated_cancellation_slot(handler);
      auto answer =
          std::make_shared<OneAnswer<OneHandler, decltype(slot)>>(std::move(handler), slot);
      if (slot.is_connected()) {
        slot.assign([answer, executor](asio::cancellation_type) {
          asio::post(executor, [answer] { answer->finish(std::unexpected(given_up())); });
        });
      }
      impl->exchange(std::move(request), executor,
                     [answer](ClientResult result) { answer->finish(std::move(result)); });
      return;
    }
    const std::uint64_t id = ++impl->last_id;
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) {
      slot.assign([loop = std::weak_ptr(impl->loop_of(id)), id](asio::cancellation_type) {
        if (const auto alive = loop.lock()) alive->cancel(id);
      });
    }
    // std::function wants a copyable target, the handler can only be moved.
    auto shared = std::make_shared<OneHandler>(std::move(handler));
    impl->start(id, std::move(request), executor, [shared, slot](ClientResult result) mutable {
      if (slot.is_connected()) slot.clear();
      OneHandler resume = std::move(*shared);
      std::move(resume)(std::move(result));
    });
  };
  asio::awaitable<ClientResult> pending =
      asio::async_initiate<const asio::use_awaitable_t<>, void(ClientResult)>(std::move(initiate),
                                                                              asio::use_awaitable);
  ClientResult result = co_await std::move(pending);
  co_return result;
}

void HttpClient::send(ClientRequest request, asio::any_io_executor executor,
                      std::function<void(ClientResult)> done) {
  if (impl_->exchange)
    return impl_->exchange(std::move(request), std::move(executor), std::move(done));
  impl_->start(++impl_->last_id, std::move(request), std::move(executor), std::move(done));
}

std::size_t HttpClient::in_flight() const {
  return impl_->in_flight();
}

}  // namespace sequent::net
