#include "support.hpp"

#include <cstdlib>
#include <thread>

#include "activities/debug/debug.hpp"
#include "engine/runtime/record_operations.hpp"

namespace sequent::api::test {
namespace {

constexpr std::chrono::seconds patience{30};

template <class T>
T get_soon(std::future<T> future) {
  if (future.wait_for(patience) != std::future_status::ready)
    throw std::runtime_error("nothing came within 30 s");
  return future.get();
}

}  // namespace

const std::string echo_tasks = "  - greet: {call: debug.echo, with: {hello: '${ .name }'}}\n";
const std::string failing_tasks =
    "  - charge: {call: debug.fail, with: {outcome: permanent, status: 402, message: declined}}\n";
const std::string listening_tasks =
    "  - awaitPayment: {listen: {to: {one: {with: {type: com.test.paid}}}}}\n";

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "sequent-api-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

std::string Reply::problem() const {
  const auto type = text_of(json, "type");
  return type.substr(type.rfind('/') + 1);
}

TestNode::TestNode(ApiConfig config, Begin begin, net::ServerLimits limits) {
  activities_.add(std::make_unique<activities::debug::Echo>());
  activities_.add(std::make_unique<activities::debug::Fail>());
  for (auto& spec : runtime::record_activities()) activities_.add_in_store(std::move(spec));
  persistence::SqliteOptions options;
  options.directory = folder_.path.string();
  options.partitions = 4;
  auto opened = persistence::SqliteStore::open(options);
  if (!opened) throw std::runtime_error(opened.error().detail);
  store_ = std::move(*opened);
  const runtime::Ports ports{*store_, *store_, *store_, clock_, activities_, store_.get()};
  engine_ =
      std::make_unique<runtime::Engine>(runtime::EngineConfig{}, ports, loops_.get_executor());
  if (begin == Begin::started) {
    const auto started = engine_->start();
    if (!started) throw std::runtime_error(started.error().detail);
  }
  start_worker();
  const ApiPorts through{*engine_,
                         *store_,
                         *store_,
                         *store_,
                         *store_,
                         activities_,
                         clock_,
                         pool_,
                         store_->repairs(),
                         [this] {
                           if (repair_) repair_->wake();
                         }};
  api_ = std::make_unique<Api>(std::move(config), through);
  server_ = std::make_unique<net::HttpServer>(loops_.get_executor(), api_->handler(),
                                              api_->error_body(), limits);
  server_->date_by([this] { return clock_.now(); });
  const auto listening = server_->listen("127.0.0.1", 0);
  if (!listening) throw std::runtime_error(listening.error().detail);
}

TestNode::~TestNode() {
  get_soon(asio::co_spawn(loops_, server_->stop(), asio::use_future));
  stop_worker();
  get_soon(asio::co_spawn(loops_, engine_->stop(2'000), asio::use_future));
  server_.reset();
  engine_.reset();
  pool_.join();
  loops_.join();
}

void TestNode::start_worker(const repair::WorkerSettings& settings,
                            std::function<std::optional<Epoch>()> leadership) {
  repair_ = std::make_shared<repair::Worker>(
      repair::WorkerPorts{*engine_, store_->repairs(), *store_, clock_, pool_},
      loops_.get_executor(), settings, std::move(leadership));
  repair_->start();
}

void TestNode::stop_worker() {
  if (!repair_) return;
  get_soon(asio::co_spawn(loops_, repair_->stop(), asio::use_future));
  repair_.reset();
}

Result<void> TestNode::act(
    const std::function<asio::awaitable<Result<void>>(runtime::Engine&)>& action) {
  return get_soon(asio::co_spawn(loops_, action(*engine_), asio::use_future));
}

Reply TestNode::call(const std::string& method, const std::string& path, const std::string& body,
                     const HeaderList& headers) {
  net::ClientRequest request;
  request.method = method;
  request.url = "http://127.0.0.1:" + std::to_string(port()) + path;
  request.body = body;
  for (const auto& [name, value] : headers) request.headers.add(name, value);
  auto answering = asio::co_spawn(loops_, client_.send(std::move(request)), asio::use_future);
  const auto answer = get_soon(std::move(answering));
  if (!answer) throw std::runtime_error(path + ": " + answer.error().message);
  Reply reply{.status = answer->status, .headers = answer->headers, .text = answer->body};
  if (auto json = parse_json(answer->body)) reply.json = *std::move(json);
  return reply;
}

Reply TestNode::get(const std::string& path, const HeaderList& headers) {
  return call("GET", path, "", headers);
}

Reply TestNode::post(const std::string& path, const std::string& body, HeaderList headers) {
  bool typed = false;
  for (const auto& [name, value] : headers) typed = typed || name == "Content-Type";
  if (!typed) headers.emplace_back("Content-Type", "application/json");
  return call("POST", path, body, headers);
}

Reply TestNode::deploy(const std::string& yaml) {
  return post("/api/v1/workflows", yaml, {{"Content-Type", "application/yaml"}});
}

std::string TestNode::start(const std::string& name, const std::string& input,
                            const std::string& query) {
  const auto reply = post("/api/v1/workflows/test/" + name + "/runs" + query, input);
  if (reply.status > 201) throw std::runtime_error(reply.text);
  return text_of(reply.json, "id");
}

Json TestNode::await_status(const std::string& id, const std::string& status) {
  Json run;
  const auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until) {
    run = get("/api/v1/runs/" + id).json;
    if (text_of(run, "status") == status) return run;
    std::this_thread::yield();
  }
  throw std::runtime_error("the run never was " + status + ": " + run.dump());
}

std::string workflow(const std::string& name, const std::string& tasks, const std::string& metadata,
                     const std::string& version) {
  std::string text = "document:\n  dsl: 1.0.3\n  namespace: test\n  name: " + name +
                     "\n  version: " + version + "\n";
  if (!metadata.empty()) text += "  metadata: {" + metadata + "}\n";
  return text + "do:\n" + tasks;
}

}  // namespace sequent::api::test
