#pragma once
// The server that W4 and W5 call: answers each POST after a while, and remembers who asked what.
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "net/http_server.hpp"

namespace sequent::bench {

class Answers {
 public:
  /// A call is POST /NAME; its answer comes after `delay_ms`.
  explicit Answers(int delay_ms);
  ~Answers();
  Answers(const Answers&) = delete;
  Answers& operator=(const Answers&) = delete;

  [[nodiscard]] std::uint16_t port() const;

  struct Counts {
    std::uint64_t calls = 0;
    std::uint64_t repeated = 0;   // calls of a name that had been called before
    std::uint64_t other_key = 0;  // repeated with another idempotency key than the first time
    std::uint64_t second = 0;     // names that end in "-2"
  };
  [[nodiscard]] Counts counts() const;

 private:
  boost::asio::awaitable<net::HandlerResult> answer(const net::ServerRequest& request);
  void remember(const std::string& name, const std::string& key);

  int delay_ms_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::string> keys_;
  Counts counts_;
  boost::asio::thread_pool pool_{1};
  std::unique_ptr<net::HttpServer> server_;
};

/// Serves until standard input ends; its port is the first line on standard output. W4's server runs
/// like this, in a process of its own, so that its work is not counted as ours.
int serve_answers(int delay_ms);

}  // namespace sequent::bench
