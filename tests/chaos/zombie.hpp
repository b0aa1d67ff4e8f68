#pragma once
// A node that stands still for longer than its leases while calls of its are under way, as others see
// it: they have its partitions, make those calls again, and it learns of that when it wakes up.
#include <set>

#include "tests/chaos/load.hpp"

namespace sequent::chaos {

class Zombie {
 public:
  Zombie(World& world, Load& load, std::size_t node) : world_(world), load_(load), node_(node) {}

  /// Slows Stripe down, starts runs at the node that call it, and stops the node amid the calls.
  void freeze();
  /// Looks at what others did meanwhile, wakes the node, and looks what it believes then.
  void thaw();

  struct Report {
    std::int64_t in_flight = 0;                 // calls of the node when it was stopped
    std::int64_t partitions = 0, followed = 0;  // that it wrote shortly before; by others meanwhile
    std::int64_t owned = 0,
                 owned_least = 0;  // partitions, by its own figures: before; after waking
    std::int64_t repeated = 0;     // requests that Stripe answered from their key meanwhile
    std::size_t most_objects = 0;  // of one such key
  };
  [[nodiscard]] const Report& report() const { return report_; }

 private:
  struct Key {
    std::int64_t replayed = 0;
    std::set<std::string> objects;
  };
  void start_calls();
  [[nodiscard]] std::map<std::string, Key> keys_of_stripe();

  World& world_;
  Load& load_;
  const std::size_t node_;
  Timestamp frozen_at_ = 0;
  std::string writer_;
  std::map<std::string, Key> before_;
  Report report_;
};

}  // namespace sequent::chaos
