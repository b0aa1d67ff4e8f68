#pragma once
// A TCP proxy on a port of 127.0.0.1: the network between two programs, which can be cut.
// threads  one of its own for all proxies of a Network; calls from any thread
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>
#include <thread>
#include <vector>

namespace sequent::chaos {

class Network {
 public:
  Network();
  ~Network();  // after its proxies
  [[nodiscard]] boost::asio::io_context& io() { return io_; }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

class Proxy {
 public:
  /// A connection goes to the first of `targets` (ports) that takes it, beginning with another one
  /// each time.
  Proxy(Network& network, std::vector<int> targets);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  [[nodiscard]] int port() const { return port_; }
  /// Resets every connection that there is.
  void cut();
  /// While held nothing passes in either direction, and nobody is told: packets are lost.
  void hold(bool held);

 private:
  struct Link;
  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(std::shared_ptr<Link> link);
  boost::asio::awaitable<void> pump(std::shared_ptr<Link> link, bool forth);
  boost::asio::awaitable<bool> connect(std::shared_ptr<Link> link);
  boost::asio::awaitable<void> while_held();

  Network& network_;
  const std::vector<int> targets_;
  boost::asio::ip::tcp::acceptor acceptor_;
  int port_ = 0;
  std::size_t turn_ = 0;
  std::atomic<bool> held_{false};
  std::list<std::weak_ptr<Link>> links_;
};

}  // namespace sequent::chaos
