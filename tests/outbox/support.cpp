#include "support.hpp"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

extern char** environ;

namespace sequent::outbox::test {

namespace asio = boost::asio;

bool eventually(const std::function<bool()>& true_now) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!true_now()) {
    if (std::chrono::steady_clock::now() > end) return false;
    ::usleep(5'000);
  }
  return true;
}

Folder::Folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sequent-outbox-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) FAIL("cannot make a folder for the test");
  path_ = pattern;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Emitter::Emitter() {
  open();
}

void Emitter::open() {
  persistence::SqliteOptions options;
  options.directory = folder_.path();
  options.partitions = 1;
  auto opened = persistence::SqliteStore::open(options);
  if (!opened) FAIL(opened.error().detail);
  store_ = *std::move(opened);
  const auto joined = store_->acquire({.node = "node-1", .now = 1, .ttl = 10'000});
  if (!joined) FAIL(joined.error().detail);
  epoch_ = joined->leases.front().epoch;
}

void Emitter::reopen() {
  store_.reset();
  open();
}

void Emitter::commit(std::vector<Json> events) {
  const auto now = runtime::SystemClock{}.now();
  runtime::InstanceChange change;
  ++drawn_;
  change.id = InstanceId::make(now, runtime::system_seed(), 0);
  change.start.emplace();
  change.start->workflow_namespace = "test";
  change.start->name = "emitter";
  change.start->version = "1.0.0";
  change.start->digest = "d";
  change.start->started_at = now;
  change.start->started_by = "tests";
  change.first_seq = change.last_seq = 1;
  change.records = R"([{"seq":1}])";
  change.at = now;
  change.row.status = "running";
  change.row.updated_at = now;
  change.emitted = std::move(events);
  runtime::Batch batch;
  batch.epoch = epoch_;
  batch.changes.push_back(std::move(change));
  const auto results = store_->commit({&batch, 1});
  REQUIRE_FALSE(results.front().fenced);
}

void Emitter::emit(const std::vector<std::string>& ids) {
  std::vector<Json> events;
  for (const auto& id : ids)
    events.push_back({{"specversion", "1.0"},
                      {"id", id},
                      {"source", "tests"},
                      {"type", "com.example." + id.substr(0, id.find_first_of("0123456789"))},
                      {"data", {{"of", id}}}});
  commit(std::move(events));
}

void Emitter::emit_event(Json event) {
  commit({std::move(event)});
}

std::int64_t Emitter::cursor(const std::string& sink) {
  return store_->open_sink(sink, false, 1);
}

PublisherOptions quick(const std::string& name) {
  PublisherOptions options;
  options.name = name;
  options.first_pause_ms = 10;
  options.longest_pause_ms = 40;
  return options;
}

Running::Running(PublisherOptions options, std::unique_ptr<Sink> sink, runtime::Outbox& log)
    : log_(log),
      publisher_(std::move(options), std::move(sink), log, clock_, runtime::seeded_random(1)) {
  log_.when_emitted([this] { publisher_.wake(); });
  publisher_.start();
}

Running::~Running() {
  log_.when_emitted(nullptr);
}

Receiver::Receiver() {
  auto handler = [this](const net::ServerRequest& request) { return take(request); };
  auto error_body = [](int status, std::string detail) {
    return net::ServerResponse{status, {}, std::move(detail)};
  };
  net::ServerLimits limits;
  limits.drain_timeout_ms = 0;
  server_ = std::make_unique<net::HttpServer>(pool_.get_executor(), handler, error_body, limits);
  REQUIRE(server_->listen("127.0.0.1", 0));
}

Receiver::~Receiver() {
  asio::co_spawn(pool_, server_->stop(), asio::use_future).wait_for(patience);
  pool_.stop();
  pool_.join();
}

void Receiver::next(std::vector<Next> answers) {
  const std::lock_guard lock{mutex_};
  next_.assign(answers.begin(), answers.end());
}

std::string Receiver::url() const {
  return "http://127.0.0.1:" + std::to_string(server_->port()) + "/events";
}

std::vector<std::string> Receiver::ids() const {
  std::vector<std::string> ids;
  for (const auto& got : got()) {
    const auto* header = got.headers.find("ce-id");
    const auto body = parse_json(got.body);
    ids.push_back(header != nullptr ? *header : body ? text_of(*body, "id") : "?");
  }
  return ids;
}

std::vector<Receiver::Got> Receiver::got() const {
  const std::lock_guard lock{mutex_};
  return got_;
}

asio::awaitable<net::HandlerResult> Receiver::take(net::ServerRequest request) {
  ++requests_;
  Next next = Next::take;
  {
    const std::lock_guard lock{mutex_};
    if (!next_.empty()) {
      next = next_.front();
      next_.pop_front();
    }
    if (next == Next::take || next == Next::take_and_die)
      got_.push_back({request.headers, request.body});
  }
  net::HandlerResult result;
  result.response.status = 202;
  if (next == Next::refuse) result.response.status = 400;
  if (next == Next::busy) {
    result.response.status = 503;
    result.response.headers.set("Retry-After", "0");
  }
  result.reset_connection = next == Next::take_and_die || next == Next::die;
  if (next == Next::hang) {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer{executor, std::chrono::seconds(20)};
    auto token = asio::as_tuple(asio::use_awaitable);
    co_await timer.async_wait(token);
  }
  co_return result;
}

Redis::Redis(const std::vector<std::string>& settings) : settings_(settings) {
  asio::io_context io;
  asio::ip::tcp::acceptor free{io, {asio::ip::make_address("127.0.0.1"), 0}};
  port_ = free.local_endpoint().port();
  free.close();
  start();
}

Redis::~Redis() {
  stop();
}

void Redis::start() {
  std::vector<std::string> words{"redis-server", "--port",    std::to_string(port_),
                                 "--bind",       "127.0.0.1", "--dir",
                                 folder_.path(), "--save",    "",
                                 "--appendonly", "no",        "--daemonize",
                                 "no",           "--logfile", folder_.path() + "/log"};
  words.insert(words.end(), settings_.begin(), settings_.end());
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  if (posix_spawnp(&pid_, "redis-server", nullptr, nullptr, arguments.data(), environ) != 0)
    FAIL("redis-server can't be started: is the package redis-server installed?");
  REQUIRE(eventually([this] {
    const auto answer = ask({"PING"});
    return answer == "PONG" || (answer.is_object() && answer.contains("error") &&
                                answer.at("error").get<std::string>().starts_with("NOAUTH"));
  }));
}

void Redis::stop() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void Redis::pause() {
  ::kill(pid_, SIGSTOP);
}

void Redis::go_on() {
  ::kill(pid_, SIGCONT);
}

namespace {

Json json_of(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_INTEGER) return reply.integer;
  if (reply.type == REDIS_REPLY_ERROR) return {{"error", std::string(reply.str, reply.len)}};
  if (reply.type == REDIS_REPLY_ARRAY) {
    Json list = Json::array();
    for (std::size_t i = 0; i < reply.elements; ++i) list.push_back(json_of(*reply.element[i]));
    return list;
  }
  if (reply.str != nullptr) return std::string(reply.str, reply.len);
  return nullptr;
}

}  // namespace

Json Redis::ask(const std::vector<std::string>& words) const {
  const timeval limit{.tv_sec = 10, .tv_usec = 0};
  redisContext* context = redisConnectWithTimeout("127.0.0.1", port_, limit);
  if (context == nullptr || context->err != 0) {
    redisFree(context);
    return nullptr;
  }
  redisSetTimeout(context, limit);
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const auto& word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  auto* reply = static_cast<redisReply*>(
      redisCommandArgv(context, static_cast<int>(words.size()), texts.data(), sizes.data()));
  Json answer;
  if (reply != nullptr) answer = json_of(*reply);
  freeReplyObject(reply);
  redisFree(context);
  return answer;
}

std::vector<std::string> Redis::entries(const std::string& stream, const std::string& field) const {
  const auto answer = ask({"XRANGE", stream, "-", "+"});
  std::vector<std::string> values;
  if (!answer.is_array()) return values;
  for (const auto& entry : answer)
    for (std::size_t i = 0; i + 1 < entry.at(1).size(); i += 2)
      if (entry.at(1).at(i) == field) values.push_back(entry.at(1).at(i + 1).get<std::string>());
  return values;
}

}  // namespace sequent::outbox::test
