#pragma once
// Outages on one node: which calls may leave, what their answers say of the provider, and how parked
// calls are let go when it is back. The rules are engine/outages; the truth is in the store, and what
// is here follows it.
//
// While nothing fails, nothing is asked or written. When something does, the node reads what others
// wrote and adds what it saw, at most once a second. A position that somebody else changed meanwhile
// wins; evidence is then weighed again on top of it.
//
// A circuit that nothing is wrong with has an open gate: calls pass it, and answers come back, by its
// counters alone. The lock is taken once a second for each, and when something is wrong.
//
// Parked calls are rows, not memory. Each node lets go of those of its own partitions, so the order
// (by deadline, then by age) holds on each node, and rates are a node's share of the whole.
// threads  what calls and partitions use, from any strand; the rest on a strand of its own, the store
//          on the read threads
#include <atomic>
#include <boost/asio/strand.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/error.hpp"
#include "engine/machine/problem.hpp"
#include "engine/machine/state.hpp"
#include "engine/outages/circuit.hpp"
#include "engine/outages/rate.hpp"
#include "engine/runtime/clock.hpp"
#include "engine/runtime/parked_queue.hpp"
#include "engine/runtime/parts.hpp"
#include "engine/runtime/provider_health.hpp"

namespace sequent::runtime {

using definition::CircuitId;

/// A provider as people and metrics see it.
struct ProviderView {
  CircuitId id;
  outages::Circuit circuit;
  outages::Rates rates;
  double per_second = 0;  // the rate at which this node lets calls leave; 0 = no limit
  bool adapted = false;   // the provider's refusals set it
  std::size_t in_flight = 0;
  double drain_per_second = 0;  // 0 = nothing drains on this node
  std::int64_t parked = 0, at_risk = 0;
  Timestamp parked_since = 0, earliest_deadline = 0;
};

/// Where calls of one circuit pass. It lives as long as its Outages.
class Gate {
 public:
  [[nodiscard]] const CircuitId& circuit() const { return *circuit_; }

 private:
  friend class Outages;
  void leave() {
    in_flight_.fetch_add(1, std::memory_order_relaxed);
    if (whole_ != nullptr) whole_->in_flight_.fetch_add(1, std::memory_order_relaxed);
  }
  void come_back() {
    in_flight_.fetch_sub(1, std::memory_order_relaxed);
    if (whole_ != nullptr) whole_->in_flight_.fetch_sub(1, std::memory_order_relaxed);
  }

  const CircuitId* circuit_ = nullptr;
  Gate* whole_ = nullptr;  // of the provider; null: it is that one
  std::atomic<bool> open_ = false;
  std::atomic<std::int64_t> in_flight_ = 0;
  // Answers of this second that the circuit has not heard of yet.
  std::atomic<std::int64_t> second_ = 0;
  std::atomic<std::uint32_t> answered_ = 0;
  std::atomic<std::uint64_t> latency_ms_ = 0;
};

class Outages : public std::enable_shared_from_this<Outages> {
 public:
  struct Setting {
    std::string node;
    boost::asio::any_io_executor executor;
    Clock& clock;
    ProviderHealth& store;
    JobRunner& reads;
    AlarmClock& alarms;
    outages::Settings rules;
    bool shared = false;  // other nodes use the store too
    /// The partitions that this node owns, and how a call of theirs is let go.
    std::function<std::vector<PartitionId>()> owned;
    std::function<void(const InstanceId&, std::uint32_t frame)> let_go;
  };
  explicit Outages(Setting setting);

  /// Reads what the store knows. Blocking, before the first call leaves. errors  StoreFailure
  void load();
  /// Partitions came: calls that are parked in them have to be let go by this node.
  void adopted();
  void stop();
  /// Which of how many nodes that share the limits this one is.
  void set_peers(const outages::Peers& peers);

  struct Verdict {
    enum class Kind : std::uint8_t { go, wait, park };
    Kind kind = Kind::go;
    Timestamp at = 0;  // wait: ask again then
    machine::ParkReason reason = machine::ParkReason::provider_open;
    bool placed = false;  // wait: a place in time is taken, so that only an outage can come between
    bool canary = false;
  };
  struct Asking {
    InstanceId run;
    std::uint32_t frame = 0;
    Timestamp since = 0;                  // when it asked first
    bool placed = false, canary = false;  // as it was told when it had to wait
  };
  /// To be kept by who asks often.
  [[nodiscard]] Gate& gate(const CircuitId& circuit);
  /// May the call leave now? A call that is told to go has to be told of by ended() or withdrawn().
  [[nodiscard]] Verdict admit(Gate& gate, const Asking& asking);
  /// Whether calls of this circuit wait for it: a failure is then no fault of the call.
  [[nodiscard]] bool is_open(const CircuitId& circuit) const;
  /// A call that was told to go and has not left yet must not leave any more: true, and it has to park.
  [[nodiscard]] bool take_back(Gate& gate);
  /// A call that was told to go will not leave: it was withdrawn.
  void withdrawn(Gate& gate) { gate.come_back(); }
  /// How a call that left came back. Null: it was cut off without an answer.
  struct Ended {
    Timestamp left_at = 0;
    bool canary = false;
    bool sent = true;  // false: it did not leave after all
  };
  void ended(Gate& gate, const Ended& how, const machine::Failure* failure);
  /// A call is about to be stored as parked; and then it is, or the commit failed (null).
  void parking(const CircuitId& circuit);
  void parked(const CircuitId& circuit, const ParkedPlace* place);

