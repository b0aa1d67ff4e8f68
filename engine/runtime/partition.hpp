#pragma once
// One partition: its resident instances, the batch that gathers, its timers, calls and waiters.
//
// The loop: an event reaches an instance (loaded if need be), the machine decides, the records
// gather. When no batch of the partition is under way, what has gathered is submitted; when it has
// come back durable, its effects are released: answers, requests, child starts, notices, timers.
// Nothing of a batch is told to anybody before. State in memory is ahead of the store by at most
// one batch under way and one that gathers.
//
// When the store fails, every instance with undurable changes is dropped and its callers hear
// `unavailable`; after a back-off the partition recovers exactly as it does at a start.
//
// A simulation gives EngineParts with inline runners and its own alarms: then all of this happens in
// one thread, in an order that its seed decides.
// threads  public functions from anywhere (they post to the strand); all else on the strand, no locks
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/strand.hpp>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "engine/runtime/batch.hpp"
#include "engine/runtime/dispatch.hpp"
#include "engine/runtime/node.hpp"
#include "engine/runtime/resident.hpp"
#include "engine/runtime/timer_heap.hpp"

namespace sequent::runtime {

/// Why a partition leaves its node.
enum class Leaving : std::uint8_t { node_stops, taken_over };

class Partition : public std::enable_shared_from_this<Partition> {
 public:
  Partition(std::shared_ptr<Node> node, Lease lease);

  [[nodiscard]] PartitionId id() const { return lease_.partition; }
  [[nodiscard]] Epoch epoch() const { return lease_.epoch; }

  /// Finds what is due: open effects, messages, timers. Also the way back after a store failure.
  void recover();
  /// A new instance. Its id is made here; `asked.id` is ignored.
  void start(ProgramPtr program, machine::StartAsked asked, NewInstance row,
             Reply<Result<StartOutcome>> reply);
  /// An operator's event, planned once the instance is in memory.
  using Plan = std::move_only_function<Result<machine::Event>(const Resident&)>;
  void act(InstanceId id, Plan plan, Reply<Result<void>> reply);
  void wait(InstanceId id, Until until, Timestamp deadline, Reply<Result<WaitResult>> reply);
  /// Tells once, without keeping the run in memory or loading it when the time is over: true when
  /// `until` has come about, false when the deadline passes first or the partition leaves.
  void watch_for(InstanceId id, Until until, Timestamp deadline, Reply<bool> reply);
  /// Messages that are stored and that nobody has been told of yet.
  void take_messages(std::vector<StoredMessage> messages);
  /// A parked call may leave: its provider is back.
  void let_go(InstanceId id, std::uint32_t frame);
  /// There may be messages in the store that nobody has been told of: of one instance, or of any.
  /// What is read there is what is still to be consumed, whoever else has seen it.
  void look_for_messages_of(InstanceId id);
  void look_for_messages();

  /// From the committer. The batch comes back to be freed here: the committer is the one thread that
  /// all partitions wait for.
  void committed(BatchResult result, Batch written);
  void commit_failed(std::string why, bool full);

  /// The lease is lost, or the node ends: forget everything, tell nobody that anything happened.
  void drop(Leaving why);
  /// Whether requests may leave: the leases hold, and the partition has not been dropped, which comes
  /// about on its strand only later. threads  any
  [[nodiscard]] bool owned() const;
  /// Gives the partition up in order: no further call leaves, those under way may end until
  /// `deadline`, what gathers is committed. Then it drops itself and calls `left`, once.
  void leave(Timestamp deadline, std::function<void()> left);
  /// Queued calls stay queued; those under way may end.
  void stop_calls();
  /// Nothing gathers and nothing is being committed.
  [[nodiscard]] bool idle() const { return idle_.load(std::memory_order_acquire); }

