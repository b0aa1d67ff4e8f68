#pragma once
// The real program on a free port with data of its own, and a client that talks HTTP to it.
#include <boost/asio/thread_pool.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "net/http_client.hpp"
#include "net/http_server.hpp"
#include "tests/cli/support.hpp"

namespace sequent::bad_input {

namespace asio = boost::asio;
using cli::test::Folder;
using cli::test::Process;
using cli::test::sequent;

struct Answer {
  int status = 0;
  net::Headers headers;
  std::string text;
  Json json;  // null when the body is none

  [[nodiscard]] std::string problem() const;  // last segment of `type`
  [[nodiscard]] std::string says() const;     // `detail` and `errors`
};

class Client {
 public:
  [[nodiscard]] Answer send(net::ClientRequest request);

 private:
  asio::thread_pool pool_{1};
  net::HttpClient http_;
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;

class Engine {
 public:
  explicit Engine(const Folder& folder, const std::string& config = "",
                  const cli::test::Variables& variables = {});

  Answer call(const std::string& method, const std::string& path, const std::string& body = "",
              const HeaderList& headers = {{"Content-Type", "application/json"}});
  Answer get(const std::string& path) { return call("GET", path, "", {}); }
  Answer post(const std::string& path, const std::string& body = "{}");
  /// A workflow test/`name`:1.0.0 with these tasks (YAML, indented by two), and more of its top level.
  void deploy(const std::string& name, const std::string& tasks, const std::string& more = "",
              const std::string& metadata = "");
  /// Starts it and waits for its end.
  Answer run(const std::string& name, const std::string& input = "{}");
  /// Polls until the run has `status`.
  Json await_status(const std::string& id, const std::string& status);
  /// Polls until there is a run and it has `status`.
  Json await_one_run(const std::string& status);
  /// Sends these bytes as they are and reads until the server closes.
  [[nodiscard]] std::string raw(const std::string& bytes) const;
  [[nodiscard]] int stop();  // its exit code

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] std::string address() const;  // HOST:PORT
  [[nodiscard]] int pid() const { return process_.pid(); }

 private:
  Process process_;
  std::string url_;
  Client client_;
};

/// A provider that answers every request with the same thing.
class Provider {
 public:
  explicit Provider(net::Handler handler);
  ~Provider();
  [[nodiscard]] std::string url() const;

 private:
  asio::thread_pool pool_{1};
  net::HttpServer server_;
};

/// Checks the shape that every refusal has: problem+json, a type with a page, words that help.
void check_refusal(Engine& engine, const Answer& answer, int status, const std::string& problem,
                   const std::string& says);

}  // namespace sequent::bad_input
