#pragma once
// A server on a free port, a socket that says whatever it is told to, and waiting with a bound.
#include <boost/asio.hpp>
#include <future>
#include <memory>
#include <thread>

#include "net/http_client.hpp"
#include "net/http_server.hpp"

namespace sequent::net::test {

namespace asio = boost::asio;
using asio::ip::tcp;
constexpr std::chrono::seconds patience{20};

template <class T>
T get(std::future<T> future) {
  if (future.wait_for(patience) != std::future_status::ready)
    throw std::runtime_error("nothing came within 20 s");
  return future.get();
}

/// "STATUS: detail" as text.
ServerResponse plain_error(int status, std::string detail);
/// echo at /echo, "slow" at /slow?ms=N, others in the tests' own handlers.
asio::awaitable<HandlerResult> route(const ServerRequest& request);

class TestServer {
 public:
  explicit TestServer(ServerLimits limits = {}, Handler handler = route, int threads = 2);
  ~TestServer();
  [[nodiscard]] std::string url(const std::string& path) const;
  [[nodiscard]] std::uint16_t port() const { return server->port(); }
  void stop();

  asio::thread_pool pool;
  std::unique_ptr<HttpServer> server;
};

/// A blocking client socket with a receive deadline.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  void send(const std::string& bytes);
  /// All bytes until the peer closes, or the deadline passes (then "<timeout>" is appended).
  std::string read_all();
  /// Until `mark` has come.
  std::string read_until(const std::string& mark);
  void close() { socket_.close(); }
  void reset();  // closes with RST

 private:
  std::string read_some();
  asio::io_context context_;
  tcp::socket socket_;
};

/// Accepts connections one after the other and gives each to `talk`, on a thread of its own.
class RawServer {
 public:
  explicit RawServer(std::function<void(tcp::socket&)> talk);
  ~RawServer();
  [[nodiscard]] std::string url(const std::string& path = "/") const;
  [[nodiscard]] int accepted() const { return accepted_; }

 private:
  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::function<void(tcp::socket&)> talk_;
  std::atomic<int> accepted_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

/// Reads from `socket` until the header of a request is complete.
std::string read_head(tcp::socket& socket);
void write_text(tcp::socket& socket, const std::string& text);
void reset_socket(tcp::socket& socket);

/// Sends and waits.
ClientResult fetch(HttpClient& client, ClientRequest request);
ClientRequest get_request(const std::string& url);
ClientRequest post_request(const std::string& url, const std::string& body);

}  // namespace sequent::net::test