 private:
  struct Flight {  // one instance's part of the batch under way
    Resident* resident = nullptr;
    std::vector<machine::Command> commands;
    std::vector<OpenCall> gone;  // calls that nobody awaits any more
    Facts facts;
    std::vector<Told> told;
    Reply<Result<StartOutcome>> started;
    std::vector<Json> emitted;
    std::optional<RunNotice> notice;
    Timestamp wake_at = 0, timer = 0;
  };
  struct Waiter {
    std::uint64_t number = 0;
    Until until = Until::ended;
    Timestamp deadline = 0;
    Reply<Result<WaitResult>> reply;
    bool quiet = false;  // nobody wants to know how far the run is when the deadline has passed
  };
  struct Deadline {
    Timestamp at = 0;
    std::uint64_t number = 0;
    InstanceId id;
    auto operator<=>(const Deadline&) const = default;
  };

  // partition.cpp: events in, batch out
  [[nodiscard]] Error gone(const std::string& what_to_do) const;
  [[nodiscard]] Error gone_on(const InstanceId& id) const;  // to who asked for this run
  [[nodiscard]] Timestamp now() const { return node_->ports.clock.now(); }
  Result<void> feed(Resident& resident, const machine::Event& event);
  Gathering& gather(Resident& resident);
  void sort_records(Resident& resident, machine::Records records);
  void schedule_submit();
  void submit();
  Flight fly(Resident& resident, Batch& batch);
  void begin(InstanceId id, ProgramPtr program, machine::StartAsked asked, NewInstance row,
             Reply<Result<StartOutcome>> reply);
  void plan_and_feed(Resident& resident, Plan plan, Reply<Result<void>> reply);
  void feed_planned(Resident& resident, const machine::Event& event, Reply<Result<void>> reply);

  // release.cpp: effects of a batch that is durable, or the end of one that is not
  void release(BatchResult result);
  void release_one(Flight& flight, ChangeResult& result);
  void refuse_taken(Flight& flight, const ChangeResult::Taken& taken);
  void refuse_revival(Flight& flight, const ChangeResult::Taken& taken);
  /// recovered: found in the store, a call may have left before
  void obey(Resident& resident, const std::vector<machine::Command>& commands, bool recovered);
  void dispatch(Resident& resident, const machine::DispatchActivity& call, bool recovered);
  void returned(const InstanceId& id, std::uint32_t frame, std::uint32_t attempt,
                ActivityResult result, std::string request_id);
  void store_broke(const std::string& why, bool full, bool commit);
  void abort_undurable(const Error& error);
  void abort_loading(const Error& error);

  // parking.cpp: calls that wait for their provider
  void held_back(const InstanceId& id, std::uint32_t frame, std::uint32_t attempt,
                 machine::ParkReason reason);
  void announce(const InstanceId& id, const std::vector<ParkedCall>& calls,
                std::vector<Told>& told);

  // residency.cpp: instances come into memory and leave it
  void with(const InstanceId& id, Job job);
  void load(const InstanceId& id);
  struct Loaded {
    std::optional<machine::State> state;  // none: no such instance
    std::vector<StoredMessage> messages;
    std::uint64_t snapshot_seq = 0;
    std::optional<Error> broken;  // a journal that this build can't read
  };
  void loaded(const InstanceId& id, Loaded loaded);
  void settle_in(Resident& resident, std::vector<StoredMessage> messages);
  void maybe_evict(Resident& resident);
  void erase(const InstanceId& id);
  void take_message(const StoredMessage& message);
  void feed_message(Resident& resident, const StoredMessage& message);

