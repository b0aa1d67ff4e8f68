#pragma once
// Nodes of one cluster as users have them: processes on one PostgreSQL, asked over HTTP, and a
// provider that counts who called it.
#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <mutex>

#include "net/http_server.hpp"
#include "tests/cli/support.hpp"
#include "tests/support/postgres_server.hpp"

namespace sequent::cli::test {

struct Answer {
  int status = 0;  // 0: none came
  Json body;       // null when it is not JSON
  std::string text;
};
/// Sends one request and waits for its answer. threads  any
[[nodiscard]] Answer ask(const std::string& method, const std::string& url,
                         const std::string& body = {}, const net::Headers& headers = {});

/// Whether `condition` holds before our patience ends.
[[nodiscard]] bool in_time(const std::function<bool()>& condition);

class ClusterNode {
 public:
  struct Options {
    std::vector<std::string> arguments;  // of serve, more
    Variables variables;
  };
  /// Serves when it returns.
  ClusterNode(const std::string& store, const std::string& name, const Options& options = {});

  void deploy(const std::string& file) const;
  /// The run's id. `wait` seconds for its end.
  [[nodiscard]] std::string start(const std::string& workflow, const Json& input) const;
  /// The number behind the metric, or -1.
  [[nodiscard]] double metric(const std::string& name) const;
  void die();  // kill -9
  /// In order; whether it ended well.
  [[nodiscard]] bool stop();

  Process process;
  std::string name, url;
};

/// The process that has partition 0, its node's name first: what is done once in the cluster is done
/// there.
[[nodiscard]] std::string leader_of(const sequent::test::PostgresServer& database,
                                    const std::string& schema);

/// Takes POSTs, keeps when each came and under which key, and is down when told.
class CountingProvider {
 public:
  CountingProvider();
  ~CountingProvider();

  struct Call {
    std::string path, key;
    std::int64_t at_ms = 0;  // of the steady clock
    int status = 0;
  };
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::vector<Call> calls() const;
  [[nodiscard]] std::size_t count() const;
  [[nodiscard]] int most_at_once() const { return most_at_once_; }
  void forget();

  std::atomic<int> answers = 200;  // status
  std::atomic<int> delay_ms = 0;

 private:
  boost::asio::awaitable<net::HandlerResult> take(net::ServerRequest request);

  mutable std::mutex mutex_;
  std::vector<Call> calls_;
  std::atomic<int> at_once_ = 0, most_at_once_ = 0;
  boost::asio::thread_pool pool_{1};
  std::unique_ptr<net::HttpServer> server_;
};

/// How many entries lie in the fullest `window_ms`.
[[nodiscard]] std::size_t most_within(std::vector<std::int64_t> times, std::int64_t window_ms);
[[nodiscard]] std::int64_t steady_now_ms();

}  // namespace sequent::cli::test
