#include "net/connection.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "net/chunked_stream.hpp"
#include "net/response_head.hpp"

namespace sequent::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr auto token = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t read_size = 8 << 10;
constexpr std::size_t body_read_size = 128 << 10;
constexpr std::size_t write_size = 1 << 20;  // each piece has a deadline of its own
constexpr std::size_t inline_body_size =
    16 << 10;  // smaller bodies go out in one buffer with the head
constexpr std::size_t linger_bytes = 64 << 20;
constexpr std::chrono::milliseconds linger_time{2'000};

std::string address_of(const Connection::Socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  return error ? "unknown" : endpoint.address().to_string();
}

}  // namespace

Connection::Connection(Socket socket, std::shared_ptr<ServerCore> core, Purpose purpose)
    : socket_(std::move(socket)),
      core_(std::move(core)),
      purpose_(purpose),
      remote_(address_of(socket_)),
      timer_(socket_.get_executor()) {
  boost::system::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);  // send_all() tries to write without waiting
}

void Connection::start() {
  auto ended = [self = shared_from_this()](const std::exception_ptr& thrown) {
    self->close();
    self->core_->connection_ended(*self);
    if (!thrown) return;
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      spdlog::error("connection from {} ended by an exception: {}", self->remote_, e.what());
    } catch (...) {
      spdlog::error("connection from {} ended by something thrown", self->remote_);
    }
  };
  asio::co_spawn(socket_.get_executor(), run(),
                 asio::bind_cancellation_slot(cancel_.slot(), std::move(ended)));
}

void Connection::stop() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->idle_) self->close();
  });
}

void Connection::abort() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->close();
    self->cancel_.emit(asio::cancellation_type::terminal);
  });
}

void Connection::close() {
  gone_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
}

asio::awaitable<void> Connection::run() {
  if (purpose_ == Purpose::refuse) {
    co_await refuse();
  } else {
    co_await serve();
  }
}

asio::awaitable<void> Connection::refuse() {
  std::string detail = "The server has its " + std::to_string(core_->limits.max_connections) +
                       " connections open; try again shortly.";
  co_await answer_and_close(503, std::move(detail));
}

asio::awaitable<void> Connection::serve() {
  bool again = true;
  while (again && !core_->stopping && !gone_) again = co_await serve_one();
}

asio::awaitable<bool> Connection::serve_one() {
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(core_->limits.max_header_bytes));
  parser.body_limit(core_->limits.max_body_bytes);
  ReadOutcome read = co_await read_request(parser);
  if (read.kind == ReadOutcome::Kind::gone) co_return false;
  if (read.kind == ReadOutcome::Kind::refused) {
    co_await answer_and_close(read.status, std::move(read.detail));
    co_return false;
  }
  clear_deadline();
  const unsigned version = parser.get().version();
  const bool wants_more = parser.keep_alive();
  const ServerRequest request = take_request(parser);
  const bool head_only = request.method == "HEAD";
  HandlerResult result = co_await handle(request);
  if (gone_) co_return false;
  if (result.reset_connection) {
    // A socket that closes without lingering sends RST instead of FIN.
    boost::system::error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    close();
    co_return false;
  }
  if (result.stream) {
    co_await send_stream(result, head_only, version);
    co_return false;
  }
  const bool keep_alive = wants_more && !core_->stopping;
  const bool sent = co_await send_response(result.response, head_only, version, keep_alive);
  if (sent && !keep_alive) co_await linger();
  co_return sent&& keep_alive;
}

asio::awaitable<HandlerResult> Connection::handle(const ServerRequest& request) {
  HandlerResult result;
  std::string thrown;
  try {
    asio::awaitable<HandlerResult> pending = core_->handler(request);
    result = co_await std::move(pending);
    co_return result;
  } catch (const std::exception& e) {
    thrown = e.what();
  } catch (...) {
    thrown = "something that is no std::exception";
  }
  // An aborted connection cancels its handler: that is no failure of the handler.
  if (!gone_)
    spdlog::error("{} {} failed with an exception: {}", request.method, request.path, thrown);
  result.stream = nullptr;
  result.response =
      core_->error_body(500, "The request failed inside the server; its log says why.");
  co_return result;
}

// ---- reading ----

