#pragma once
// All threads of all nodes of a simulated world, in one thread: what is ready runs in an order that
// the dice decide, and when nothing is ready the clock moves to what comes next.
//
// Work belongs to a domain: 0 is the world (clients, the network, providers), each other number one
// life of a node. A domain can be frozen (its process stands still, as in a long garbage collection
// or a suspended machine) and ended (the process died: nothing of it runs any more).
// threads  one
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "engine/runtime/parts.hpp"
#include "simulation/dice.hpp"

namespace sequent::simulation {

using Work = std::move_only_function<void()>;
using Domain = int;
inline constexpr Domain world_domain = 0;

class Scheduler final : public runtime::Clock {
 public:
  explicit Scheduler(std::uint64_t seed) : dice_(seed) {}
  ~Scheduler() override;

  [[nodiscard]] Timestamp now() const override { return now_; }
  /// Time passes inside of one step: a commit that takes long.
  void pass(DurationMs by) { now_ += by; }

  void post(Domain domain, Work work);
  /// Becomes ready at `at`.
  std::uint64_t post_at(Domain domain, Timestamp at, Work work);
  void cancel(std::uint64_t timed);

  /// Runs one thing, or moves the clock (at most to `until`) when nothing is ready. False when all
  /// is done up to `until`; the clock stands there then.
  bool step(Timestamp until);
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

  void freeze(Domain domain) { frozen_.insert(domain); }
  void thaw(Domain domain) { frozen_.erase(domain); }
  /// Nothing timed of the domain happens any more; what is ready runs (`drain`) so that its objects
  /// can let go of each other, and then the rest is forgotten. Bounded: false = it never ended.
  bool end(Domain domain);

  [[nodiscard]] boost::asio::any_io_executor executor(Domain domain);
  /// One job at a time, in order, each after a moment of its own (`longest` ms at most).
  [[nodiscard]] std::unique_ptr<runtime::JobRunner> runner(Domain domain, bool in_order,
                                                           DurationMs longest);
  [[nodiscard]] std::unique_ptr<runtime::AlarmClock> alarms(Domain domain);

 private:
  struct Ready {
    Domain domain = 0;
    Work work;
  };
  struct Timed {
    Timestamp at = 0;
    std::uint64_t number = 0;
    auto operator<=>(const Timed&) const = default;
  };
  [[nodiscard]] std::optional<std::size_t> pick();
  void run(std::size_t index);

  Dice dice_;
  Timestamp now_ = 1'800'000'000'000;
  std::vector<Ready> ready_;
  std::map<Timed, Ready> timed_;
  std::map<std::uint64_t, Timestamp> times_;
  std::uint64_t last_ = 0, steps_ = 0;
  std::set<Domain> frozen_, ended_;
  boost::asio::execution_context context_;
  friend class SeededExecutor;
};

}  // namespace sequent::simulation
