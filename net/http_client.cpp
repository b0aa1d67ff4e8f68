#include "net/http_client.hpp"

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
  explicit Impl(ClientLimits limits_in)
      : limits(limits_in), loop(std::make_shared<CurlLoop>(std::move(limits_in))) {}
  explicit Impl(Exchange exchange_in) : exchange(std::move(exchange_in)) {}

  void start(std::uint64_t id, ClientRequest request, asio::any_io_executor executor,
             std::function<void(ClientResult)> done);

  ClientLimits limits;
  std::shared_ptr<CurlLoop> loop;  // shared so that a late cancellation finds it or nothing
  Exchange exchange;               // instead of the loop
};

void HttpClient::Impl::start(std::uint64_t id, ClientRequest request,
                             asio::any_io_executor executor,
                             std::function<void(ClientResult)> done) {
  auto tracked = asio::prefer(executor, asio::execution::outstanding_work.tracked);
  if (loop->in_flight() >= limits.max_in_flight) {
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
  loop->start(std::move(transfer));
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
    const std::uint64_t id = impl->loop->next_id();
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) {
      slot.assign([loop = std::weak_ptr(impl->loop), id](asio::cancellation_type) {
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
  impl_->start(impl_->loop->next_id(), std::move(request), std::move(executor), std::move(done));
}

std::size_t HttpClient::in_flight() const {
  return impl_->loop ? impl_->loop->in_flight() : 0;
}

}  // namespace sequent::net