  // children.cpp
  void note_children(Resident& resident);
  void start_child(Resident& parent, const machine::StartChild& command);
  void create_child(const InstanceId& parent, const machine::StartChild& command,
                    bool may_learn = true);
  void look_at_child(const InstanceId& parent, const machine::StartChild& command, Resident& child);
  Result<void> revive_child(const InstanceId& parent, const machine::StartChild& command,
                            Resident& child, machine::RetryAsked retry);
  void child_launched(const InstanceId& parent, const machine::StartChild& command);
  void child_ended(const InstanceId& parent, machine::ChildEnded ended);
  [[nodiscard]] static machine::RetryAsked begun_again(const Resident& child,
                                                       const machine::ChildState& wanted);
  void settle_starts(Resident& parent);
  void end_child(Resident& parent, const InstanceId& id, std::string_view how,
                 const std::string& reason);
  [[nodiscard]] static std::vector<InstanceId> replaced_children(const machine::State& parent,
                                                                 const machine::Event& event);
  void end_replaced(Resident& parent, const machine::Event& event,
                    const std::vector<InstanceId>& replaced);
  struct Planned {
    machine::Event event;
    Reply<Result<void>> reply;
    std::uint64_t seq = 0;  // of the run that it was planned for
  };
  void look_and_feed(const InstanceId& parent, Planned planned, std::vector<InstanceId> replaced);
  void message_lost_children(Resident& resident, Gathering& gathering);
  void tell_children(Resident& parent, const machine::Event& event);
  [[nodiscard]] std::vector<machine::FrameId> children_that_undo(const Resident& parent) const;
  void cancel_settling_children(Resident& parent);
  [[nodiscard]] Resident* in_memory(const InstanceId& id);

  // waiters.cpp
  void add_waiter(const InstanceId& id, Waiter waiter);
  void await(InstanceId id, Waiter waiter);
  void dismiss(const InstanceId& id, Waiter waiter);
  void dismiss_waiters();
  void answer_waiters(const InstanceId& id, const Facts& facts);
  void expire_waiters();

  // leaving.cpp
  void await_rest(Timestamp deadline, const std::shared_ptr<std::function<void()>>& left);

  // mail.cpp: messages that came another way than with a commit of this partition
  void scan_mail(std::optional<InstanceId> after);
  void found_mail(const std::vector<InstanceId>& page);
  void look_at(const InstanceId& id);

  // recovery.cpp: scans and timers
  void recover_now();
  void scan();
  void scanned(const std::vector<Store::Due>& page);
  void scan_on();
  void load_timers();
  void fire_timers();
  void set_alarm();
  void ring();
  template <class Read, class Then>
  void read(Read read, Then then);

  std::shared_ptr<Node> node_;
  Lease lease_;
  boost::asio::strand<boost::asio::any_io_executor> strand_;
  std::unique_ptr<Random> random_;
  std::unique_ptr<Alarm> alarm_;
  std::shared_ptr<Dispatcher> dispatcher_;

  std::unordered_map<InstanceId, Resident> residents_;
  std::vector<Resident*> dirty_;  // those that gather, in order
  std::vector<Flight> flights_;   // the batch under way
  bool in_flight_ = false;
  bool submit_posted_ = false;
  std::atomic<bool> idle_ = true;
  std::atomic<bool> retired_ = false;
  bool dropped_ = false;
  Leaving left_ = Leaving::node_stops;  // once dropped

  std::unique_ptr<Alarm> leaving_alarm_;
  bool scanning_mail_ = false;
  std::unordered_set<InstanceId> mail_found_, stale_mail_;  // by this look, by the last one
  std::optional<InstanceId> mail_read_to_;                  // where the next look begins
  Timestamp mail_after_ = 0;                                // no earlier look at the mail of all
  DurationMs mail_pause_ms_ = 0;
  std::uint64_t loads_ = 0;

  TimerHeap timers_;
  std::size_t loading_ = 0;
  Timestamp alarm_at_ = 0;
  std::uint64_t generation_ = 0;  // of recovery: late answers to older scans are void

  struct Scan {
    bool messages = false;  // first the open effects, then the unconsumed messages
    std::optional<Store::Due> after;
    std::size_t left = 0;  // instances of the page that are still being loaded
    bool more = true;
    bool reading = false;
  };
  std::optional<Scan> scan_;

  bool broken_ = false;
  bool broken_full_ = false;
  std::string broken_why_;
  Timestamp retry_at_ = 0;
  DurationMs backoff_ms_ = 0;

  std::unordered_map<InstanceId, std::vector<Waiter>> waiters_;
  std::set<Deadline> deadlines_;
  std::uint64_t last_waiter_ = 0;
};

}  // namespace sequent::runtime
