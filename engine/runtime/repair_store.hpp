#pragma once
// Where batches live: jobs that do one operator's action to every run that a filter finds. A batch is
// a row, its runs are items, and both outlive the node that works on them.
//
// An item is acted on by one worker at a time, and at most once: take_items() gives it away, and the
// action itself holds only while the run's journal ends at the item's `seq`. So a worker that died, or
// two that both believe to be the one, do nothing twice.
// threads  blocking, from a pool
// errors   StoreFailure
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/runtime/queries.hpp"

namespace sequent::runtime {

struct RepairBatch {
  enum class State : std::uint8_t { running, paused, cancelled, finished };
  enum class Order : std::uint8_t { deadline, age, newest };

  std::string id;                   // UUIDv7: newer ones sort later
  std::string action;               // retry | skip | resume | suspend | cancel | rewind | migrate
  Json arguments = Json::object();  // task, input, patch, output: as the action takes them
  RunFilter filter;                 // its runs, as of created_at
  std::string where;                // the filter as it was asked for, for people
  Order order = Order::deadline;
  std::int64_t rate_per_hour = 0;  // 0 = as fast as it goes
  /// Begins with a few runs, and goes on with twice as many when it is known what became of them.
  bool waves = false;
  /// Pauses by itself when so many of its latest outcomes are that a run faulted or parked again;
  /// 0 = never.
  int stop_percent = 0;
  std::string reason, created_by;
  Timestamp created_at = 0;

  State state = State::running;
  Timestamp updated_at = 0;
  Timestamp finished_at = 0;  // nothing is left to do or to hear; 0 = not yet
  bool selected = false;      // all its runs are items
  std::string detail;         // why it was paused by itself
  std::int64_t wave = 0;      // runs of the wave under way; 0 = none
};
[[nodiscard]] std::string_view name_of(RepairBatch::State state);
[[nodiscard]] std::string_view name_of(RepairBatch::Order order);
[[nodiscard]] std::optional<RepairBatch::State> batch_state_from(std::string_view name);
[[nodiscard]] std::optional<RepairBatch::Order> batch_order_from(std::string_view name);

struct RepairItem {
  enum class State : std::uint8_t {
    pending,    // not yet begun
    taken,      // some worker is about to act, or died doing so
    acted,      // the action is in the run's journal; how it ends is open
    succeeded,  // the task that was acted on is over; or the action had no more to do
    faulted,    // …it faulted again
    parked,     // …it parked again
    refused,    // the run refused the action
    changed,    // it was no run for this batch any more
  };
  InstanceId run;
  State state = State::pending;
  std::uint64_t seq = 0;    // the run's journal before the action
  std::uint64_t heard = 0;  // …up to where its outcome was looked for
  std::string detail;       // why it was refused, what it faulted with
  Timestamp updated_at = 0;
};
[[nodiscard]] std::string_view name_of(RepairItem::State state);
[[nodiscard]] std::optional<RepairItem::State> item_state_from(std::string_view name);
/// What a worker has made of an item that it took, and what the audit log is to say of it.
struct ActedItem {
  RepairItem item;
  std::optional<AuditEntry> note;
};
/// Nothing will change it any more.
[[nodiscard]] inline bool is_settled(RepairItem::State state) {
  return state > RepairItem::State::acted;
}

/// Where an item stands in its batch.
struct ItemPlace {
  std::int64_t place = 0;
  InstanceId run;
};

struct HeardItems {
  std::vector<RepairItem> moved;  // their run has moved since it was heard, or is gone
  std::optional<ItemPlace> last;  // of all that were looked at; not set = there are no more
};

struct RepairCounts {
  std::int64_t pending = 0, taken = 0, acted = 0, succeeded = 0, faulted = 0, parked = 0,
               refused = 0, changed = 0;
  [[nodiscard]] std::int64_t total() const {
    return pending + taken + acted + succeeded + faulted + parked + refused + changed;
  }
  [[nodiscard]] std::int64_t open() const { return pending + taken + acted; }
  [[nodiscard]] std::int64_t& of(RepairItem::State state);
};

class RepairStore {
 public:
  virtual ~RepairStore() = default;

