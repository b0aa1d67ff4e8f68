#pragma once
// Puts a stand-in on a port: serialises its calls, delivers replies as they say (late, cut off,
// never), and sends its webhooks.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>

#include "net/http_server.hpp"
#include "sandbox/stand_in.hpp"

namespace sequent::sandbox {

class StandInServer {
 public:
  using Clock = std::function<Timestamp()>;

  StandInServer(boost::asio::any_io_executor executor, std::shared_ptr<StandIn> stand_in,
                Clock clock);
  ~StandInServer();  // after stop(), or after the executor's context has ended
  StandInServer(const StandInServer&) = delete;
  StandInServer& operator=(const StandInServer&) = delete;

  [[nodiscard]] Result<void> listen(const std::string& host, std::uint16_t port);
  [[nodiscard]] std::uint16_t port() const;

  /// Ends hanging calls and webhooks under way, then the listener.
  boost::asio::awaitable<void> stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sequent::sandbox
