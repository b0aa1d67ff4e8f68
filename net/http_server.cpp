#include "net/http_server.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio.hpp>
#include <charconv>
#include <mutex>
#include <unordered_set>

#include "net/connection.hpp"

namespace sequent::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Answering 503 costs a socket too; past this many the connection is just closed.
constexpr std::size_t max_refusals = 256;
constexpr std::chrono::milliseconds accept_pause{100};
constexpr std::chrono::milliseconds abort_wait{2'000};

std::string spelled(const std::string& host, std::uint16_t port) {
  const bool bare_v6 = host.find(':') != std::string::npos;
  return (bare_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Error cannot_listen(const std::string& host, std::uint16_t port,
                    const boost::system::error_code& error) {
  std::string detail = "Cannot listen on " + spelled(host, port) + ": ";
  if (error == asio::error::address_in_use) {
    detail +=
        "the port is in use. Stop the process that has it (`ss -ltnp` names it) or choose "
        "another port, for instance --listen " +
        spelled(host, static_cast<std::uint16_t>(port + 1)) + ".";
  } else if (error == asio::error::access_denied) {
    detail +=
        "this user may not use the port. Choose one from 1024 on, or grant the capability "
        "CAP_NET_BIND_SERVICE.";
  } else if (error == boost::system::errc::address_not_available) {
    detail += "this machine has no such address. Use one that `ip address` shows, or 0.0.0.0.";
  } else {
    detail += error.message() + ".";
  }
  return Error{.code = ErrorCode::unavailable, .detail = std::move(detail)};
}

}  // namespace

struct HttpServer::Impl : ServerCore, std::enable_shared_from_this<Impl> {
  explicit Impl(const asio::any_io_executor& from)
      : executor(from), strand(asio::make_strand(from)), acceptor(strand), drained(strand) {}

  Result<void> listen(const std::string& host, std::uint16_t port);
  asio::awaitable<void> accept_loop();
  void admit(tcp::socket socket);
  void connection_ended(Connection& connection) override;
  asio::awaitable<void> stop();
  asio::awaitable<void> wait_until_empty(std::chrono::milliseconds limit);
  void close_acceptor();
  std::vector<std::shared_ptr<Connection>> open_connections();
  std::size_t count();

  asio::any_io_executor executor;
  asio::any_io_executor strand;  // of the acceptor and of `drained`
  tcp::acceptor acceptor;
  asio::steady_timer drained;
  std::atomic<std::uint16_t> bound_port{0};
  std::mutex mutex;  // connections come and go on many strands
  std::unordered_set<Connection*> connections;
  std::size_t refusals = 0;
};

Result<void> HttpServer::Impl::listen(const std::string& host, std::uint16_t port) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  if (error)
    return fail(ErrorCode::invalid_request,
                "Expected an IP address or \"localhost\" to listen on; \"" + host + "\" came.");
  const tcp::endpoint endpoint{address, port};
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    boost::system::error_code ignored;
    acceptor.close(ignored);
    return std::unexpected(cannot_listen(host, port, error));
  }
  bound_port = acceptor.local_endpoint().port();
  asio::co_spawn(strand, accept_loop(),
                 [self = shared_from_this()](const std::exception_ptr& thrown) {
                   if (thrown) spdlog::critical("the accept loop ended by an exception");
                 });
  return {};
}

asio::awaitable<void> HttpServer::Impl::accept_loop() {
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  while (!stopping) {
    asio::any_io_executor own_strand = asio::make_strand(executor);
    auto [error, socket] = co_await acceptor.async_accept(own_strand, token);
    if (stopping || error == asio::error::operation_aborted) co_return;
    if (!error) {
      admit(std::move(socket));
      continue;
    }
    // Out of file descriptors, as a rule: wait until some connections have gone.
    spdlog::warn("cannot accept a connection: {}", error.message());
    asio::steady_timer pause{strand, accept_pause};
    co_await pause.async_wait(token);
  }
}

