#pragma once
// Works on batches: chooses their runs, acts on each within the rate, and hears what becomes of it.
// All it knows is in the store, so another worker goes on where one dies. Of several nodes the one
// that leads works; two that both do so for a moment do nothing twice (runtime/repair_store.hpp).
// threads  start(), stop() and wake() from anywhere; the rest on one strand, what blocks on the pool
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/repair/waves.hpp"
#include "engine/runtime/engine.hpp"
#include "engine/runtime/repair_store.hpp"

namespace sequent::repair {

using runtime::ActedItem;
using runtime::RepairBatch;
using runtime::RepairItem;
using runtime::RunDetails;

struct WorkerSettings {
  DurationMs tick_ms = 50;     // between two helpings of one batch
  DurationMs listen_ms = 500;  // between two looks at what became of them, when nothing else is due
  std::size_t chunk = 2'000;   // runs chosen in one transaction
  std::size_t helping = 64;    // runs acted on at the same time
  std::size_t hearing = 1'000;  // items whose runs are looked after at a time
  std::size_t batches = 16;     // open ones worked on at a time
};

/// All must outlive the worker.
struct WorkerPorts {
  runtime::Engine& engine;
  runtime::RepairStore& repairs;
  runtime::RunQueries& runs;
  const runtime::Clock& clock;
  boost::asio::thread_pool& pool;
};

class Worker : public std::enable_shared_from_this<Worker> {
 public:
  /// `leadership`: set while this node is the one that works, and another number when others may have
  /// worked meanwhile; wake() tells of a new one. Empty = it always is.
  Worker(WorkerPorts ports, boost::asio::any_io_executor executor, WorkerSettings settings = {},
         std::function<std::optional<Epoch>()> leadership = {});

  void start();
  /// There may be something to do, or this node begins to work.
  void wake();
  /// Resumes once nothing is under way any more. What was begun is found again by the next worker.
  boost::asio::awaitable<void> stop();

 private:
  enum class Turn : std::uint8_t { busy, listening, idle };
  /// A run that was not where the batch had looked at it.
  struct Moved {
    bool by_us = false;                // it was acted on, by a worker that has died since
    std::optional<RunDetails> before;  // …and stood there before
    std::optional<std::uint64_t> seq;  // it may still be acted on, here
  };
  /// How fast a batch may go, as a bucket that fills.
  struct Pace {
    double tokens = 0;
    Timestamp filled_at = 0;
  };

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<Turn> turn();
  boost::asio::awaitable<Turn> guarded_turn();
  boost::asio::awaitable<Turn> work_on(RepairBatch batch);
  boost::asio::awaitable<bool> select(const RepairBatch& batch);
  boost::asio::awaitable<bool> adopt_taken(const RepairBatch& batch);
  boost::asio::awaitable<std::size_t> help(const RepairBatch& batch);
  boost::asio::awaitable<bool> hear(const RepairBatch& batch);
  /// Items after that one whose runs have moved, with what has become of them. Blocks.
  [[nodiscard]] runtime::HeardItems heard_after(
      const RepairBatch& batch, const std::optional<runtime::ItemPlace>& after) const;
  boost::asio::awaitable<Turn> finish_if_over(const RepairBatch& batch);
  boost::asio::awaitable<void> act_on_all(const RepairBatch& batch, std::vector<RepairItem> items,
                                          bool adopted);
  boost::asio::awaitable<ActedItem> act_on(RepairBatch batch, RepairItem item, bool adopted);
  boost::asio::awaitable<Result<void>> look_and_act(const RepairBatch& batch,
                                                    const RepairItem& item,
                                                    std::optional<RunDetails>& before);
  boost::asio::awaitable<Result<void>> act_once(const RepairBatch& batch, const RepairItem& item,
                                                const std::optional<RunDetails>& before);
  boost::asio::awaitable<Result<void>> retry_once(const RepairBatch& batch, const RepairItem& item,
                                                  runtime::Engine::Action action,
                                                  const std::optional<RunDetails>& before);
  [[nodiscard]] Moved look_again(const RepairBatch& batch, const RepairItem& item, bool adopted);
  [[nodiscard]] ActedItem noted(const RepairBatch& batch, RepairItem item,
                                const std::optional<RunDetails>& before) const;
  [[nodiscard]] std::optional<RunDetails> run_at(const InstanceId& run, std::uint64_t seq) const;
  [[nodiscard]] Waves& waves_of(const RepairBatch& batch);
  void count_outcome(const RepairBatch& batch, const RepairItem& item);
  /// False where nothing is left that it could hold back.
  boost::asio::awaitable<bool> stop_by_itself(const RepairBatch& batch, Waves::Stop stop);
  [[nodiscard]] std::size_t allowance(const RepairBatch& batch);
  [[nodiscard]] Result<std::vector<machine::Record>> records_after(const InstanceId& run,
                                                                   std::uint64_t seq) const;

  WorkerPorts ports_;
  boost::asio::strand<boost::asio::any_io_executor> strand_;
  WorkerSettings settings_;
  std::function<std::optional<Epoch>()> leadership_;
  std::optional<Epoch> term_;  // under which the rest was learnt
  boost::asio::steady_timer pause_;
  boost::asio::steady_timer ended_;
  bool running_ = false, stopping_ = false, woken_ = false;
  std::set<std::string> adopted_;  // batches whose taken items are nobody else's any more
  std::map<std::string, Pace> paces_;
  std::map<std::string, runtime::ItemPlace> listening_;  // how far down a batch's acted items
  std::map<std::string, Waves> waves_;
};

}  // namespace sequent::repair
