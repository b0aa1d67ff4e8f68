#pragma once
// A whole node on a free port: store in a folder of its own, engine, API, server, and a client.
#include <boost/asio.hpp>
#include <filesystem>
#include <future>

#include "api/api.hpp"
#include "engine/repair/worker.hpp"
#include "engine/runtime/system_clock.hpp"
#include "net/http_client.hpp"
#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::api::test {

namespace asio = boost::asio;

struct TemporaryFolder {
  TemporaryFolder();
  ~TemporaryFolder();
  std::filesystem::path path;
};

struct Reply {
  int status = 0;
  net::Headers headers;
  std::string text;
  Json json;  // null when the body is none

  /// Last segment of the problem's `type`.
  [[nodiscard]] std::string problem() const;
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;

class TestNode {
 public:
  enum class Begin { started, not_started };
  explicit TestNode(ApiConfig config = {}, Begin begin = Begin::started,
                    net::ServerLimits limits = {});
  ~TestNode();

  Reply call(const std::string& method, const std::string& path, const std::string& body = "",
             const HeaderList& headers = {});
  Reply get(const std::string& path, const HeaderList& headers = {});
  /// With Content-Type: application/json unless `headers` has another.
  Reply post(const std::string& path, const std::string& body, HeaderList headers = {});
  Reply deploy(const std::string& yaml);
  /// Starts a run of test/`name` and gives its id.
  std::string start(const std::string& name, const std::string& input = "{}",
                    const std::string& query = "");
  /// Polls until the run has `status`, or says what it has.
  Json await_status(const std::string& id, const std::string& status);

  /// Who works on batches, ended (as by a crash between two of its steps) and begun anew.
  void stop_worker();
  void start_worker(const repair::WorkerSettings& settings = {},
                    std::function<std::optional<Epoch>()> leadership = {});
  [[nodiscard]] persistence::SqliteStore& store() { return *store_; }
  /// Does one action as an operator would, and waits for it.
  Result<void> act(const std::function<asio::awaitable<Result<void>>(runtime::Engine&)>& action);

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }

 private:
  TemporaryFolder folder_;
  runtime::SystemClock clock_;
  runtime::ActivityRegistry activities_;
  std::unique_ptr<persistence::SqliteStore> store_;
  asio::thread_pool loops_{2};
  asio::thread_pool pool_{2};
  std::unique_ptr<runtime::Engine> engine_;
  std::shared_ptr<repair::Worker> repair_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<net::HttpServer> server_;
  net::HttpClient client_;
};

/// A workflow test/`name`:`version` whose tasks are `tasks` (YAML, indented by two).
std::string workflow(const std::string& name, const std::string& tasks,
                     const std::string& metadata = "", const std::string& version = "1.0.0");

extern const std::string echo_tasks, failing_tasks, listening_tasks;

}  // namespace sequent::api::test
