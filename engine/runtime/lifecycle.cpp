// How a node comes to life, and how it goes.
#include <boost/asio/strand.hpp>

#include "engine/runtime/cluster.hpp"
#include "engine/runtime/engine_impl.hpp"
#include "engine/runtime/notes.hpp"
#include "engine/runtime/partition.hpp"

namespace sequent::runtime {
namespace {

namespace asio = boost::asio;

constexpr int read_threads = 3;
constexpr DurationMs drain_check_ms = 5;

bool at_rest(const Node& node) {
  if (node.stats.in_flight.load() > 0) return false;
  const auto partitions = node.all_partitions();
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

Engine::Engine(EngineConfig config, Ports ports, asio::any_io_executor executor)
    : Engine(std::move(config), ports, std::move(executor),
             threaded_parts(ports.clock, read_threads, ports.store.committers(),
                            ports.store.exchange() != nullptr)) {}

Engine::Engine(EngineConfig config, Ports ports, asio::any_io_executor executor, EngineParts parts)
    : impl_(std::make_shared<Impl>()) {
  impl_->node =
      std::make_shared<Node>(std::move(config), ports, std::move(executor), std::move(parts));
  impl_->names = impl_->node->parts.random(ports.store.partitions());
  const auto& node = impl_->node;
  if (auto* exchange = ports.store.exchange()) {
    node->cluster = std::make_shared<Cluster>(node, *exchange);
    node->watches->connect(
        [cluster = std::weak_ptr(node->cluster)](const RunNotice& notice) {
          if (const auto others = cluster.lock()) others->relay(notice);
        },
        [cluster = std::weak_ptr(node->cluster)] {
          if (const auto others = cluster.lock()) others->watching();
        });
  }
  node->tenure = std::make_shared<Tenure>(*node);
  node->committer = std::make_shared<Committer>(*node, *node->parts.commits, true);
  node->committers = {node->committer};
  for (const auto& runner : node->parts.more_commits)
    node->committers.push_back(std::make_shared<Committer>(*node, *runner, false));
  node->leftovers = std::make_shared<Leftovers>(node);
  node->watch_providers();
  node->schedules = std::make_shared<Schedules>(node);
  node->learn_definitions = [impl = std::weak_ptr(impl_)] {
    const auto self = impl.lock();
    if (!self || self->node->closed) return;
    auto& own = *self->node;
    if (own.ports.definitions.definitions_revision() == own.definitions_known) return;
    const auto before = own.definitions.catalogue();
    (void)self->learn(true);
    if (own.definitions.catalogue() != before) own.schedules->refresh();
  };
}

// Without stop() this is a crash in small: what is not committed is not done.
Engine::~Engine() {
  auto& node = *impl_->node;
  node.stopping = true;
  node.closed = true;
  node.ready = false;
  if (node.outages) node.outages->stop();
  for (const auto& partition : node.all_partitions()) partition->drop(Leaving::node_stops);
  node.forget_all();
  node.watches->close();
  if (node.cluster) {
    node.cluster->stop();
    node.cluster->close();
    node.parts.cluster->join();
  }
  node.parts.commits->join();
  for (const auto& runner : node.parts.more_commits) runner->join();
  node.parts.reads->join();
}

Result<void> Engine::start() {
  auto& node = *impl_->node;
  try {
    // Leases of a few seconds are not taken before there is nothing left to do but to use them.
    const bool shared = node.cluster != nullptr;
    if (shared) node.cluster->open();
    if (const auto learnt = shared ? impl_->learn(true) : Result<void>{}; !learnt) return learnt;
    auto membership = node.tenure->acquire();
    if (!membership) return std::unexpected(membership.error());
    if (const auto learnt = shared ? Result<void>{} : impl_->learn(false); !learnt) return learnt;
    if (node.outages) node.outages->load();
    node.adopt(membership->leases);
    if (shared) {
      node.cluster->joined(std::move(*membership));
      node.cluster->freed();  // the others see now that there is one more to share with
      node.tenure->keep_time();
    }
  } catch (const StoreFailure& failure) {
    return std::unexpected(unavailable(failure.what(), failure.full));
  }
  node.committer->keep_time();
  if (node.cluster == nullptr || node.leads()) node.leftovers->look();
  node.schedules->refresh();
  node.ready = true;
  return {};
}

namespace {

asio::awaitable<void> stop_node(std::shared_ptr<Node> node, DurationMs deadline_ms) {
  node->stopping = true;
  node->schedules->stop();
  node->leftovers->stop();
  if (node->outages) node->outages->stop();
  for (const auto& partition : node->partitions()) partition->stop_calls();
  auto draining = drained(node, node->ports.clock.now() + deadline_ms);
  co_await std::move(draining);
  for (const auto& partition : node->all_partitions()) partition->drop(Leaving::node_stops);
  node->forget_all();
  node->watches->close();
  if (node->cluster) node->cluster->stop();
  for (std::size_t i = 1; i < node->committers.size(); ++i) {
    std::function<Result<bool>()> end = [one = node->committers[i]]() -> Result<bool> {
      one->close();
      return true;
    };
    auto ending = on_runner<bool>(*node->parts.more_commits[i - 1], std::move(end));
    co_await std::move(ending);
  }
  if (node->cluster) {
    std::function<Result<bool>()> leave = [node]() -> Result<bool> {
      node->tenure->close();
      node->cluster->close();
      return true;
    };
    auto leaving = on_runner<bool>(*node->parts.cluster, std::move(leave));
    co_await std::move(leaving);
  }
  std::function<Result<bool>()> finish = [node]() -> Result<bool> {
    node->committer->close();
    node->ports.store.release(node->self);
    if (auto* exchange = node->ports.store.exchange()) {
      const Note free{.to = "", .text = encode(FreedNote{}).front()};
      exchange->tell(std::span{&free, 1});  // the others need not wait for their next renewal
    }
    return true;
  };
  auto finishing = on_runner<bool>(*node->parts.commits, std::move(finish));
  co_await std::move(finishing);
  node->closed = true;
}

}  // namespace

asio::awaitable<void> Engine::stop(DurationMs deadline_ms) {
  return stop_node(impl_->node, deadline_ms);
}

Health Engine::health() const {
  const auto& node = *impl_->node;
  if (node.stopping) return Health::stopping;
  if (!node.ready) return Health::starting;
  const bool idle = node.owned() == 0 && node.cluster != nullptr;
  return idle || node.health.degraded() ? Health::degraded : Health::ready;
}

std::string Engine::health_detail() const {
  const auto& node = *impl_->node;
  if (node.cluster == nullptr || node.owned() > 0 || node.health.degraded())
    return node.health.detail();
  return "This node has no partition yet: other nodes give theirs back one by one.";
}

std::optional<Epoch> Engine::leadership() const {
  return impl_->node->leadership();
}

void Engine::when_leading(std::function<void()> wake) {
  impl_->node->begins_to_lead.hang(std::move(wake));
}

bool Engine::hears_at_once(const std::optional<InstanceId>& run) const {
  const auto& node = *impl_->node;
  return node.cluster == nullptr || (run && node.partition(run->partition()) != nullptr);
}

}  // namespace sequent::runtime
