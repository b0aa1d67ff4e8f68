#include "tests/cli/cluster_support.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <catch2/catch.hpp>

#include "net/http_client.hpp"

namespace sequent::cli::test {

namespace asio = boost::asio;

Answer ask(const std::string& method, const std::string& url, const std::string& body,
           const net::Headers& headers) {
  asio::io_context io;
  net::HttpClient client;
  net::ClientRequest request{.method = method, .url = url, .headers = headers, .body = body};
  request.timeout_ms = 90'000;
  if (!body.empty() && request.headers.find("Content-Type") == nullptr)
    request.headers.add("Content-Type", "application/json");
  Answer answer;
  client.send(std::move(request), io.get_executor(), [&answer](net::ClientResult result) {
    if (!result) return;
    answer.status = result->status;
    answer.text = result->body;
    answer.body = parse_json(result->body).value_or(Json());
  });
  io.run();
  return answer;
}

bool in_time(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    ::usleep(20'000);
  }
  return true;
}

namespace {

std::vector<std::string> serve_words(const std::string& store,
                                     const ClusterNode::Options& options) {
  std::vector<std::string> words{"serve", "--json", "--listen", "127.0.0.1:0", "--store", store};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  return words;
}

Variables serve_variables(const std::string& name, const ClusterNode::Options& options) {
  Variables variables = options.variables;
  variables["SEQUENT_NODE"] = name;
  return variables;
}

}  // namespace

ClusterNode::ClusterNode(const std::string& store, const std::string& node, const Options& options)
    : process(serve_words(store, options), serve_variables(node, options)), name(node) {
  const auto line = parse_json(process.first_line());
  if (!line) FAIL(process.wait().error);
  url = text_of(*line, "url");
}

void ClusterNode::deploy(const std::string& file) const {
  const auto deployed = sequent({"deploy", file, "--server", url});
  INFO(deployed.error);
  REQUIRE(deployed.code == 0);
}

std::string ClusterNode::start(const std::string& workflow, const Json& input) const {
  const auto started = ask("POST", url + "/api/v1/workflows/" + workflow + "/runs", input.dump());
  INFO(started.status << " " << started.text);
  REQUIRE(started.status / 100 == 2);
  return text_of(started.body, "id");
}

double ClusterNode::metric(const std::string& metric_name) const {
  const auto page = ask("GET", url + "/metrics").text;
  const auto at = page.find("\n" + metric_name + " ");
  return at == std::string::npos ? -1 : std::stod(page.substr(at + metric_name.size() + 2));
}

void ClusterNode::die() {
  process.signal(SIGKILL);
  static_cast<void>(process.wait());
}

bool ClusterNode::stop() {
  process.signal(SIGTERM);
  return process.wait().code == 0;
}

std::string leader_of(const sequent::test::PostgresServer& database, const std::string& schema) {
  return database.value("SELECT owner FROM " + schema + ".partition WHERE partition_id = 0");
}

std::int64_t steady_now_ms() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

CountingProvider::CountingProvider() {
  auto handler = [this](const net::ServerRequest& request) { return take(request); };
  auto error_body = [](int status, std::string detail) {
    return net::ServerResponse{status, {}, std::move(detail)};
  };
  server_ = std::make_unique<net::HttpServer>(pool_.get_executor(), handler, error_body);
  REQUIRE(server_->listen("127.0.0.1", 0));
}

CountingProvider::~CountingProvider() {
  asio::co_spawn(pool_, server_->stop(), asio::use_future).wait_for(patience);
  pool_.stop();
  pool_.join();
}

std::string CountingProvider::url() const {
  return "http://127.0.0.1:" + std::to_string(server_->port());
}

std::vector<CountingProvider::Call> CountingProvider::calls() const {
  const std::lock_guard lock{mutex_};
  return calls_;
}

std::size_t CountingProvider::count() const {
  const std::lock_guard lock{mutex_};
  return calls_.size();
}

void CountingProvider::forget() {
  const std::lock_guard lock{mutex_};
  calls_.clear();
  most_at_once_ = 0;
}

asio::awaitable<net::HandlerResult> CountingProvider::take(net::ServerRequest request) {
  net::HandlerResult result;
  result.response.status = answers;
  {
    const std::lock_guard lock{mutex_};
    calls_.push_back({.path = request.path,
                      .key = request.headers.value("Idempotency-Key"),
                      .at_ms = steady_now_ms(),
                      .status = result.response.status});
    most_at_once_ = std::max<int>(most_at_once_, ++at_once_);
  }
  if (delay_ms > 0) {
    asio::steady_timer timer{pool_, std::chrono::milliseconds(delay_ms)};
    co_await timer.async_wait(asio::use_awaitable);
  }
  --at_once_;
  result.response.headers.add("Content-Type", "application/json");
  result.response.body = "{}";
  co_return result;
}

std::size_t most_within(std::vector<std::int64_t> times, std::int64_t window_ms) {
  std::ranges::sort(times);
  std::size_t most = 0, first = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    while (times[i] - times[first] >= window_ms) ++first;
    most = std::max(most, i - first + 1);
  }
  return most;
}

}  // namespace sequent::cli::test
