#pragma once
// When a partition's instances must be woken, in bounded memory. Timers of instances at rest live in
// the store; here are the earliest of them, up to a horizon that moves on chunk by chunk when they
// have fired. A million sleeping runs cost one chunk, and nothing is asked of the store meanwhile.
// threads  the partition's strand
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/runtime/store.hpp"

namespace sequent::runtime {

inline constexpr Timestamp never = INT64_MAX;

class TimerHeap {
 public:
  explicit TimerHeap(std::size_t chunk) : chunk_(chunk) {}

  /// An instance's only timer. `stored`: its row's wake_at is `at`, so the store can give it back;
  /// otherwise (an instance with open effects, whose wake_at is 0) it is kept until it is replaced.
  void set(const InstanceId& id, Timestamp at, bool stored);

  [[nodiscard]] std::optional<Timestamp> next() const;
  /// The earliest timer that is due; it is forgotten.
  [[nodiscard]] std::optional<InstanceId> pop_due(Timestamp now);

  /// The stored timers known so far have fired and there may be more.
  [[nodiscard]] bool runs_dry() const;
  /// Where the next chunk begins. Until loaded(), every timer that is set is kept, because the store
  /// may be read before or after its commit.
  [[nodiscard]] Store::Due begin_load();
  void loaded(const std::vector<Store::Due>& due);
  /// Forgets all; the next chunk is the first.
  void reset();

  [[nodiscard]] std::size_t chunk() const { return chunk_; }
  [[nodiscard]] std::size_t size() const { return timers_.size(); }

 private:
  struct Key {
    Timestamp at = 0;
    InstanceId id;
    auto operator<=>(const Key&) const = default;
  };
  struct Timer {
    Timestamp at = 0;
    bool stored = false;
  };
  void insert(const Key& key, bool stored);
  void erase(const InstanceId& id);
  void trim();
  static Key first_key();
  static Key last_key();

  std::size_t chunk_;
  std::unordered_map<InstanceId, Timer> timers_;
  std::set<Key> stored_;  // all of the store's with key <= horizon_, unless they have fired
  std::set<Key> resident_;
  Key horizon_ = first_key();
  bool loading_ = false;
  std::unordered_set<InstanceId> set_while_loading_;
};

}  // namespace sequent::runtime
