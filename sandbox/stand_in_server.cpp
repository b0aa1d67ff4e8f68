#include "sandbox/stand_in_server.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <boost/asio.hpp>
#include <mutex>

#include "net/http_client.hpp"

namespace sequent::sandbox {
namespace {

namespace asio = boost::asio;
constexpr auto token = asio::as_tuple(asio::use_awaitable);

// Longer than any client's patience; then the connection is reset rather than kept for ever.
constexpr DurationMs hang_limit_ms = 600'000;
constexpr std::chrono::milliseconds stop_check{50};
constexpr DurationMs webhook_check_ms = 20;
constexpr DurationMs resume_check_ms = 25;
constexpr long webhook_timeout_ms = 10'000;
constexpr std::size_t filler_piece = 1 << 20;

net::ServerResponse own_error(int status, std::string detail) {
  net::ServerResponse response;
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  response.body = "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"" + detail + "\"}}";
  return response;
}

}  // namespace

struct StandInServer::Impl : std::enable_shared_from_this<Impl> {
  Impl(asio::any_io_executor from, std::shared_ptr<StandIn> provider, Clock clock_source)
      : executor(from),
        strand(asio::make_strand(from)),
        stand_in(std::move(provider)),
        clock(std::move(clock_source)),
        wake(strand) {}

  asio::awaitable<net::HandlerResult> answer(const net::ServerRequest& request);
  asio::awaitable<Reply> await_answer(std::uint64_t ticket);
  asio::awaitable<void> wait(DurationMs delay);
  asio::awaitable<void> webhook_loop();
  asio::awaitable<void> refuse_for(DurationMs delay);
  void send(const WebhookSend& webhook);
  Result<void> open(const std::string& on_host, std::uint16_t on_port);

  asio::any_io_executor executor;
  asio::any_io_executor strand;  // of `wake` and the webhook loop
  std::shared_ptr<StandIn> stand_in;
  Clock clock;
  asio::steady_timer wake;
  std::mutex mutex;         // guards stand_in: connections run on many strands
  std::mutex server_mutex;  // guards server: an outage takes it away and brings it back
  std::shared_ptr<net::HttpServer> server;
  net::HttpClient client;
  std::string host;
  std::uint16_t port = 0;
  std::atomic<bool> stopping{false};
};

Result<void> StandInServer::Impl::open(const std::string& on_host, std::uint16_t on_port) {
  net::ServerLimits limits;
  limits.drain_timeout_ms = 1'000;
  auto made = std::make_shared<net::HttpServer>(
      executor,
      [weak = weak_from_this()](
          const net::ServerRequest& request) -> asio::awaitable<net::HandlerResult> {
        const auto self = weak.lock();
        if (self) {
          asio::awaitable<net::HandlerResult> pending = self->answer(request);
          net::HandlerResult result = co_await std::move(pending);
          co_return result;
        }
        net::HandlerResult ended;
        ended.reset_connection = true;
        co_return ended;
      },
      own_error, limits);
  made->date_by(clock);
  auto listening = made->listen(on_host, on_port);
  if (!listening) return listening;
  const std::lock_guard lock{server_mutex};
  host = on_host;
  port = made->port();
  server = std::move(made);
  return {};
}

asio::awaitable<net::HandlerResult> StandInServer::Impl::answer(const net::ServerRequest& request) {
  Reply reply;
  {
    const std::lock_guard lock{mutex};
    reply = stand_in->handle(request, clock());
  }
  asio::post(strand, [self = shared_from_this()] { self->wake.cancel(); });
  if (reply.refuse_ms > 0) {
    asio::co_spawn(strand, refuse_for(reply.refuse_ms),
                   [self = shared_from_this()](const std::exception_ptr& thrown) {
                     if (thrown) spdlog::error("sandbox: an outage ended by an exception");
                   });
  }
  if (reply.delivery == Delivery::later) {
    auto pending = await_answer(reply.ticket);
    reply = co_await std::move(pending);
  }
  const DurationMs delay = reply.delivery == Delivery::hang ? hang_limit_ms : reply.latency_ms;
  if (delay > 0) co_await wait(delay);
  net::HandlerResult result;
  if (reply.delivery != Delivery::answer || stopping) {
    result.reset_connection = true;
    co_return result;
  }
  result.response = std::move(reply.response);
  if (reply.huge_bytes > 0) {
    result.stream = [size =
                         reply.huge_bytes](net::ResponseStream& stream) -> asio::awaitable<void> {
      std::size_t left = size;
      bool open = true;
      while (left > 0 && open && !stream.closed()) {
        const std::size_t piece = std::min(left, filler_piece);
        std::string filler(piece, 'x');
        open = co_await stream.write(std::move(filler));
        left -= piece;
      }
    };
  }
  co_return result;
}

// Long polls: asked again in short steps, until the answer has come or the server stops.
asio::awaitable<Reply> StandInServer::Impl::await_answer(std::uint64_t ticket) {
  while (!stopping) {
    co_await wait(resume_check_ms);
    const std::lock_guard lock{mutex};
    if (auto reply = stand_in->resume(ticket, clock())) co_return std::move(*reply);
  }
  Reply ended;
  ended.delivery = Delivery::reset;
  co_return ended;
}

// In short steps, so that stop() does not have to wait for a client that waits for us.
asio::awaitable<void> StandInServer::Impl::wait(DurationMs delay) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(delay);
  const auto own = co_await asio::this_coro::executor;
  asio::steady_timer timer{own};
  while (!stopping && std::chrono::steady_clock::now() < until) {
    const auto next = std::min(until, std::chrono::steady_clock::now() + stop_check);
    timer.expires_at(next);
    const auto [error] = co_await timer.async_wait(token);
    if (error) co_return;
  }
}

