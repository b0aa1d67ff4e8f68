#include "engine/runtime/engine.hpp"

#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/digest.hpp"
#include "engine/runtime/engine_impl.hpp"
#include "engine/runtime/events.hpp"
#include "engine/runtime/fold.hpp"
#include "engine/runtime/partition.hpp"
#include "engine/runtime/starts.hpp"
#include "engine/runtime/triggers.hpp"

namespace sequent::runtime {
namespace {

namespace asio = boost::asio;

constexpr int read_threads = 3;
constexpr DurationMs drain_check_ms = 5;

bool at_rest(const Node& node) {
  if (node.stats.in_flight.load() > 0) return false;
  const auto partitions = node.partitions();
  return std::ranges::all_of(partitions, [](const auto& one) { return one->idle(); });
}

// Answers when nothing is under way any more, or at the deadline.
void await_rest(const std::shared_ptr<Node>& node, const std::shared_ptr<Alarm>& alarm,
                Timestamp deadline, const std::shared_ptr<Reply<bool>>& reply) {
  const Timestamp now = node->ports.clock.now();
  const bool rest = at_rest(*node);
  if (rest || now >= deadline) return (*reply)(rest);
  alarm->set(now + drain_check_ms,
             [node, alarm, deadline, reply] { await_rest(node, alarm, deadline, reply); });
}

asio::awaitable<bool> drained(std::shared_ptr<Node> node, Timestamp deadline) {
  auto begin = [node, deadline](Reply<bool> reply) {
    const auto strand = asio::make_strand(node->executor);
    auto shared = std::make_shared<Reply<bool>>(std::move(reply));
    std::shared_ptr<Alarm> alarm = node->parts.alarms->make(strand);
    asio::post(strand,
               [node, alarm, deadline, shared] { await_rest(node, alarm, deadline, shared); });
  };
  return ask<bool>(std::move(begin));
}

}  // namespace

definition::CompileOptions Engine::Impl::compile_options(std::string file) const {
  definition::CompileOptions options;
  options.file = std::move(file);
  options.catalog = &node->ports.activities;
  options.expression_limits = node->config.expression_limits;
  // Partitions evaluate, and so do events on their way in.
  options.interpreters = node->config.threads + 1;
  return options;
}

Result<definition::ProgramPtr> Engine::Impl::compile(const std::string& text,
                                                     std::string file) const {
  const auto options = compile_options(std::move(file));
  const auto& own = node->config.compile;
  return own ? own(text, options) : definition::compile(text, options);
}

Result<std::shared_ptr<Partition>> Engine::Impl::owner(const InstanceId& id) const {
  auto partition = node->partition(id.partition());
  if (partition) return partition;
  Error error;
  error.code = ErrorCode::unavailable;
  error.retry_after_seconds = 1;
  error.detail = node->stopping ? "This node is stopping. Run " + id.text() +
                                      " keeps its id: ask for it again in a moment."
                                : "Another node has run " + id.text() +
                                      ", or is about to take it: ask again in a moment.";
  return std::unexpected(std::move(error));
}

Engine::Engine(EngineConfig config, Ports ports, asio::any_io_executor executor)
    : Engine(std::move(config), ports, std::move(executor),
             threaded_parts(ports.clock, read_threads)) {}

Engine::Engine(EngineConfig config, Ports ports, asio::any_io_executor executor, EngineParts parts)
    : impl_(std::make_shared<Impl>()) {
  impl_->node =
      std::make_shared<Node>(std::move(config), ports, std::move(executor), std::move(parts));
  impl_->names = impl_->node->parts.random(ports.store.partitions());
  impl_->node->committer = std::make_shared<Committer>(*impl_->node);
  impl_->node->leftovers = std::make_shared<Leftovers>(impl_->node);
  impl_->schedules = std::make_shared<Schedules>(impl_->node);
}

// Without stop() this is a crash in small: what is not committed is not done.
Engine::~Engine() {
  auto& node = *impl_->node;
  node.stopping = true;
  node.closed = true;
  node.ready = false;
  for (const auto& partition : node.partitions()) partition->drop(Leaving::node_stops);
  node.forget_all();
  node.watches->close();
  node.parts.commits->join();
  node.parts.reads->join();
}

Result<void> Engine::start() {
  auto& node = *impl_->node;
  try {
    const auto leases = node.committer->acquire();
    if (!leases) return std::unexpected(leases.error());
    std::vector<DeployedProgram> programs;
    for (const auto& stored : node.ports.definitions.all()) {
      auto program = impl_->compile(
          stored.source, stored.workflow_namespace + "/" + stored.name + ":" + stored.version);
      if (!program) return std::unexpected(program.error());
      programs.push_back({.program = std::move(*program), .deployed_at = stored.deployed_at});
    }
    node.definitions.add(programs);
    node.adopt(*leases);
  } catch (const StoreFailure& failure) {
    return std::unexpected(unavailable(failure.what(), failure.full));
  }
  node.committer->keep_time();
  node.leftovers->look();
  impl_->schedules->refresh();
  node.ready = true;
  return {};
}

namespace {

asio::awaitable<void> stop_node(std::shared_ptr<Node> node, std::shared_ptr<Schedules> schedules,
                                DurationMs deadline_ms) {
  node->stopping = true;
  schedules->stop();
  node->leftovers->stop();
  for (const auto& partition : node->partitions()) partition->stop_calls();
  auto draining = drained(node, node->ports.clock.now() + deadline_ms);
  co_await std::move(draining);
  for (const auto& partition : node->partitions()) partition->drop(Leaving::node_stops);
  node->forget_all();
  node->watches->close();
  std::function<Result<bool>()> finish = [node]() -> Result<bool> {
    node->committer->close();
    node->ports.store.release(node->config.node);
    return true;
  };
  auto finishing = on_runner<bool>(*node->parts.commits, std::move(finish));
  co_await std::move(finishing);
  node->closed = true;
}

}  // namespace

asio::awaitable<void> Engine::stop(DurationMs deadline_ms) {
  return stop_node(impl_->node, impl_->schedules, deadline_ms);
}

Health Engine::health() const {
  const auto& node = *impl_->node;
  if (node.stopping) return Health::stopping;
  if (!node.ready) return Health::starting;
  return node.health.degraded() ? Health::degraded : Health::ready;
}

std::string Engine::health_detail() const {
  return impl_->node->health.detail();
}

asio::awaitable<Result<Deployed>> Engine::deploy(std::string text, std::string file,
                                                 DeployCheck check) {
  const auto impl = impl_;
  std::function<Result<Deployed>()> job = [impl, text = std::move(text), file = std::move(file),
                                           check = std::move(check)]() -> Result<Deployed> {
    auto& node = *impl->node;
    auto program = impl->compile(text, file);
    if (!program) return std::unexpected(std::move(program.error()));
    const auto allowed = check_triggers(**program);
    if (!allowed) return std::unexpected(allowed.error());
    const auto& ref = (*program)->ref;
    const std::lock_guard one_at_a_time{impl->deploying};
    const bool known = node.definitions.catalogue()->find((*program)->digest) != nullptr;
    if (check && !known)
      if (auto fit = check(**program); !fit) return std::unexpected(std::move(fit.error()));
    const Timestamp now = node.ports.clock.now();
    const auto created = node.ports.definitions.put({.workflow_namespace = ref.workflow_namespace,
                                                     .name = ref.name,
                                                     .version = ref.version,
                                                     .digest = (*program)->digest,
                                                     .source = text,
                                                     .deployed_at = now});
    if (!created) return std::unexpected(created.error());
    node.definitions.add(DeployedProgram{.program = *program, .deployed_at = now});
    impl->schedules->refresh();
    return Deployed{.program = node.definitions.catalogue()->find((*program)->digest),
                    .created = *created};
  };
  return on_reads<Deployed>(impl_->node, std::move(job));
}

definition::ProgramPtr Engine::program(const WorkflowRef& ref) const {
  return impl_->node->definitions.catalogue()->find(ref);
}
definition::ProgramPtr Engine::program(const std::string& digest) const {
  return impl_->node->definitions.catalogue()->find(digest);
}
std::vector<definition::ProgramPtr> Engine::programs() const {
  return impl_->node->definitions.catalogue()->all();
}

namespace {

asio::awaitable<Result<Started>> start_on(std::shared_ptr<Node> node, StartRequest request) {
  const auto& ref = request.workflow;
  StartOrder order;
  order.program = node->definitions.catalogue()->find(ref);
  if (!order.program)
    co_return fail(ErrorCode::not_found,
                   "There is no workflow " + ref.workflow_namespace + "/" + ref.name +
                       (ref.version.empty() ? "" : ":" + ref.version) + ": deploy it first.");
  order.input = machine::make_value(std::move(request.input));
  order.key = request.key;
  order.idempotency_key = request.idempotency_key;
  order.restart_if_faulted = request.on_conflict == OnConflict::restart_if_faulted;
  order.started_by = request.started_by;
  auto begin = [node, order](Reply<Result<StartOutcome>> reply) {
    order_start(node, order, std::move(reply));
  };
  auto asking = ask<Result<StartOutcome>>(std::move(begin));
  const Result<StartOutcome> outcome = co_await std::move(asking);
  if (!outcome) co_return std::unexpected(outcome.error());
  Started started;
  started.id = outcome->id;
  started.program = order.program;
  if (!outcome->taken) co_return started;
  const auto judged =
      judge_taken(*outcome->taken, sha256_hex(dump_json(*order.input)), request.on_conflict);
  if (!judged) co_return std::unexpected(judged.error());
  started.replayed = true;
  // The first run may be of another version.
  std::function<Result<std::string>()> look = [node, id = started.id]() -> Result<std::string> {
    const auto summary = node->ports.runs.find(id);
    return summary ? summary->digest : std::string();
  };
  auto looking = on_reads<std::string>(node, std::move(look));
  const Result<std::string> digest = co_await std::move(looking);
  if (!digest) co_return std::unexpected(digest.error());
  const auto first = node->definitions.catalogue()->find(*digest);
  if (first) started.program = first;
  co_return started;
}

}  // namespace

asio::awaitable<Result<Started>> Engine::start_run(StartRequest request) {
  return start_on(impl_->node, std::move(request));
}

asio::awaitable<Result<RunDetails>> Engine::read(InstanceId id) {
  const auto node = impl_->node;
  std::function<Result<RunDetails>()> job = [node, id]() -> Result<RunDetails> {
    const auto stored = node->ports.store.load(id);
    auto summary = node->ports.runs.find(id);
    if (!stored || !summary)
      return fail(ErrorCode::not_found, "There is no run " + id.text() + ".");
    auto folded = fold(*stored);
    if (!folded) return std::unexpected(std::move(folded.error()));
    RunDetails details;
    details.program = node->definitions.catalogue()->find(summary->digest);
    if (!details.program)
      return fail(ErrorCode::internal,
                  "The definition of run " + id.text() + " is not deployed on this node.");
    const auto fit = machine::fits(*details.program, folded->state);
    if (!fit) return std::unexpected(fit.error());
    details.summary = std::move(*summary);
    details.state = std::move(folded->state);
    details.view = machine::view_of(*details.program, details.state);
    return details;
  };
  return on_reads<RunDetails>(node, std::move(job));
}

asio::awaitable<Result<WaitResult>> Engine::wait(InstanceId id, Until until,
                                                 DurationMs timeout_ms) {
  const auto partition = impl_->owner(id);
  const Timestamp deadline = impl_->node->ports.clock.now() + timeout_ms;
  auto begin = [partition, id, until, deadline](Reply<Result<WaitResult>> reply) {
    if (!partition) return reply(std::unexpected(partition.error()));
    (*partition)->wait(id, until, deadline, std::move(reply));
  };
  return ask<Result<WaitResult>>(std::move(begin));
}

asio::awaitable<Result<Delivered>> Engine::deliver(Json event, std::string origin,
                                                   DurationMs hold_ms) {
  const auto node = impl_->node;
  auto begin = [node, event = std::move(event), origin = std::move(origin),
                hold_ms](Reply<Result<Delivered>> reply) mutable {
    const auto checked = check_envelope(event);
    if (!checked) return reply(std::unexpected(checked.error()));
    if (node->stopping) return reply(fail(ErrorCode::unavailable, "This node is stopping."));
    route_event(node, std::move(event), 0, origin, std::move(reply), hold_ms);
  };
  return ask<Result<Delivered>>(std::move(begin));
}

asio::awaitable<Result<Delivered>> Engine::replay_event(std::int64_t inbox_id, Json event) {
  const auto node = impl_->node;
  auto begin = [node, inbox_id, event = std::move(event)](Reply<Result<Delivered>> reply) mutable {
    if (node->stopping) return reply(fail(ErrorCode::unavailable, "This node is stopping."));
    route_again(node, std::move(event), inbox_id, std::move(reply));
  };
  return ask<Result<Delivered>>(std::move(begin));
}

std::string Engine::fresh_id() {
  const std::lock_guard turn{impl_->naming};
  return InstanceId::make(impl_->node->ports.clock.now(), impl_->names->next(), 0).text();
}

std::unique_ptr<Watch> Engine::watch(std::optional<InstanceId> id) {
  return impl_->node->watches->open(id);
}

std::unique_ptr<Watch> Engine::watch_request(std::string id) {
  return impl_->node->watches->open_request(std::move(id));
}

EngineStats Engine::stats() const {
  const auto& from = impl_->node->stats;
  EngineStats to;
  to.commits = from.commits;
  to.committed_records = from.committed_records;
  to.committed_changes = from.committed_changes;
  to.started = from.started;
  to.completed = from.completed;
  to.faulted = from.faulted;
  to.cancelled = from.cancelled;
  to.parked = from.parked;
  to.activities_started = from.activities_started;
  to.activities_failed = from.activities_failed;
  to.activity_retries = from.activity_retries;
  to.events = from.events;
  to.timers = from.timers;
  to.loads = from.loads;
  to.evictions = from.evictions;
  to.store_failures = from.store_failures;
  const auto gauge = [](const std::atomic<std::int64_t>& value) {
    return static_cast<std::size_t>(std::max<std::int64_t>(0, value.load()));
  };
  to.resident = gauge(from.resident);
  to.in_flight = gauge(from.in_flight);
  to.queued = gauge(from.queued);
  to.last_commit_ms = static_cast<double>(from.last_commit_ms.load());
  if (to.commits > 0)
    to.mean_commit_ms =
        static_cast<double>(from.commit_ms.load()) / static_cast<double>(to.commits);
  to.partitions = impl_->node->owned();
  return to;
}

}  // namespace sequent::runtime
