#pragma once
// A local server that records what it is sent and answers as the test says, and a way to run one
// activity against it.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/runtime/activity.hpp"
#include "net/http_client.hpp"
#include "net/http_server.hpp"

namespace sequent::tests {

inline constexpr Timestamp noon = 1'795'262'400'000;  // 2026-11-21T12:00:00Z

/// Answers a request. Nothing: no answer until the client gives up.
using Answer = std::function<std::optional<net::ServerResponse>(const net::ServerRequest&)>;

/// A server that gives every request the same answer.
[[nodiscard]] Answer always(net::ServerResponse response);

[[nodiscard]] net::ServerResponse json_response(int status, const Json& body);
[[nodiscard]] net::ServerResponse text_response(int status, std::string type, std::string body);

/// One thread, one event loop, one client; servers are made on demand.
class Bench {
  boost::asio::io_context io_;  // outlives the client, whose thread posts to it

 public:
  net::HttpClient client;

  Bench();
  ~Bench();

  /// A new server on a free port of 127.0.0.1; gives its base URL.
  std::string serve(Answer answer);
  [[nodiscard]] const std::vector<net::ServerRequest>& requests() const { return requests_; }

  template <class T>
  T await(boost::asio::awaitable<T> work) {
    std::optional<T> result;
    std::exception_ptr error;
    boost::asio::co_spawn(io_, std::move(work), [&](std::exception_ptr failed, T value) {
      error = failed;
      result.emplace(std::move(value));
    });
    io_.restart();  // it stops whenever it has nothing to do
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!result && std::chrono::steady_clock::now() < give_up)
      io_.run_one_for(std::chrono::milliseconds(100));
    if (error) std::rethrow_exception(error);
    if (!result) throw std::runtime_error("the activity did not end within a minute");
    return std::move(*result);
  }

 private:
  std::vector<std::unique_ptr<net::HttpServer>> servers_;
  std::vector<net::ServerRequest> requests_;
};

/// The first attempt of a task, at noon.
[[nodiscard]] runtime::Attempt first_attempt();

}  // namespace sequent::tests
