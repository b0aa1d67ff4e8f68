#include "support.hpp"

#include <sys/socket.h>

namespace sequent::net::test {

ServerResponse plain_error(int status, std::string detail) {
  ServerResponse response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain");
  response.body = std::to_string(status) + ": " + detail;
  return response;
}

asio::awaitable<HandlerResult> route(const ServerRequest& request) {
  HandlerResult result;
  if (request.path == "/echo") {
    result.response.headers.add("X-Method", request.method);
    result.response.headers.add("X-Query", request.query);
    for (const auto& [name, value] : request.headers.all())
      result.response.headers.add("X-Got-" + name, value);
    result.response.body = request.body;
  } else if (request.path == "/slow") {
    asio::steady_timer timer{co_await asio::this_coro::executor};
    timer.expires_after(std::chrono::milliseconds(std::stoi(parse_query(request.query)[0].second)));
    co_await timer.async_wait(asio::use_awaitable);
    result.response.body = "late";
  } else if (request.path == "/throw") {
    throw std::runtime_error("thrown on purpose");
  } else {
    result.response = plain_error(404, request.path);
  }
  co_return result;
}

TestServer::TestServer(ServerLimits limits, Handler handler, int threads)
    : pool(static_cast<std::size_t>(threads)) {
  server =
      std::make_unique<HttpServer>(pool.get_executor(), std::move(handler), plain_error, limits);
  const auto listening = server->listen("127.0.0.1", 0);
  if (!listening) throw std::runtime_error(listening.error().detail);
}

TestServer::~TestServer() {
  stop();
  server.reset();
  pool.join();
}

std::string TestServer::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port()) + path;
}

void TestServer::stop() {
  get(asio::co_spawn(pool, server->stop(), asio::use_future));
}

RawClient::RawClient(std::uint16_t port) : socket_(context_) {
  socket_.connect({asio::ip::make_address("127.0.0.1"), port});
  timeval deadline{.tv_sec = patience.count(), .tv_usec = 0};
  setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
}

void RawClient::send(const std::string& bytes) {
  boost::system::error_code ignored;  // the server may refuse before it has read everything
  asio::write(socket_, asio::buffer(bytes), ignored);
}

std::string RawClient::read_some() {
  char piece[4096];
  const ssize_t got = recv(socket_.native_handle(), piece, sizeof piece, 0);
  if (got > 0) return {piece, static_cast<std::size_t>(got)};
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? "<timeout>" : "";
}

std::string RawClient::read_all() {
  std::string all;
  for (std::string piece = read_some(); !piece.empty(); piece = read_some()) {
    all += piece;
    if (piece == "<timeout>") break;
  }
  return all;
}

std::string RawClient::read_until(const std::string& mark) {
  std::string all;
  std::size_t from = 0;  // no mark begins before it
  while (all.find(mark, from) == std::string::npos) {
    const std::string piece = read_some();
    if (piece.empty() || piece == "<timeout>") return all + "<ended>";
    from = all.size() < mark.size() ? 0 : all.size() - mark.size() + 1;
    all += piece;
  }
  return all;
}

void RawClient::reset() {
  reset_socket(socket_);
}

RawServer::RawServer(std::function<void(tcp::socket&)> talk)
    : acceptor_(context_, {asio::ip::make_address("127.0.0.1"), 0}), talk_(std::move(talk)) {
  thread_ = std::thread([this] {
    while (!stopping_) {
      boost::system::error_code error;
      tcp::socket socket{context_};
      acceptor_.accept(socket, error);
      if (error || stopping_) return;
      ++accepted_;
      timeval deadline{.tv_sec = patience.count(), .tv_usec = 0};
      setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
      talk_(socket);
    }
  });
}

RawServer::~RawServer() {
  stopping_ = true;
  asio::io_context context;
  tcp::socket knock{context};
  boost::system::error_code ignored;
  knock.connect(acceptor_.local_endpoint(), ignored);
  thread_.join();
}

std::string RawServer::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + path;
}

std::string read_head(tcp::socket& socket) {
  std::string text;
  char piece[4096];
  while (text.find("\r\n\r\n") == std::string::npos) {
    const ssize_t got = recv(socket.native_handle(), piece, sizeof piece, 0);
    if (got <= 0) break;
    text.append(piece, static_cast<std::size_t>(got));
  }
  return text;
}

void write_text(tcp::socket& socket, const std::string& text) {
  boost::system::error_code ignored;  // the client may leave early, that is what tests are for
  asio::write(socket, asio::buffer(text), ignored);
}

void reset_socket(tcp::socket& socket) {
  boost::system::error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

ClientResult fetch(HttpClient& client, ClientRequest request) {
  auto promise = std::make_shared<std::promise<ClientResult>>();
  auto future = promise->get_future();
  client.send(std::move(request), asio::system_executor(),
              [promise](ClientResult result) { promise->set_value(std::move(result)); });
  return get(std::move(future));
}

ClientRequest get_request(const std::string& url) {
  ClientRequest request;
  request.url = url;
  return request;
}

ClientRequest post_request(const std::string& url, const std::string& body) {
  ClientRequest request = get_request(url);
  request.method = "POST";
  request.body = body;
  return request;
}

}  // namespace sequent::net::test