asio::awaitable<Connection::ReadOutcome> Connection::read_request(Parser& parser) {
  if (buffer_.size() == 0) {
    idle_ = true;
    // A connection is opened for a request; only between two requests may it take its time.
    set_deadline(std::chrono::milliseconds(fresh_ ? core_->limits.header_timeout_ms
                                                  : core_->limits.idle_timeout_ms));
    fresh_ = false;
    const ErrorCodeOf error = co_await read_more(read_size);
    idle_ = false;
    ReadOutcome gone;
    gone.kind = ReadOutcome::Kind::gone;
    if (error) co_return gone;
  }
  parser.eager(false);
  ReadOutcome head =
      co_await read_until(parser, false, core_->limits.header_timeout_ms, "the header");
  if (head.kind != ReadOutcome::Kind::whole) co_return head;
  const auto& message = parser.get();
  if (message.version() >= 11 && message.find(http::field::host) == message.end()) {
    ReadOutcome refused;
    refused.kind = ReadOutcome::Kind::refused;
    refused.status = 400;
    refused.detail = "An HTTP/1.1 request needs a Host header; none came.";
    co_return refused;
  }
  const auto expect = message.find(http::field::expect);
  if (expect != message.end() && message.version() >= 11 && buffer_.size() == 0 &&
      boost::beast::iequals(expect->value(), "100-continue") && !parser.is_done()) {
    const bool told = co_await send_all("HTTP/1.1 100 Continue\r\n\r\n");
    ReadOutcome gone;
    gone.kind = ReadOutcome::Kind::gone;
    if (!told) co_return gone;
  }
  parser.eager(true);
  ReadOutcome body = co_await read_until(parser, true, core_->limits.body_timeout_ms, "the body");
  co_return body;
}

// Feeds what is in the buffer to the parser, and reads more until the head (or all) is there.
asio::awaitable<Connection::ReadOutcome> Connection::read_until(Parser& parser, bool whole,
                                                                int timeout_ms, const char* part) {
  ReadOutcome outcome;
  // A long body is read in large pieces; a short request needs one small one.
  const bool large = whole && parser.content_length_remaining().value_or(0) > read_size;
  const std::size_t piece = large ? body_read_size : read_size;
  bool waiting = false;
  while (whole ? !parser.is_done() : !parser.is_header_done()) {
    ErrorCodeOf error;
    if (buffer_.size() > 0) {
      buffer_.consume(parser.put(buffer_.data(), error));
      if (error && error != http::error::need_more) co_return refusal_of(error);
      if (!error) continue;
    }
    if (!waiting) {
      set_deadline(std::chrono::milliseconds(timeout_ms));
      waiting = true;
    }
    error = co_await read_more(piece);
    if (timed_out_) {
      outcome.kind = ReadOutcome::Kind::refused;
      outcome.status = 408;
      outcome.detail = std::string("Expected ") + part + " of the request within " +
                       std::to_string(timeout_ms) + " ms; it did not arrive in time.";
      co_return outcome;
    }
    if (error) {
      outcome.kind = ReadOutcome::Kind::gone;
      co_return outcome;
    }
  }
  // Ten thousand idle connections must not each keep the room of their largest body.
  if (buffer_.capacity() > 4 * read_size) buffer_.shrink_to_fit();
  co_return outcome;
}

asio::awaitable<Connection::ErrorCodeOf> Connection::read_more(std::size_t size) {
  const auto space = buffer_.prepare(size);
  const auto [error, bytes] = co_await socket_.async_read_some(space, token);
  buffer_.commit(bytes);
  co_return error;
}

Connection::ReadOutcome Connection::refusal_of(const ErrorCodeOf& error) const {
  ReadOutcome outcome;
  outcome.kind = ReadOutcome::Kind::refused;
  if (error == http::error::body_limit || error == http::error::buffer_overflow) {
    outcome.status = 413;
    outcome.detail = "The body is larger than the limit of " +
                     std::to_string(core_->limits.max_body_bytes) + " bytes.";
  } else if (error == http::error::header_limit) {
    outcome.status = 431;
    outcome.detail = "The header is larger than the limit of " +
                     std::to_string(core_->limits.max_header_bytes) + " bytes.";
  } else {
    outcome.status = 400;
    outcome.detail =
        "Expected an HTTP/1.1 request; what came can't be read: " + error.message() + ".";
  }
  return outcome;
}

ServerRequest Connection::take_request(Parser& parser) const {
  auto& message = parser.get();
  ServerRequest request;
  request.method = std::string(message.method_string());
  std::string_view target{message.target().data(), message.target().size()};
  // Absolute form ("http://host/path") is what proxies send.
  const std::size_t scheme = target.starts_with('/') ? std::string_view::npos : target.find("://");
  if (scheme != std::string_view::npos) {
    const std::size_t path = target.find_first_of("/?", scheme + 3);
    target = path == std::string_view::npos ? std::string_view{"/"} : target.substr(path);
  }
  const std::size_t mark = std::min(target.find('?'), target.size());
  request.path = std::string(target.substr(0, mark));
  if (request.path.empty()) request.path = "/";
  request.query = std::string(target.substr(std::min(mark + 1, target.size())));
  for (const auto& field : message)
    request.headers.add(std::string(field.name_string()), std::string(field.value()));
  request.body = std::move(message.body());
  request.remote = remote_;
  return request;
}

