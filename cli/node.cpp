#include "cli/node.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio.hpp>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "activities/aws/notification_poller.hpp"
#include "activities/register.hpp"
#include "api/api.hpp"
#include "cli/housekeeping.hpp"
#include "cli/provider_lists.hpp"
#include "cli/workflow_loading.hpp"
#include "engine/repair/worker.hpp"
#include "net/http_client.hpp"
#include "outbox/publishing.hpp"
#include "persistence/database.hpp"

namespace sequent::cli {
namespace {

namespace asio = boost::asio;
using Strand = asio::strand<asio::io_context::executor_type>;

constexpr int api_threads = 4;  // for what blocks: lists, searches, audits

Result<std::vector<std::string>> read_all(const std::vector<Credential>& credentials) {
  std::vector<std::string> secrets;
  for (const auto& credential : credentials) {
    auto secret = credential.read();
    if (!secret)
      return fail(ErrorCode::invalid_request, "A webhook secret: " + secret.error().detail + ".");
    secrets.push_back(*std::move(secret));
  }
  return secrets;
}

Result<api::ApiConfig> api_config(const Config& config) {
  api::ApiConfig out;
  auto stripe = read_all(config.stripe_webhook_secrets);
  if (!stripe) return std::unexpected(stripe.error());
  out.stripe_webhook_secrets = *std::move(stripe);
  for (const auto& source : config.webhooks.sources) {
    auto secrets = read_all(source.secrets);
    if (!secrets) return std::unexpected(secrets.error());
    out.webhook_sources.push_back(source.how);
    out.webhook_sources.back().secrets = *std::move(secrets);
  }
  out.webhook_tolerance_seconds = config.webhooks.tolerance_seconds;
  out.allow_unsigned_webhooks = config.webhooks.allow_unsigned;
  return out;
}

api::ApiConfig with_metrics(api::ApiConfig config, const outbox::Publishing& publishing) {
  config.more_metrics = [&publishing] { return publishing.metrics(); };
  return config;
}

std::string spelled_url(const std::string& host, std::uint16_t port) {
  const bool bare_v6 = host.find(':') != std::string::npos;
  return "http://" + (bare_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::int64_t unfinished(runtime::RunQueries& runs) {
  runtime::RunFilter filter;
  filter.statuses = {"pending", "running", "waiting", "suspended"};
  const auto groups = runs.aggregate(filter, {"status"}, filter.statuses.size());
  std::int64_t count = 0;
  if (groups)
    for (const auto& group : *groups) count += group.count;
  return count;
}

}  // namespace

// Members are destroyed from the last to the first: whoever uses another stands below it.
struct Node::Impl {
  Impl(std::shared_ptr<const Config> with, runtime::Clock& time,
       std::unique_ptr<persistence::Database> opened, api::ApiConfig api_settings);

  asio::awaitable<Result<void>> serve(std::function<void(const Serving&)> began);
  asio::awaitable<Result<void>> open_doors();
  asio::awaitable<void> shut_down();
  asio::awaitable<Result<void>> keep_notification(Json event);

  std::shared_ptr<const Config> config;
  runtime::Clock& clock;
  asio::io_context io;
  Strand strand;
  asio::signal_set signals;
  std::unique_ptr<persistence::Database> store;
  net::HttpClient http;
  outbox::Publishing publishing;
  runtime::ActivityRegistry activities;
  runtime::Engine engine;
  Housekeeping housekeeping;
  asio::thread_pool pool{api_threads};
  std::shared_ptr<repair::Worker> repair;  // of batches
  api::Api api;
  net::HttpServer server;
  std::string host;
  std::unique_ptr<activities::aws::NotificationPoller>
      notifications;  // none: no queue is configured
};

Node::Impl::Impl(std::shared_ptr<const Config> with, runtime::Clock& time,
                 std::unique_ptr<persistence::Database> opened, api::ApiConfig api_settings)
    : config(std::move(with)),
      clock(time),
      io(config->engine.threads),
      strand(asio::make_strand(io)),
      signals(strand, SIGINT, SIGTERM),
      store(std::move(opened)),
      http(config->outbound),
      publishing(config->sinks, http, *store, clock, [this] { return engine.leadership(); }),
      engine(config->engine, runtime::Ports{*store, *store, *store, clock, activities, store.get()},
             io.get_executor()),
      housekeeping(engine, *store, clock, parse_retention(config->retention)),
      repair(std::make_shared<repair::Worker>(
          repair::WorkerPorts{engine, store->repairs(), *store, clock, pool}, io.get_executor(),
          repair::WorkerSettings{}, [this] { return engine.leadership(); })),
      api(with_metrics(std::move(api_settings), publishing),
          api::ApiPorts{engine, *store, *store, *store, *store, activities, clock, pool,
                        store->repairs(), [this] { repair->wake(); }, &publishing,
                        provider_lists(config->providers.stripe, http)}),
      server(io.get_executor(), api.handler(), api.error_body(), config->http) {
  server.date_by([&time] { return time.now(); });
  store->when_batches_open([worker = repair] { worker->wake(); });
  engine.when_leading([this] {
    publishing.wake();
    repair->wake();
  });
  activities::register_activities(activities, config->providers, http);
  const auto& aws = config->providers.aws;
  if (aws.notifications.queue_url.empty()) return;
  auto keep = [this](Json event) { return keep_notification(std::move(event)); };
  notifications = std::make_unique<activities::aws::NotificationPoller>(aws, http, clock,
                                                                        std::move(keep), strand);
}

// Kept, de-duplicated and routed as a webhook's event is.
asio::awaitable<Result<void>> Node::Impl::keep_notification(Json event) {
  auto delivering = engine.deliver(std::move(event), "aws");
  const auto delivered = co_await std::move(delivering);
  if (!delivered) co_return std::unexpected(delivered.error());
  co_return Result<void>{};
}

// The door opens last: whoever gets an answer gets it from a node that has recovered.
asio::awaitable<Result<void>> Node::Impl::open_doors() {
  const auto started = engine.start();
  if (!started) co_return std::unexpected(started.error());
  if (!config->workflows.empty()) {
    auto loading = load_workflows(engine, activities, config->workflows);
    const auto loaded = co_await std::move(loading);
    if (!loaded) co_return std::unexpected(loaded.error());
  }
  const auto address = net::parse_listen_address(config->listen);
  if (!address) co_return std::unexpected(address.error());
  host = address->first;
  co_return server.listen(address->first, address->second);
}

// Both at once: callers that wait hear from the engine that it stops, and need not be cut off.
asio::awaitable<void> Node::Impl::shut_down() {
  if (notifications) {
    auto ending = notifications->stop();
    co_await std::move(ending);
  }
  asio::steady_timer closed{strand, asio::steady_timer::time_point::max()};
  bool is_closed = false;
  auto on_closed = [&closed, &is_closed](std::exception_ptr) {
    is_closed = true;
    closed.cancel();
  };
  asio::co_spawn(strand, server.stop(), std::move(on_closed));
  auto repair_ending = repair->stop();
  co_await std::move(repair_ending);
  auto stopping = engine.stop(config->drain_seconds * 1'000LL);
  co_await std::move(stopping);
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  while (!is_closed) co_await closed.async_wait(token);
}

asio::awaitable<Result<void>> Node::Impl::serve(std::function<void(const Serving&)> began) {
  auto opening = open_doors();
  const Result<void> open = co_await std::move(opening);
  if (open) {
    Serving serving;
    serving.url = spelled_url(host, server.port());
    serving.data = store->place();
    serving.workflows = engine.programs().size();
    serving.runs = unfinished(*store);
    began(serving);
    if (notifications) notifications->start();
    publishing.start();
    housekeeping.start();
    repair->start();
    constexpr auto token = asio::as_tuple(asio::use_awaitable);
    const auto [error, signal] = co_await signals.async_wait(token);
    spdlog::info("stopping on signal {}; a second one ends the process at once", signal);
  }
  // From here on nobody is asked again: kill -9 is always correct, so is this.
  signals.async_wait([](boost::system::error_code error, int) {
    if (!error) std::_Exit(EXIT_FAILURE);
  });
  auto stopping = shut_down();
  co_await std::move(stopping);
  signals.cancel();
  co_return open;
}

Node::Node(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Node::~Node() = default;

Result<std::unique_ptr<Node>> Node::open(std::shared_ptr<const Config> config,
                                         runtime::Clock& clock) {
  if (const auto address = net::parse_listen_address(config->listen); !address)
    return std::unexpected(address.error());
  auto settings = api_config(*config);
  if (!settings) return std::unexpected(settings.error());
  persistence::DatabaseOptions options;
  options.url = config->store;
  options.directory = config->data;
  options.node = config->engine.node;
  options.partitions = config->partitions;
  auto store = persistence::open_database(options);
  if (!store) return std::unexpected(store.error());
  auto impl =
      std::make_unique<Impl>(std::move(config), clock, *std::move(store), *std::move(settings));
  return std::unique_ptr<Node>(new Node(std::move(impl)));
}

Result<void> Node::run(const std::function<void(const Serving&)>& began) {
  Impl& node = *impl_;
  std::optional<Result<void>> outcome;
  std::exception_ptr failure;
  asio::co_spawn(node.strand, node.serve(began),
                 [&](std::exception_ptr thrown, Result<void> result) {
                   failure = thrown;
                   if (!thrown) outcome = std::move(result);
                   node.io.stop();
                 });
  // What a handler throws is our own bug: the process ends, and its journal is recovered.
  const auto turn = [&node]() noexcept { node.io.run(); };
  std::vector<std::jthread> threads;
  for (int i = 1; i < node.config->engine.threads; ++i) threads.emplace_back(turn);
  turn();
  threads.clear();  // joins
  node.pool.join();
  node.housekeeping.stop();
  node.publishing.stop();  // last: what the last batch emitted may still go out
  if (failure) std::rethrow_exception(failure);
  return *outcome;
}

}  // namespace sequent::cli