  /// Operators' commands, blocking (on a read thread). `account` and class "*" mean the whole provider.
  /// errors  conflict: others change it all the time; invalid_request
  using Change = std::function<Result<void>(outages::Circuit&, Timestamp now)>;
  [[nodiscard]] Result<ProviderView> change(const CircuitId& circuit, const Change& change);
  /// Blocking: reads the queues.
  [[nodiscard]] std::vector<ProviderView> views();
  [[nodiscard]] std::optional<ProviderView> view(const CircuitId& circuit) const;

  struct Totals {
    std::uint64_t held_back = 0, let_go = 0, opened = 0, canaries = 0, throttled = 0, syncs = 0;
  };
  [[nodiscard]] Totals totals() const;

 private:
  struct Ticket {  // of a call that was let go: it may leave though others wait
    CircuitId circuit;
    Timestamp until = 0;
    bool canary = false;
  };
  struct Entry {
    outages::Circuit circuit;
    std::int64_t revision = 0;
    bool dirty = false;
    bool found_ill = false;     // by this node, which has not yet written so: another may be first
    outages::Evidence pending;  // not in the store yet
    Timestamp pending_since = 0;
    outages::RateLimit rate;
    Gate gate;
    Entry* whole = nullptr;    // of the provider; itself, if it is that one
    std::size_t tickets = 0;   // let go, not asking yet
    bool backlog = false;      // some of its calls are parked in our partitions
    std::size_t parking = 0;   // on their way into the store
    std::uint64_t parked = 0;  // how many ever were

    [[nodiscard]] std::size_t in_flight() const {
      const auto count = gate.in_flight_.load(std::memory_order_relaxed);
      return count < 0 ? 0 : static_cast<std::size_t>(count);
    }
    ParkedQueue queue;
    Timestamp queue_of = 0;  // the circuit's `since` when the queue was looked at last
  };
  struct Provider {
    std::optional<outages::Ramp> ramp;
    std::size_t turn = 0;
  };
  struct TicketKey {
    InstanceId run;
    std::uint32_t frame = 0;
    bool operator==(const TicketKey&) const = default;
  };
  struct HashTicket {
    std::size_t operator()(const TicketKey& key) const noexcept {
      return std::hash<InstanceId>{}(key.run) ^ key.frame;
    }
  };
  struct Grant {
    ParkedPlace place;
    CircuitId circuit;
    bool canary = false;
  };

  // outages.cpp: the gate
  Entry& entry(const CircuitId& circuit);
  [[nodiscard]] const Entry* find(const CircuitId& circuit) const;
  struct Standing {
    bool open = false, half_open = false;
  };
  [[nodiscard]] Standing standing(const CircuitId& circuit) const;
  [[nodiscard]] Verdict judge(Entry& own, const Asking& asking, Timestamp now);
  void roll(Entry& own, Timestamp now);
  void roll_all();
  void set_gate(const CircuitId& circuit, Entry& own);
  void set_gates();
  [[nodiscard]] bool flows(const CircuitId& circuit, const Entry& own, const Entry& whole) const;
  Verdict hold(Entry& own, machine::ParkReason reason);
  void weigh(const CircuitId& circuit, Entry& entry, const outages::Evidence& evidence,
             Timestamp now);
  void share_limits(Entry& entry);
  void learn(Entry& entry);
  // outages_sync.cpp: with the store
  void sync_soon();
  void sync();
  void exchange();
  void take_in(const std::vector<StoredCircuit>& stored);
  struct Writing {
    std::vector<StoredCircuit> circuits;
    std::vector<outages::Evidence> evidence;  // in step with them
    std::vector<bool> found_ill;
  };
  [[nodiscard]] Writing take_dirty();
  void written(const Writing& writing, const std::vector<std::int64_t>& revisions);
  [[nodiscard]] ProviderView view_of(const CircuitId& id, const Entry& entry) const;
  // drain.cpp: what is parked
  [[nodiscard]] bool stopped() const;
  [[nodiscard]] bool may_sync(Timestamp now) const;
  void wake();
  void tick();
  void read_queue(const CircuitId& circuit, Entry& entry);
  void queue_read(const CircuitId& circuit, std::uint64_t parked_before,
                  std::vector<ParkedPlace> page);
  void look_for_queues();
  void forget_queues();
  void expire_tickets(Timestamp now);
  void pass_time(Timestamp now);
  void probe(Timestamp now, std::vector<Grant>& grants);
  void drain(Timestamp now, std::vector<Grant>& grants);
  bool take_next(const CircuitId& circuit, Entry& entry, bool canary, Timestamp now,
                 std::vector<Grant>& grants);
  [[nodiscard]] std::size_t room(const Entry& entry, double per_second, Timestamp now) const;
  void let_go(const std::vector<Grant>& grants);
  [[nodiscard]] Timestamp next_tick(Timestamp now) const;
  void set_alarm(Timestamp at);

  const Setting setting_;
  boost::asio::strand<boost::asio::any_io_executor> strand_;
  std::unique_ptr<Alarm> alarm_;
  Timestamp alarm_at_ = 0;

  mutable std::mutex mutex_;            // guards all below
  std::map<CircuitId, Entry> entries_;  // never shrinks while the node lives: a few per account
  std::map<std::string, Provider> providers_;
  std::unordered_map<TicketKey, Ticket, HashTicket> tickets_;
  std::int64_t revision_ = 0;  // of the store, as far as it is known here
  outages::Peers peers_;
  bool stopped_ = false, woken_ = false, wants_sync_ = false, syncing_ = false;
  Timestamp synced_at_ = 0;
  bool look_ = false, looking_ = false;  // for queues that this node does not know of
  Totals totals_;
};

/// What a failure says of the provider.
enum class Sign : std::uint8_t { answered, failed, throttled, nothing };
[[nodiscard]] Sign sign_of(const machine::Failure& failure);

}  // namespace sequent::runtime
