#pragma once
// The nodes of one simulated world: booted, frozen, killed, and followed by the next over one store.
#include <deque>
#include <memory>

#include "engine/runtime/engine.hpp"
#include "simulation/faulty_store.hpp"
#include "simulation/network.hpp"
#include "simulation/skewed_clock.hpp"

namespace sequent::simulation {

/// One process from its start to its death.
struct Life {
  Domain domain = 0;
  bool dead = false, frozen = false, doomed = false;
  bool leaving = false;        // it stops in order
  Timestamp disturbed_at = 0;  // when it last stood still, or was cut off from the store
  std::unique_ptr<FaultyStore> store;
  std::unique_ptr<SkewedClock> clock;  // none: the world's
  std::shared_ptr<Network> network;
  runtime::ActivityRegistry registry;
  std::unique_ptr<runtime::Engine> engine;
};

class Cluster {
 public:
  struct Parts {
    Scheduler& scheduler;
    Dice& dice;
    const Weather& weather;
    MemoryStore& store;
    Provider& provider;
    Witness& witness;
    Notebook& notebook;
    runtime::EngineConfig config;
    int nodes = 1;  // that there should be; more than one share the store
    bool clocks_jump = false;
    bool watch_providers = false;
  };
  explicit Cluster(Parts parts);
  ~Cluster();

  /// A new node. Until the store lets it (leases, failures) it tries again every second.
  void boot();
  void kill(Life& life);
  void kill_all();
  /// Those whose commits asked for their death since the last call; each gets a follower in a while.
  void bury_doomed();
  /// A node stands still longer than its lease, another takes over, and the first goes on.
  void freeze_one(DurationMs duration);
  /// A node loses sight of the store, and with it of the others, for a while.
  void cut_one(DurationMs duration);
  /// Somebody sets the clock of a node's machine.
  void set_clock_of_one(DurationMs by);
  /// From now on machines have the right time; until they are started anew that changes nothing.
  void set_clocks_right() { skew_ = 0; }
  /// A node gives all back and goes, and another comes.
  void leave_one();
  /// All that there should be, at once.
  void boot_all();
  /// Those that run, frozen ones too.
  [[nodiscard]] std::vector<Life*> running();
  /// A node that answers callers, or null.
  [[nodiscard]] Life* any();
  void set_config(const runtime::EngineConfig& config) { parts_.config = config; }
  [[nodiscard]] int lives() const { return static_cast<int>(lives_.size()); }

 private:
  [[nodiscard]] bool shared() const { return parts_.nodes > 1; }
  void carry(const std::string& to, const std::function<void()>& deliver);
  [[nodiscard]] bool is_locked() const;
  bool try_boot();
  void boot_after(DurationMs delay);

  Parts parts_;
  std::deque<std::unique_ptr<Life>> lives_;
  int booting_ = 0;
  DurationMs skew_ = 0;  // of the machine, when there is one
};

}  // namespace sequent::simulation