void HttpServer::Impl::admit(tcp::socket socket) {
  auto purpose = Connection::Purpose::serve;
  std::shared_ptr<Connection> connection;
  {
    const std::lock_guard lock{mutex};
    if (connections.size() - refusals >= limits.max_connections) {
      if (refusals >= max_refusals) return;  // `socket` closes
      purpose = Connection::Purpose::refuse;
      ++refusals;
    }
    connection = std::make_shared<Connection>(std::move(socket), shared_from_this(), purpose);
    connections.insert(connection.get());
  }
  connection->start();
}

void HttpServer::Impl::connection_ended(Connection& connection) {
  bool empty = false;
  {
    const std::lock_guard lock{mutex};
    connections.erase(&connection);
    if (connection.purpose() == Connection::Purpose::refuse) --refusals;
    empty = connections.empty();
  }
  if (empty && stopping)
    asio::post(strand, [self = shared_from_this()] { self->drained.cancel(); });
}

std::size_t HttpServer::Impl::count() {
  const std::lock_guard lock{mutex};
  return connections.size() - refusals;
}

std::vector<std::shared_ptr<Connection>> HttpServer::Impl::open_connections() {
  // A connection leaves the set before it is destroyed, but its last owner may be gone already.
  const std::lock_guard lock{mutex};
  std::vector<std::shared_ptr<Connection>> open;
  for (Connection* connection : connections)
    if (auto alive = connection->weak_from_this().lock()) open.push_back(std::move(alive));
  return open;
}

void HttpServer::Impl::close_acceptor() {
  stopping = true;
  boost::system::error_code ignored;
  acceptor.close(ignored);
}

asio::awaitable<void> HttpServer::Impl::stop() {
  close_acceptor();
  for (const auto& connection : open_connections()) connection->stop();
  co_await wait_until_empty(std::chrono::milliseconds(limits.drain_timeout_ms));
  const auto late = open_connections();
  if (late.empty()) co_return;
  spdlog::warn("{} connections did not end within {} ms and are aborted", late.size(),
               limits.drain_timeout_ms);
  for (const auto& connection : late) connection->abort();
  co_await wait_until_empty(abort_wait);
}

asio::awaitable<void> HttpServer::Impl::wait_until_empty(std::chrono::milliseconds limit) {
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  drained.expires_after(limit);
  bool empty = open_connections().empty();
  while (!empty) {
    // connection_ended() cancels the timer on this strand when the last one has gone.
    const auto [error] = co_await drained.async_wait(token);
    empty = open_connections().empty();
    if (!error) co_return;
  }
}

HttpServer::HttpServer(asio::any_io_executor executor, Handler handler, ErrorBody error_body,
                       ServerLimits limits)
    : impl_(std::make_shared<Impl>(executor)) {
  impl_->handler = std::move(handler);
  impl_->error_body = std::move(error_body);
  impl_->limits = limits;
}

HttpServer::~HttpServer() {
  impl_->stopping = true;
  asio::post(impl_->strand, [impl = impl_] { impl->close_acceptor(); });
  for (const auto& connection : impl_->open_connections()) connection->abort();
}

void HttpServer::date_by(std::function<Timestamp()> clock) {
  impl_->clock = std::move(clock);
}

Result<void> HttpServer::listen(const std::string& host, std::uint16_t port) {
  return impl_->listen(host, port);
}

std::uint16_t HttpServer::port() const {
  return impl_->bound_port;
}

std::size_t HttpServer::connections() const {
  return impl_->count();
}

asio::awaitable<void> HttpServer::stop() {
  const std::shared_ptr<Impl> impl = impl_;
  asio::awaitable<void> stopping = impl->stop();
  co_await asio::co_spawn(impl->strand, std::move(stopping), asio::use_awaitable);
}

Result<std::pair<std::string, std::uint16_t>> parse_listen_address(const std::string& text) {
  const auto wrong = [&text] {
    return fail(ErrorCode::invalid_request,
                "Expected HOST:PORT to listen on, for instance "
                "127.0.0.1:8233 or [::1]:8233; \"" +
                    text + "\" came.");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return wrong();
  std::string host = text.substr(0, colon);
  const std::string digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return wrong();  // an IPv6 address needs its brackets
  }
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size()) return wrong();
  return std::pair{host.empty() ? std::string{"0.0.0.0"} : host, port};
}

}  // namespace sequent::net
