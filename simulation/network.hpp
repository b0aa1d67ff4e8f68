#pragma once
// The wire between one life of a node and the provider: requests and answers take their time, get
// lost, come late or twice. When the node dies its requests go on; their answers reach nobody.
#include <map>
#include <memory>

#include "engine/runtime/reply.hpp"
#include "simulation/provider.hpp"
#include "simulation/scheduler.hpp"
#include "simulation/weather.hpp"

namespace sequent::simulation {

class Network : public std::enable_shared_from_this<Network> {
 public:
  using Answer = runtime::Reply<runtime::ActivityResult>;
  using Looked = runtime::Reply<runtime::Reconciliation>;
  /// `sent` hears of every request before it leaves.
  Network(Scheduler& scheduler, Dice& dice, const Weather& weather, Provider& provider,
          std::function<void(const runtime::Attempt&)> sent);

  void send(const runtime::ActivitySpec& spec, runtime::Attempt attempt, Json input, Answer answer);
  void look(const runtime::ActivitySpec& spec, runtime::Attempt attempt, Json input, Looked looked);
  /// Answers reach nobody any more.
  void node_died() { dead_ = true; }
  /// Lets go of what waits for answers, once its node has let go of its calls.
  void forget();

 private:
  void answer_at(Timestamp at, std::uint64_t number, runtime::ActivityResult result);
  void arrive_at(Timestamp at, const std::shared_ptr<Request>& request, Reaction reaction,
                 std::uint64_t answer_to);
  [[nodiscard]] Reaction react();
  [[nodiscard]] Timestamp soon();

  Scheduler& scheduler_;
  Dice& dice_;
  const Weather& weather_;
  Provider& provider_;
  std::function<void(const runtime::Attempt&)> sent_;
  bool dead_ = false;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Answer> open_;
  std::map<std::uint64_t, Looked> looking_;
};

/// The activities of a simulated world: `shop.charge` (the provider keeps keys for ten minutes),
/// `shop.once` (the same, without retries of its own), `shop.book` (no keys: it looks first),
/// `shop.read` (idempotent) and `records.put` (in the store).
void register_activities(runtime::ActivityRegistry& registry,
                         const std::shared_ptr<Network>& network);

}  // namespace sequent::simulation
