#include "tests/chaos/proxy.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <chrono>

#include "tests/chaos/process.hpp"

namespace sequent::chaos {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t buffer_bytes = 32'768;
constexpr std::chrono::milliseconds held_look_ms{20};

tcp::endpoint local(int port) {
  return {asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port)};
}

// Nobody waits for who may never hear the end.
void reset(tcp::socket& socket) {
  boost::system::error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

void report_nothing(std::exception_ptr) {}  // its awaitables throw nothing: errors end a link

}  // namespace

Network::Network() : work_(asio::make_work_guard(io_)), thread_([this] { io_.run(); }) {}

Network::~Network() {
  work_.reset();
  io_.stop();
  thread_.join();
}

struct Proxy::Link {
  explicit Link(asio::io_context& io) : near(io), far(io) {}
  tcp::socket near, far;
};

Proxy::Proxy(Network& network, std::vector<int> targets)
    : network_(network), targets_(std::move(targets)), acceptor_(network.io()) {
  port_ = free_port();
  const auto here = local(port_);
  acceptor_.open(here.protocol());
  acceptor_.set_option(tcp::acceptor::reuse_address(true));
  acceptor_.bind(here);
  acceptor_.listen();
  asio::co_spawn(network_.io(), accept(), report_nothing);
}

Proxy::~Proxy() {
  held_ = false;
  auto close = [this] {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (const auto& weak : links_)
      if (const auto link = weak.lock()) reset(link->near), reset(link->far);
  };
  asio::post(network_.io(), asio::use_future(close)).get();
  // The coroutines that name this object end on the network's thread before the next thing it does.
  asio::post(network_.io(), asio::use_future([] {})).get();
  pause_ms(2 * held_look_ms.count());
}

void Proxy::cut() {
  asio::post(network_.io(), [this] {
    for (const auto& weak : links_)
      if (const auto link = weak.lock()) reset(link->near), reset(link->far);
  });
}

void Proxy::hold(bool held) {
  held_ = held;
}

asio::awaitable<void> Proxy::accept() {
  while (acceptor_.is_open()) {
    auto link = std::make_shared<Link>(network_.io());
    const auto [failure] = co_await acceptor_.async_accept(link->near, quietly);
    if (failure == asio::error::operation_aborted || failure == asio::error::bad_descriptor)
      co_return;
    if (failure) continue;
    links_.remove_if([](const std::weak_ptr<Link>& weak) { return weak.expired(); });
    links_.push_back(link);
    asio::co_spawn(network_.io(), serve(std::move(link)), report_nothing);
  }
}

asio::awaitable<void> Proxy::while_held() {
  asio::steady_timer timer{network_.io()};
  while (held_) {
    timer.expires_after(held_look_ms);
    const auto [ignored] = co_await timer.async_wait(quietly);
    static_cast<void>(ignored);
  }
}

asio::awaitable<bool> Proxy::connect(std::shared_ptr<Link> link) {
  const std::size_t first = turn_++;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const auto target = local(targets_[(first + i) % targets_.size()]);
    const auto [failure] = co_await link->far.async_connect(target, quietly);
    if (!failure) co_return true;
    boost::system::error_code ignored;
    link->far.close(ignored);
  }
  co_return false;
}

asio::awaitable<void> Proxy::serve(std::shared_ptr<Link> link) {
  auto held = while_held();
  co_await std::move(held);
  auto connecting = connect(link);
  const bool connected = co_await std::move(connecting);
  if (!connected) {
    reset(link->near);
    co_return;
  }
  boost::system::error_code ignored;
  link->near.set_option(tcp::no_delay(true), ignored);
  link->far.set_option(tcp::no_delay(true), ignored);
  asio::co_spawn(network_.io(), pump(link, true), report_nothing);
  asio::co_spawn(network_.io(), pump(link, false), report_nothing);
}

asio::awaitable<void> Proxy::pump(std::shared_ptr<Link> link, bool forth) {
  auto& from = forth ? link->near : link->far;
  auto& to = forth ? link->far : link->near;
  std::array<char, buffer_bytes> space{};
  while (true) {
    auto room = asio::buffer(space);
    const auto [failure, size] = co_await from.async_read_some(room, quietly);
    auto held = while_held();
    co_await std::move(held);
    if (failure == asio::error::eof) {
      boost::system::error_code ignored;
      to.shutdown(tcp::socket::shutdown_send, ignored);
      co_return;
    }
    if (failure) break;
    auto bytes = asio::buffer(space.data(), size);
    const auto [broken, ignored] = co_await asio::async_write(to, bytes, quietly);
    static_cast<void>(ignored);
    if (broken) break;
  }
  reset(link->near);
  reset(link->far);
}

}  // namespace sequent::chaos
