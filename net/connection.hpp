#pragma once
// One connection of the server: reads a request, calls the handler, writes the answer, again.
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "net/http_server.hpp"

namespace sequent::net {

class Connection;

/// What all connections of one server share.
struct ServerCore {
  Handler handler;
  ErrorBody error_body;
  ServerLimits limits;
  std::function<Timestamp()> clock;  // may be empty
  std::atomic<bool> stopping{false};

  virtual ~ServerCore() = default;
  /// Called once by each connection, as its last act.
  virtual void connection_ended(Connection& connection) = 0;
};

/// threads  everything but the constructor, start(), stop() and abort() runs on its own strand
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  enum class Purpose { serve, refuse };  // refuse: answer 503 and close

  Connection(Socket socket, std::shared_ptr<ServerCore> core, Purpose purpose);

  void start();
  void stop();   // ends it when it is idle, otherwise behind the answer under way
  void abort();  // closes the socket and cancels the handler
  [[nodiscard]] Purpose purpose() const { return purpose_; }

 private:
  friend class ChunkedStream;
  using Clock = std::chrono::steady_clock;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using ErrorCodeOf = boost::system::error_code;
  template <class T>
  using awaitable = boost::asio::awaitable<T>;

  /// Why reading ended: whole (a request is there), gone (no answer possible), refused (answer).
  struct ReadOutcome {
    enum class Kind { whole, gone, refused } kind = Kind::whole;
    int status = 0;
    std::string detail;
  };

  awaitable<void> run();
  awaitable<void> serve();
  awaitable<void> refuse();
  awaitable<bool> serve_one();  // false: the connection ends
  awaitable<ReadOutcome> read_request(Parser& parser);
  awaitable<ReadOutcome> read_until(Parser& parser, bool whole, int timeout_ms, const char* part);
  awaitable<ErrorCodeOf> read_more(std::size_t size);
  awaitable<HandlerResult> handle(const ServerRequest& request);
  awaitable<bool> send_response(const ServerResponse& response, bool head_only, unsigned version,
                                bool keep_alive);
  awaitable<void> send_stream(HandlerResult& result, bool head_only, unsigned version);
  awaitable<bool> send_all(std::string_view bytes);
  awaitable<void> answer_and_close(int status, std::string detail);
  awaitable<void> linger();
  awaitable<void> watch_peer();

  [[nodiscard]] ReadOutcome refusal_of(const ErrorCodeOf& error) const;
  [[nodiscard]] ServerRequest take_request(Parser& parser) const;
  void set_deadline(std::chrono::milliseconds after);
  void clear_deadline() { deadline_ = Clock::time_point::max(); }
  void arm_timer();
  void close();

  Socket socket_;
  std::shared_ptr<ServerCore> core_;
  Purpose purpose_;
  std::string remote_;
  boost::beast::flat_buffer buffer_;
  boost::asio::cancellation_signal cancel_;

  // One timer for the life of the connection. It is moved only when a deadline comes before the
  // time that it is set to; a later deadline is looked at when it fires. Requests that don't stall
  // therefore cost no timer at all.
  boost::asio::steady_timer timer_;
  Clock::time_point deadline_ = Clock::time_point::max();
  Clock::time_point armed_for_ = Clock::time_point::max();
  bool timed_out_ = false;
  bool idle_ = false;  // waits for the first byte of a request
  bool fresh_ = true;  // no request yet
  std::atomic<bool> gone_{false};
};

}  // namespace sequent::net
