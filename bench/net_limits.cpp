// How many small keep-alive requests a second the HTTP server answers on N threads, and how many
// the HTTP client sends, on this machine, right now. The server's load comes from bare sockets on
// threads of their own, so half of the machine's work here is the load itself.
//   bench_net_limits [seconds=3] [server threads=2] [connections=64]
#include <boost/asio.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <thread>
#include <vector>

#include "net/http_client.hpp"
#include "net/http_server.hpp"

namespace {

namespace asio = boost::asio;
using namespace sequent::net;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

const std::string request_text =
    "POST /api/v1/ping HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    "Content-Length: 15\r\n\r\n{\"hello\":\"you\"}";

asio::awaitable<HandlerResult> answer(const ServerRequest& request) {
  HandlerResult result;
  result.response.headers.add("Content-Type", "application/json");
  result.response.body = request.body;
  co_return result;
}

ServerResponse error_body(int status, std::string detail) {
  ServerResponse response;
  response.status = status;
  response.body = std::move(detail);
  return response;
}

// One connection: ask, wait for the answer, ask again.
asio::awaitable<void> keep_asking(std::uint16_t port, Clock::time_point end, long& answered) {
  tcp::socket socket{co_await asio::this_coro::executor};
  const tcp::endpoint server{asio::ip::make_address("127.0.0.1"), port};
  co_await socket.async_connect(server, asio::use_awaitable);
  socket.set_option(tcp::no_delay(true));
  char space[4096];
  while (Clock::now() < end) {
    const auto out = asio::buffer(request_text);
    co_await asio::async_write(socket, out, asio::use_awaitable);
    const auto in = asio::buffer(space);
    const std::size_t size = co_await socket.async_read_some(in, asio::use_awaitable);
    if (std::string_view{space, size}.find("\r\n\r\n{\"hello\"") == std::string_view::npos)
      throw std::runtime_error("expected the echo in one piece");
    ++answered;
  }
}

double measure_server(std::uint16_t port, int seconds, int connections) {
  constexpr int load_threads = 2;
  std::vector<std::future<long>> counts;
  for (int thread = 0; thread < load_threads; ++thread) {
    counts.push_back(std::async(std::launch::async, [=] {
      asio::io_context context{1};
      long answered = 0;
      const auto end = Clock::now() + std::chrono::seconds(seconds);
      for (int i = 0; i < connections / load_threads; ++i)
        asio::co_spawn(context, keep_asking(port, end, answered), [](const std::exception_ptr& e) {
          if (e) std::rethrow_exception(e);
        });
      context.run();
      return answered;
    }));
  }
  long total = 0;
  for (auto& count : counts) total += count.get();
  return static_cast<double>(total) / seconds;
}

// `width` requests in flight, each answer starting the next request, on the client's one thread.
double measure_client(std::uint16_t port, int seconds, int width) {
  HttpClient client;
  asio::thread_pool pool{1};
  std::atomic<long> answered{0};
  const auto end = Clock::now() + std::chrono::seconds(seconds);
  auto ask = [&]() -> asio::awaitable<void> {
    while (Clock::now() < end) {
      ClientRequest request;
      request.method = "POST";
      request.url = "http://127.0.0.1:" + std::to_string(port) + "/api/v1/ping";
      request.body = "{\"hello\":\"you\"}";
      const ClientResult result = co_await client.send(std::move(request));
      if (!result) throw std::runtime_error(result.error().message);
      ++answered;
    }
  };
  for (int i = 0; i < width; ++i)
    asio::co_spawn(pool, ask, [](const std::exception_ptr& e) {
      if (e) std::rethrow_exception(e);
    });
  pool.join();
  return static_cast<double>(answered.load()) / seconds;
}

}  // namespace

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 3;
  const int threads = argc > 2 ? std::atoi(argv[2]) : 2;
  const int connections = argc > 3 ? std::atoi(argv[3]) : 64;
  if (seconds < 1 || threads < 1 || connections < 2) {
    std::fprintf(stderr,
                 "usage: bench_net_limits [seconds >= 1] [threads >= 1] [connections >= 2]\n");
    return 2;
  }
  asio::thread_pool pool{static_cast<std::size_t>(threads)};
  HttpServer server{pool.get_executor(), answer, error_body};
  const auto listening = server.listen("127.0.0.1", 0);
  if (!listening) {
    std::fprintf(stderr, "%s\n", listening.error().detail.c_str());
    return 1;
  }
  std::printf("server, %d threads, %d connections: %.0f requests/s\n", threads, connections,
              measure_server(server.port(), seconds, connections));
  for (const int width : {1, 64, 1000})
    std::printf("client, %d in flight: %.0f requests/s\n", width,
                measure_client(server.port(), seconds, width));
  asio::co_spawn(pool, server.stop(), asio::use_future).get();
  pool.join();
  return 0;
}
