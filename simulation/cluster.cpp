#include "simulation/cluster.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <cstdlib>

namespace sequent::simulation {
namespace {

constexpr DurationMs boot_again_ms = 1'000;
constexpr DurationMs slowest_restart_ms = 20'000;
constexpr DurationMs slow_job_ms = 15;
constexpr DurationMs slowest_note_ms = 5'000;
constexpr DurationMs drain_ms = 3'000;
constexpr DurationMs largest_skew_ms = 3'000;

}  // namespace

Cluster::Cluster(Parts parts) : parts_(std::move(parts)) {
  if (!shared()) return;
  parts_.store.share(parts_.scheduler);
  parts_.store.committer_count = static_cast<std::size_t>(parts_.dice.between(1, 3));
  parts_.store.notes().carry_by(
      [this](const std::string& to, const std::function<void()>& deliver) { carry(to, deliver); });
}

Cluster::~Cluster() {
  kill_all();
}

// A note arrives soon, late, twice or never.
void Cluster::carry(const std::string& to, const std::function<void()>& deliver) {
  const auto& weather = parts_.weather;
  auto& dice = parts_.dice;
  for (auto& life : lives_) {
    if (life->dead || life->store->node() != to || !life->store->reachable()) continue;
    if (dice.chance(weather.note_lost)) return parts_.notebook.note("a note is lost");
    const int copies = dice.chance(weather.note_doubled) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      const DurationMs latest = dice.chance(weather.note_late) ? slowest_note_ms : slow_job_ms;
      parts_.scheduler.post_at(life->domain, parts_.scheduler.now() + dice.between(0, latest),
                               [deliver, one = life.get()] {
                                 if (one->store->reachable()) deliver();
                               });
    }
  }
}

// A lease is as good as the clock that both its owner and its heir go by. A node alone has more: the
// lock on its store, which lasts as long as its process, frozen or not, whatever the clock is set to.
// Where no clock is set, leases have to do without it.
bool Cluster::is_locked() const {
  return !shared() && parts_.clocks_jump &&
         std::ranges::any_of(lives_, [](const auto& life) { return !life->dead; });
}

bool Cluster::try_boot() {
  if (is_locked()) return false;
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
  if (shared()) {
    for (std::size_t i = 1; i < parts_.store.committers(); ++i)
      parts.more_commits.push_back(scheduler.runner(life.domain, true, slow_job_ms));
    parts.cluster = scheduler.runner(life.domain, true, slow_job_ms);
  }
  if (shared() || parts_.clocks_jump) {
    const DurationMs skew =
        shared() ? parts_.dice.between(-largest_skew_ms, largest_skew_ms) : skew_;
    life.clock = std::make_unique<SkewedClock>(scheduler, skew);
    parts.alarms = std::make_unique<SkewedAlarms>(std::move(parts.alarms), *life.clock);
  }
  parts.random = [&dice = parts_.dice](PartitionId) { return std::make_unique<Dice>(dice.next()); };
  runtime::Clock& clock = life.clock ? static_cast<runtime::Clock&>(*life.clock) : scheduler;
  life.engine = std::make_unique<runtime::Engine>(
      config,
      runtime::Ports{*life.store, parts_.store, parts_.store, clock, life.registry,
                     parts_.watch_providers ? &life.store->health() : nullptr},
      scheduler.executor(life.domain), std::move(parts));
  const auto started = life.engine->start();
  if (started) return true;
  if (started.error().code == ErrorCode::invalid_definition)
    parts_.notebook.breach("stored definitions compile",
                           definition::format_findings(started.error().findings));
  kill(life);
  return false;
}

std::vector<Life*> Cluster::running() {
  std::vector<Life*> lives;
  for (auto& life : lives_)
    if (!life->dead && !life->leaving) lives.push_back(life.get());
  return lives;
}

void Cluster::boot_all() {
  while (static_cast<int>(running().size()) < parts_.nodes)
    if (!try_boot()) return boot_after(boot_again_ms);
}

void Cluster::boot() {
  if (shared()) {
    const bool wanted = static_cast<int>(running().size()) < parts_.nodes;
    if (wanted && !try_boot()) boot_after(boot_again_ms);
    return;
  }
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
    if (shared()) {
      boot_after(parts_.dice.between(0, slowest_restart_ms));
      continue;
    }
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
  life->disturbed_at = parts_.scheduler.now();
  parts_.scheduler.freeze(life->domain);
  parts_.scheduler.post_at(world_domain, parts_.scheduler.now() + duration, [this, life] {
    parts_.notebook.note("thaw node " + std::to_string(life->domain));
    life->frozen = false;
    life->disturbed_at = parts_.scheduler.now();
    parts_.scheduler.thaw(life->domain);
  });
  if (!shared() && booting_ == 0) boot_after(boot_again_ms);
}

void Cluster::cut_one(DurationMs duration) {
  Life* life = any();
  if (life == nullptr) return;
  parts_.notebook.note("cut off node " + std::to_string(life->domain));
  life->store->cut(true);
  life->disturbed_at = parts_.scheduler.now();
  parts_.scheduler.post_at(world_domain, parts_.scheduler.now() + duration, [this, life] {
    if (life->dead) return;
    parts_.notebook.note("node " + std::to_string(life->domain) + " sees the store again");
    life->store->cut(false);
    life->disturbed_at = parts_.scheduler.now();
    parts_.store.notes().tell_of_gap(life->store->node());
  });
}

void Cluster::set_clock_of_one(DurationMs by) {
  Life* life = any();
  if (life == nullptr) return;
  parts_.notebook.note("the clock of node " + std::to_string(life->domain) + " is set by " +
                       std::to_string(by) + " ms");
  life->clock->jump(by);
  // Alarms that were set before it, and deadlines by the old time, come that much later.
  life->disturbed_at = parts_.scheduler.now() + std::abs(by);
  skew_ = life->clock->skew();
}

void Cluster::leave_one() {
  Life* life = any();
  if (life == nullptr) return;
  parts_.notebook.note("stop node " + std::to_string(life->domain));
  life->leaving = true;
  auto gone = [this, life](std::exception_ptr) { life->doomed = true; };
  boost::asio::co_spawn(parts_.scheduler.executor(world_domain), life->engine->stop(drain_ms),
                        std::move(gone));
  boot_after(boot_again_ms);
}

Life* Cluster::any() {
  std::vector<Life*> alive;
  for (auto& life : lives_)
    if (!life->dead && !life->frozen && !life->leaving) alive.push_back(life.get());
  return alive.empty() ? nullptr : parts_.dice.pick(alive);
}

}  // namespace sequent::simulation