  virtual void create_batch(const RepairBatch& batch) = 0;
  [[nodiscard]] virtual std::optional<RepairBatch> batch(const std::string& id) = 0;
  /// Newest first, those older than `before` ("" = all).
  [[nodiscard]] virtual std::vector<RepairBatch> batches(const std::string& before,
                                                         std::size_t limit) = 0;
  /// Those that a worker has something to do for: paused ones last, the oldest of each first.
  [[nodiscard]] virtual std::vector<RepairBatch> open_batches(std::size_t limit) = 0;
  /// False when its state is none of `from`.
  [[nodiscard]] virtual bool change_batch(const std::string& id,
                                          std::span<const RepairBatch::State> from,
                                          RepairBatch::State to, const std::string& detail,
                                          Timestamp now) = 0;
  /// Pauses a running one, with an entry in the audit log. False = it was not running any more.
  virtual bool stop_batch(const std::string& id, const std::string& detail,
                          const AuditEntry& note) = 0;
  /// From now on.
  virtual void set_stop(const std::string& id, int percent, Timestamp now) = 0;
  /// Tells of how many runs the wave is that begins now.
  virtual void begin_wave(const std::string& id, std::int64_t runs, Timestamp now) = 0;
  /// Nothing is left to do: sets finished_at, and the state of one that ran to `finished`.
  virtual void finish_batch(const std::string& id, Timestamp now) = 0;
  [[nodiscard]] virtual RepairCounts count_items(const std::string& id) = 0;

  /// Turns the next runs that its filter finds, and that have not changed since it was created, into
  /// items: at most `limit`. After the last ones the batch is `selected`. Returns how many it read.
  virtual std::size_t select_items(const RepairBatch& batch, std::size_t limit, Timestamp now) = 0;
  /// Takes pending items away, in the batch's order. Nobody else gets them.
  [[nodiscard]] virtual std::vector<RepairItem> take_items(const std::string& id, std::size_t limit,
                                                           Timestamp now) = 0;
  /// Taken items, by run after `after`: those of a worker that died.
  [[nodiscard]] virtual std::vector<RepairItem> taken_items(const std::string& id,
                                                            const std::optional<InstanceId>& after,
                                                            std::size_t limit) = 0;
  /// The run's last seq, if the batch's filter still finds it.
  [[nodiscard]] virtual std::optional<std::uint64_t> still_matches(const RepairBatch& batch,
                                                                   const InstanceId& run) = 0;
  /// Gives a taken item the seq that it is acted on at next. False when it is not at `from` any more.
  [[nodiscard]] virtual bool aim_item(const std::string& id, const InstanceId& run,
                                      std::uint64_t from, std::uint64_t to) = 0;
  /// Writes state, heard and detail of items that are still taken, and their notes with them: an item
  /// that another worker has written meanwhile has its note already.
  virtual void write_acted(const std::string& id, std::span<const ActedItem> acted,
                           Timestamp now) = 0;
  /// Writes state, heard and detail of items that are not settled.
  virtual void write_items(const std::string& id, std::span<const RepairItem> items,
                           Timestamp now) = 0;
  /// Looks at acted items, in the batch's order after `after`, at most `limit` of them: so that a
  /// step costs the same in a batch of any size.
  [[nodiscard]] virtual HeardItems moved_items(const std::string& id,
                                               const std::optional<ItemPlace>& after,
                                               std::size_t limit) = 0;
  /// By run after `after`; of one state, or all.
  [[nodiscard]] virtual std::vector<RepairItem> items(const std::string& id,
                                                      std::optional<RepairItem::State> state,
                                                      const std::optional<InstanceId>& after,
                                                      std::size_t limit) = 0;

  /// Deadlines of the runs of a filter: the earliest, and how many lie before `moment`.
  struct Deadlines {
    Timestamp earliest = 0;  // 0 = none
    std::int64_t before = 0;
  };
  [[nodiscard]] virtual Deadlines deadlines(const RunFilter& filter, Timestamp moment) = 0;
};

}  // namespace sequent::runtime
