#pragma once
// Runs that stand still in every way: timers, events, children, branches, and a provider that goes away
// and comes back. The soak drives them beside its load.
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "bench/workloads/node.hpp"

namespace sequent::bench {

/// What a provider has done for us: it remembers each key and its answer, as Stripe does.
class ShakyProvider {
 public:
  /// False: it is away. The effect may have happened all the same: every second answer is lost.
  [[nodiscard]] bool call(const std::string& key);
  void go_away(bool away) { away_ = away; }
  /// Distinct keys under which it has done something.
  [[nodiscard]] std::size_t effects() const;

 private:
  std::atomic<bool> away_ = false;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, bool> done_;
  std::size_t lost_ = 0;
};

/// bench.shaky, of the provider `shaky`.
[[nodiscard]] std::unique_ptr<runtime::Activity> shaky_activity(ShakyProvider& provider);

/// Names of the workflows, all in the namespace bench.
[[nodiscard]] const std::vector<std::string>& standing_workflows();
void deploy_standing(Node& node);

/// Takes the provider away for a few seconds now and then: by itself, and by an operator's hand.
class Outages {
 public:
  Outages(Node& node, ShakyProvider& provider);
  ~Outages() { stop(); }
  Outages(const Outages&) = delete;
  Outages& operator=(const Outages&) = delete;
  /// It is there from now on.
  void stop();
  [[nodiscard]] int count() const { return count_; }

 private:
  void run();
  void by_hand(bool open);
  [[nodiscard]] bool pause(int seconds);

  Node& node_;
  ShakyProvider& provider_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> count_ = 0;
  std::thread thread_;
};

/// What `sequent runs --stuck` lists: it must be nothing. A page is bounded, so all pages are read.
[[nodiscard]] bool none_stuck(Node& node);
/// Of the standing workflows: runs that have not ended, and how many of those are parked.
struct Standing {
  std::int64_t live = 0, parked = 0;
};
[[nodiscard]] Standing standing(Node& node);

}  // namespace sequent::bench