// Without a listener the kernel refuses connections, which no answer of ours could play.
asio::awaitable<void> StandInServer::Impl::refuse_for(DurationMs delay) {
  std::shared_ptr<net::HttpServer> old;
  {
    const std::lock_guard lock{server_mutex};
    old = std::move(server);
    server.reset();
  }
  if (!old) co_return;  // an outage is under way already
  co_await old->stop();
  old.reset();
  co_await wait(delay);
  if (stopping) co_return;
  const auto listening = open(host, port);
  if (!listening)
    spdlog::error("sandbox: cannot come back after an outage: {}", listening.error().detail);
}

asio::awaitable<void> StandInServer::Impl::webhook_loop() {
  while (!stopping) {
    std::vector<WebhookSend> due;
    std::optional<Timestamp> next;
    const auto now = clock();
    {
      const std::lock_guard lock{mutex};
      due = stand_in->webhooks_due(now);
      next = stand_in->next_due();
    }
    for (const auto& webhook : due) send(webhook);
    // The clock may be moved by hand, so a distant time is looked at again well before it comes.
    const DurationMs pause = next ? std::clamp<DurationMs>(*next - now, 1, 200) : 200;
    wake.expires_after(
        std::chrono::milliseconds(std::max(pause, due.empty() ? pause : webhook_check_ms)));
    co_await wake.async_wait(token);
  }
}

void StandInServer::Impl::send(const WebhookSend& webhook) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = webhook.url;
  request.headers.set("Content-Type", "application/json; charset=utf-8");
  request.headers.set("Stripe-Signature", webhook.signature);
  request.headers.set("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)");
  request.body = webhook.body;
  request.timeout_ms = webhook_timeout_ms;
  client.send(std::move(request), strand,
              [weak = weak_from_this(), id = webhook.delivery](const net::ClientResult& result) {
                const auto self = weak.lock();
                if (!self) return;
                {
                  const std::lock_guard lock{self->mutex};
                  self->stand_in->webhook_answered(id, result ? result->status : 0, self->clock());
                }
                self->wake.cancel();
              });
}

StandInServer::StandInServer(asio::any_io_executor executor, std::shared_ptr<StandIn> stand_in,
                             Clock clock)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(stand_in), std::move(clock))) {}

StandInServer::~StandInServer() {
  impl_->stopping = true;
}

Result<void> StandInServer::listen(const std::string& host, std::uint16_t port) {
  auto opened = impl_->open(host, port);
  if (!opened) return opened;
  asio::co_spawn(impl_->strand, impl_->webhook_loop(),
                 [self = impl_](const std::exception_ptr& thrown) {
                   if (thrown) spdlog::critical("sandbox: the webhook loop ended by an exception");
                 });
  return {};
}

std::uint16_t StandInServer::port() const {
  const std::lock_guard lock{impl_->server_mutex};
  return impl_->port;
}

asio::awaitable<void> StandInServer::stop() {
  const std::shared_ptr<Impl> impl = impl_;
  impl->stopping = true;
  asio::post(impl->strand, [impl] { impl->wake.cancel(); });
  std::shared_ptr<net::HttpServer> server;
  {
    const std::lock_guard lock{impl->server_mutex};
    server = std::move(impl->server);
    impl->server.reset();
  }
  if (server) co_await server->stop();
}

}  // namespace sequent::sandbox