// ---- writing ----

asio::awaitable<bool> Connection::send_response(const ServerResponse& response, bool head_only,
                                                unsigned version, bool keep_alive) {
  HeadOptions options;
  options.keep_alive = keep_alive;
  options.version = version;
  if (core_->clock) options.date = http_date(core_->clock());
  std::string head = response_head(response, options);
  const bool with_body = !head_only && has_body(response.status) && !response.body.empty();
  const bool in_one = with_body && response.body.size() <= inline_body_size;
  if (in_one) head += response.body;
  const bool sent = co_await send_all(head);
  if (!sent || !with_body || in_one) co_return sent;
  co_return co_await send_all(response.body);
}

asio::awaitable<void> Connection::send_stream(HandlerResult& result, bool head_only,
                                              unsigned version) {
  HeadOptions options;
  options.framing = version >= 11 ? Framing::chunked : Framing::until_close;
  options.keep_alive = false;
  options.version = version;
  if (core_->clock) options.date = http_date(core_->clock());
  const std::string head = response_head(result.response, options);
  const bool sent = co_await send_all(head);
  if (!sent || head_only) co_return;
  clear_deadline();
  // Nothing more is expected from the peer: whatever reading brings says whether it is still there.
  asio::co_spawn(socket_.get_executor(), watch_peer(),
                 [self = shared_from_this()](const std::exception_ptr&) {});
  ChunkedStream stream{*this, options.framing == Framing::chunked};
  std::string thrown;
  try {
    asio::awaitable<void> body = result.stream(stream);
    co_await std::move(body);
  } catch (const std::exception& e) {
    thrown = e.what();
  } catch (...) {
    thrown = "something that is no std::exception";
  }
  if (!thrown.empty()) {
    // Without its last chunk the answer is visibly cut off, which is the truth.
    if (!gone_) spdlog::error("a streamed answer to {} ended by an exception: {}", remote_, thrown);
    co_return;
  }
  co_await stream.finish();
}

asio::awaitable<void> Connection::watch_peer() {
  char scratch[512];
  while (!gone_) {
    const auto space = asio::buffer(scratch);
    const auto [error, bytes] = co_await socket_.async_read_some(space, token);
    if (error) gone_ = true;
  }
}

asio::awaitable<bool> Connection::send_all(std::string_view bytes) {
  // Nearly every answer fits into the socket's buffer: no wait, no deadline, no resumption.
  boost::system::error_code error;
  const std::size_t done = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
  if (error && error != asio::error::would_block) {
    gone_ = true;
    co_return false;
  }
  bytes.remove_prefix(done);
  while (!bytes.empty()) {
    set_deadline(std::chrono::milliseconds(core_->limits.body_timeout_ms));
    const auto piece = asio::buffer(bytes.data(), std::min(bytes.size(), write_size));
    const auto [failed, written] = co_await asio::async_write(socket_, piece, token);
    clear_deadline();
    if (failed) {
      gone_ = true;
      co_return false;
    }
    bytes.remove_prefix(written);
  }
  co_return true;
}

asio::awaitable<void> Connection::answer_and_close(int status, std::string detail) {
  const ServerResponse response = core_->error_body(status, std::move(detail));
  const bool sent = co_await send_response(response, false, 11, false);
  if (sent) co_await linger();
}

// Closing a socket with unread bytes in it resets it, and the peer may lose the answer that it was
// just sent. So: say that we are done, and read on until the peer has closed too.
asio::awaitable<void> Connection::linger() {
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  set_deadline(linger_time);
  buffer_.clear();
  std::size_t total = 0;
  while (total < linger_bytes && !timed_out_ && !gone_) {
    const ErrorCodeOf error = co_await read_more(read_size);
    if (error) break;
    total += buffer_.size();
    buffer_.clear();
  }
}

// ---- deadlines ----

void Connection::set_deadline(std::chrono::milliseconds after) {
  timed_out_ = false;
  deadline_ = Clock::now() + after;
  if (deadline_ < armed_for_) arm_timer();
}

void Connection::arm_timer() {
  armed_for_ = deadline_;
  timer_.expires_at(armed_for_);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error) return;  // moved, or the connection has ended
    self->armed_for_ = Clock::time_point::max();
    if (self->deadline_ == Clock::time_point::max()) return;
    if (Clock::now() < self->deadline_) {
      self->arm_timer();
      return;
    }
    self->timed_out_ = true;
    boost::system::error_code ignored;
    self->socket_.cancel(ignored);
  });
}

}  // namespace sequent::net
