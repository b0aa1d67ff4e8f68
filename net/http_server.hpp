#pragma once
// A Beast server over Asio coroutines: one strand per connection, limits on everything.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "base/time.hpp"
#include "net/http_message.hpp"

namespace sequent::net {

struct ServerLimits {
  std::size_t max_body_bytes = 4 << 20;     // more: 413
  std::size_t max_header_bytes = 32 << 10;  // more: 431
  std::size_t max_connections = 10'000;     // more: accepted, answered 503, closed
  int header_timeout_ms = 10'000;           // slowloris ends here: 408 or close
  int body_timeout_ms = 30'000;
  int idle_timeout_ms = 75'000;   // keep-alive without a request
  int drain_timeout_ms = 10'000;  // stop(): open requests may finish within this
};

/// What a handler that streams writes to. One chunk a call; false once the peer is gone.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;
  virtual boost::asio::awaitable<bool> write(std::string chunk) = 0;
  /// Becomes true when the server is stopping or the peer left: end the stream soon.
  [[nodiscard]] virtual bool closed() const = 0;
};

/// A handler answers with a response, or sets `stream` to write the body itself after the head
/// (server-sent events); `response.body` is ignored then and the connection closes at the end.
struct HandlerResult {
  ServerResponse response;
  std::function<boost::asio::awaitable<void>(ResponseStream&)> stream;
  /// Answer with nothing but a TCP reset: for stand-ins that play a failing network.
  bool reset_connection = false;
};

using Handler = std::function<boost::asio::awaitable<HandlerResult>(const ServerRequest&)>;
/// Gives the body of the answers that the server itself makes (400, 408, 413, 431, 503).
using ErrorBody = std::function<ServerResponse(int status, std::string detail)>;

/// An exception that leaves a handler becomes a 500 of `ErrorBody` and is logged.
class HttpServer {
 public:
  HttpServer(boost::asio::any_io_executor executor, Handler handler, ErrorBody error_body,
             ServerLimits limits = {});
  ~HttpServer();

  /// With a clock every answer says when it was made (Date, RFC 9110, section 6.6.1); without one it
  /// must not. Called before listen().
  void date_by(std::function<Timestamp()> clock);

  /// Binds, listens and starts accepting. `host` is an address or "localhost"; port 0 picks one.
  /// errors  unavailable: the port is in use or not allowed, with the address and what to do
  [[nodiscard]] Result<void> listen(const std::string& host, std::uint16_t port);
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::size_t connections() const;

  /// Closes the acceptor, ends idle connections, waits for open requests up to the drain limit.
  boost::asio::awaitable<void> stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// Splits "127.0.0.1:8233", "[::1]:8233" or ":8233".
[[nodiscard]] Result<std::pair<std::string, std::uint16_t>> parse_listen_address(
    const std::string& text);

}  // namespace sequent::net
