#include "simulation/cluster.hpp"

namespace sequent::simulation {
namespace {

constexpr DurationMs boot_again_ms = 1'000;
constexpr DurationMs slowest_restart_ms = 20'000;
constexpr DurationMs slow_job_ms = 15;

}  // namespace

Cluster::~Cluster() {
  kill_all();
}

bool Cluster::try_boot() {
  auto& life = *lives_.emplace_back(std::make_unique<Life>());
  life.domain = static_cast<Domain>(lives_.size());
  parts_.notebook.note("boot node " + std::to_string(life.domain));
  life.store =
      std::make_unique<FaultyStore>(FaultyStore::Parts{.store = parts_.store,
                                                       .scheduler = parts_.scheduler,
                                                       .dice = parts_.dice,
                                                       .weather = parts_.weather,
                                                       .witness = parts_.witness,
                                                       .notebook = parts_.notebook,
                                                       .crash = [&life] { life.doomed = true; }});
  life.network = std::make_shared<Network>(
      parts_.scheduler, parts_.dice, parts_.weather, parts_.provider,
      [&witness = parts_.witness, node = life.domain](const runtime::Attempt& attempt) {
        witness.sent(attempt, node);
      });
  register_activities(life.registry, life.network);
  auto config = parts_.config;
  config.node = "node-" + std::to_string(life.domain);
  auto& scheduler = parts_.scheduler;
  runtime::EngineParts parts;
  parts.commits = scheduler.runner(life.domain, true, slow_job_ms);
  parts.reads = scheduler.runner(life.domain, false, slow_job_ms);
  parts.alarms = scheduler.alarms(life.domain);
  parts.random = [&dice = parts_.dice](PartitionId) { return std::make_unique<Dice>(dice.next()); };
  life.engine = std::make_unique<runtime::Engine>(
      config,
      runtime::Ports{*life.store, parts_.store, parts_.store, parts_.scheduler, life.registry},
      scheduler.executor(life.domain), std::move(parts));
  const auto started = life.engine->start();
  if (started) return true;
  if (started.error().code == ErrorCode::invalid_definition)
    parts_.notebook.breach("stored definitions compile",
                           definition::format_findings(started.error().findings));
  kill(life);
  return false;
}

void Cluster::boot() {
  // While the leases of a node that lives after all are valid, nobody else is wanted.
  if (!try_boot() && any() == nullptr) boot_after(boot_again_ms);
}

void Cluster::boot_after(DurationMs delay) {
  ++booting_;
  parts_.scheduler.post_at(world_domain, parts_.scheduler.now() + delay, [this] {
    --booting_;
    boot();
  });
}

void Cluster::kill(Life& life) {
  if (life.dead) return;
  parts_.notebook.note("kill node " + std::to_string(life.domain));
  life.dead = true;
  life.store->node_died();
  life.network->node_died();
  life.engine.reset();
  if (!parts_.scheduler.end(life.domain))
    parts_.notebook.breach("a dead node comes to rest", "node " + std::to_string(life.domain));
  life.network->forget();
}

void Cluster::kill_all() {
  for (auto& life : lives_) kill(*life);
}

void Cluster::bury_doomed() {
  for (std::size_t i = 0; i < lives_.size(); ++i) {
    auto& life = *lives_[i];
    if (life.dead || !life.doomed) continue;
    kill(life);
    // A supervisor knows that the process is gone; without one its leases must run out first.
    if (parts_.dice.chance(700)) parts_.store.owner_is_gone();
    if (booting_ == 0) boot_after(parts_.dice.between(0, slowest_restart_ms));
  }
}

void Cluster::freeze_one(DurationMs duration) {
  Life* life = any();
  if (life == nullptr) return;
  parts_.notebook.note("freeze node " + std::to_string(life->domain));
  life->frozen = true;
  parts_.scheduler.freeze(life->domain);
  parts_.scheduler.post_at(world_domain, parts_.scheduler.now() + duration, [this, life] {
    parts_.notebook.note("thaw node " + std::to_string(life->domain));
    life->frozen = false;
    parts_.scheduler.thaw(life->domain);
  });
  if (booting_ == 0) boot_after(boot_again_ms);
}

Life* Cluster::any() {
  std::vector<Life*> alive;
  for (auto& life : lives_)
    if (!life->dead && !life->frozen) alive.push_back(life.get());
  return alive.empty() ? nullptr : parts_.dice.pick(alive);
}

}  // namespace sequent::simulation
