#pragma once
// libcurl's multi interface behind an awaitable: thousands of requests in flight on few threads,
// connections reused, HTTP/2 where the peer speaks it.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <expected>
#include <functional>
#include <memory>

#include "net/http_message.hpp"

namespace sequent::net {

using ClientResult = std::expected<ClientResponse, TransportError>;

struct ClientLimits {
  /// Each drives its share of the requests over connections of its own; one does about 10,000 small
  /// requests a second.
  std::size_t threads = 1;
  long max_connections_per_host = 4'096;  // of all threads together, as the rest
  long max_connections = 4'096;
  std::size_t max_in_flight = 20'000;  // more: fails at once with `connect`, sent = false
  bool verify_tls = true;
  std::string ca_file;  // empty: the system's
};

/// Stands in for the network: calls the last argument once, on the executor, or never when the
/// request is to be lost with its sender.
using Exchange = std::function<void(ClientRequest, boost::asio::any_io_executor,
                                    std::function<void(ClientResult)>)>;

class HttpClient {
 public:
  explicit HttpClient(ClientLimits limits = {});
  /// Opens no socket and starts no thread: simulations answer the requests themselves.
  explicit HttpClient(Exchange exchange);
  ~HttpClient();  // ends requests in flight with `cancelled`
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Sends and waits; resumes on the caller's executor. Asio cancellation of the awaiting coroutine
  /// aborts the transfer (`cancelled`).
  boost::asio::awaitable<ClientResult> send(ClientRequest request);

  /// The same with a callback, called on `executor`.
  void send(ClientRequest request, boost::asio::any_io_executor executor,
            std::function<void(ClientResult)> done);

  [[nodiscard]] std::size_t in_flight() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sequent::net
