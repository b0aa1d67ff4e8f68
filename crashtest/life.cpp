#include "crashtest/life.hpp"

#include <boost/asio.hpp>
#include <future>

#include "activities/register.hpp"
#include "engine/runtime/system_clock.hpp"

namespace sequent::crashtest {
namespace {

namespace asio = boost::asio;

constexpr PartitionId partitions = 2;               // so that messages between them are tried too
constexpr DurationMs lease_ttl_ms = 6 * 3'600'000;  // days go by in few turns
constexpr DurationMs poll_again_ms = 1'000;         // after a poll that failed
constexpr int most_handlers = 1'000'000;            // of one turn: an endless loop ends the trial

runtime::EngineConfig engine_config(const std::shared_ptr<Programs>& programs) {
  runtime::EngineConfig config;
  config.node = "crashtest";
  config.threads = 1;
  config.lease_ttl_ms = lease_ttl_ms;
  config.secret = [](const std::string& name) -> std::optional<Json> {
    return Json("secret-" + name);
  };
  config.compile = [programs](const std::string& text, const definition::CompileOptions& options) {
    return programs->compile(text, options);
  };
  return config;
}

runtime::EngineParts parts_of(const LifeOptions& options, asio::io_context& io,
                              const std::shared_ptr<Agenda>& agenda) {
  runtime::EngineParts parts;
  parts.commits = runtime::inline_runner(io.get_executor());
  parts.reads = runtime::inline_runner(io.get_executor());
  parts.alarms = alarms_on(agenda);
  // A later life must not make the ids of an earlier one again.
  const auto seed = options.seed * 1'000'003 + static_cast<std::uint64_t>(options.number) * 4'099;
  parts.random = [seed](PartitionId partition) { return runtime::seeded_random(seed + partition); };
  return parts;
}

asio::awaitable<void> answer(net::Handler handler, std::shared_ptr<net::ServerRequest> request,
                             Life::Answered answered) {
  auto handling = handler(*request);
  const net::HandlerResult result = co_await std::move(handling);
  answered(result.response);
}

asio::awaitable<void> keep(asio::awaitable<Result<runtime::Deployed>> deploying,
                           std::shared_ptr<std::optional<Result<runtime::Deployed>>> into) {
  Result<runtime::Deployed> result = co_await std::move(deploying);
  into->emplace(std::move(result));
}

// As a serving node keeps it. A crash may come between two messages of one poll.
asio::awaitable<Result<void>> keep_notification(runtime::Engine& engine,
                                                std::shared_ptr<const bool> open, Json event) {
  if (!*open) co_return fail(ErrorCode::unavailable, "the engine has crashed");
  auto delivering = engine.deliver(std::move(event), "aws");
  const auto delivered = co_await std::move(delivering);
  if (!delivered) co_return std::unexpected(delivered.error());
  co_return Result<void>{};
}

asio::awaitable<void> poll_once(asio::awaitable<bool> polling, VirtualClock& clock,
                                std::shared_ptr<Timestamp> again_from,
                                std::shared_ptr<Agenda> agenda) {
  const bool good = co_await std::move(polling);
  *again_from = clock.now() + (good ? 0 : poll_again_ms);
  if (!good) agenda->add(*again_from, [] {});
}

// What escapes a handler is our own bug: it ends the trial with its words.
void rethrow(const std::exception_ptr& thrown) {
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace

Life::Life(LifeOptions options, VirtualClock& clock, Outside& outside)
    : options_(std::move(options)),
      clock_(clock),
      outside_(outside),
      http_(outside.network(open_, agenda_)) {}

Result<std::unique_ptr<Life>> Life::begin(LifeOptions options, VirtualClock& clock,
                                          Outside& outside, Checkpoints& checkpoints) {
  std::unique_ptr<Life> life{new Life(std::move(options), clock, outside)};
  persistence::SqliteOptions with;
  with.directory = life->options_.folder;
  with.node = "crashtest";
  with.partitions = partitions;
  auto opened = persistence::SqliteStore::open(with);
  if (!opened) return std::unexpected(opened.error());
  auto& store = *(life->store_ = std::move(*opened));
  life->gate_ = std::make_unique<CrashingStore>(store, checkpoints);
  activities::register_activities(life->activities_, Outside::providers(), life->http_);
  if (const auto& more = life->options_.more_activities) more(life->activities_, life->http_);
  life->engine_ = std::make_unique<runtime::Engine>(
      engine_config(life->options_.programs),
      runtime::Ports{*life->gate_, store, store, clock, life->activities_},
      life->io_->get_executor(), parts_of(life->options_, *life->io_, life->agenda_));
  api::ApiConfig config;
  config.stripe_webhook_secrets = {Outside::webhook_secret()};
  config.allow_unsigned_webhooks = true;  // as outside of production: events may come by hand
  life->api_ = std::make_unique<api::Api>(std::move(config), api::ApiPorts{*life->engine_,
                                                                           store,
                                                                           store,
                                                                           store,
                                                                           store,
                                                                           life->activities_,
                                                                           clock,
                                                                           *life->pool_,
                                                                           store.repairs(),
                                                                           {}});
  auto keep = [engine = life->engine_.get(), open = life->open_](Json event) {
    return keep_notification(*engine, open, std::move(event));
  };
  life->notifications_ = std::make_unique<activities::aws::NotificationPoller>(
      Outside::providers().aws, life->http_, clock, std::move(keep), life->io_->get_executor());
  const auto started = life->engine_->start();
  if (!started) return std::unexpected(started.error());
  return life;
}

// Whoever waits is destroyed with the event loop and hears nothing any more: a request that comes back
// from the pool would look for an engine that is gone.
Life::~Life() {
  *open_ = false;
  pool_->join();
  notifications_.reset();
  engine_.reset();
  pool_.reset();  // a job of its own holds on to the event loop
  io_.reset();
  api_.reset();
}

Result<void> Life::deploy(const std::string& text, const std::string& file) {
  auto result = std::make_shared<std::optional<Result<runtime::Deployed>>>();
  asio::co_spawn(*io_, keep(engine_->deploy(text, file), result), rethrow);
  turn();
  if (!result->has_value())
    return fail(ErrorCode::internal,
                "The engine did not answer to the deployment of " + file + ".");
  if (**result) return {};
  return std::unexpected((*result)->error());
}

void Life::send(net::ServerRequest request, Answered answered) {
  auto kept = std::make_shared<net::ServerRequest>(std::move(request));
  auto gated = [open = open_, answered = std::move(answered)](const net::ServerResponse& response) {
    if (*open) answered(response);
  };
  asio::co_spawn(*io_, answer(api_->handler(), std::move(kept), std::move(gated)), rethrow);
}

bool Life::poll() {
  io_->restart();
  int ran = 0;
  while (!(gate_ && gate_->cut_off() && *open_) && io_->poll_one() > 0)
    if (++ran > most_handlers)
      throw std::runtime_error("the engine finds no rest: it ran a million handlers at one moment");
  return ran > 0;
}

// The pool has one thread, so a job of ours runs after all that were there.
void Life::await_pool() {
  std::promise<void> passed;
  auto future = passed.get_future();
  asio::post(*pool_, [&passed] { passed.set_value(); });
  future.wait();
}

// A long poll would keep the clock going for ever: the queue is read when something is in it.
bool Life::read_queue() {
  constexpr Timestamp never = INT64_MAX;
  const auto message = outside_.next_notification();
  const bool due = message && *message <= clock_.now() && *poll_from_ <= clock_.now();
  if (!due || crashed()) return false;
  *poll_from_ = never;
  asio::co_spawn(*io_, poll_once(notifications_->poll(), clock_, poll_from_, agenda_), rethrow);
  return true;
}

bool Life::turn() {
  bool moved = agenda_->run_due(clock_.now());
  moved = read_queue() || moved;
  while (!crashed()) {
    const bool ran = poll();
    moved = moved || ran;
    if (crashed()) break;
    await_pool();
    if (!ran && !poll()) break;
  }
  // What was released by the commit before the crash is lost with it.
  if (crashed()) *open_ = false;
  return moved;
}

}  // namespace sequent::crashtest
