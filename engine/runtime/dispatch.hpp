#pragma once
// A partition's activity calls: which are under way, which wait for a place, and how one is made.
// A call that outlives its time by far is cut off: its outcome is unknown, its place free again.
// threads  the partition's strand; activities run on it as coroutines
// effect   the only place from which requests leave
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

#include "engine/definition/circuit_id.hpp"
#include "engine/machine/value.hpp"
#include "engine/runtime/activity.hpp"
#include "engine/runtime/call_limit.hpp"
#include "engine/runtime/clock.hpp"
#include "engine/runtime/outages.hpp"
#include "engine/runtime/parts.hpp"
#include "engine/runtime/stats.hpp"

namespace sequent::runtime {

using machine::larger_than;

/// One attempt, ready to leave.
struct ActivityCall {
  InstanceId instance;
  std::uint32_t frame = 0;
  Activity* activity = nullptr;
  Attempt attempt;
  Json input;
  bool key_raised = false;        // its idempotency key is not the one of the first attempt
  definition::CircuitId circuit;  // whose health it depends on
  // What its gate said so far.
  Gate* gate = nullptr;  // null: there are none
  Timestamp asked_at = 0;
  bool admitted = false, placed = false, canary = false;
};

class Dispatcher : public std::enable_shared_from_this<Dispatcher> {
 public:
  struct Setting {
    boost::asio::any_io_executor strand;
    Stats& stats;
    Clock& clock;
    std::unique_ptr<Alarm> alarm;      // of the strand
    std::shared_ptr<CallLimit> limit;  // of the node
    std::shared_ptr<Outages> outages;  // of the node; null = nothing is held back
    // Whether the node still owns the partition. Asked right before each request: a call may have
    // waited for its place, or looked at the provider, while the node stood still past its leases.
    std::function<bool()> owned;
    std::size_t max_payload_bytes = 0;
  };
  /// `returned` hears the outcome of every call that was not abandoned, and under which id the
  /// provider knows it ("" = it gave none).
  using Returned = std::function<void(const InstanceId&, std::uint32_t frame, std::uint32_t attempt,
                                      ActivityResult result, std::string request_id)>;
  /// `held_back` hears of calls that must not leave now, because of their provider.
  using HeldBack = std::function<void(const InstanceId&, std::uint32_t frame, std::uint32_t attempt,
                                      machine::ParkReason reason)>;
  Dispatcher(Setting setting, Returned returned, HeldBack held_back);

  /// Starts the call, or queues it while too many are under way.
  void start(ActivityCall call);
  [[nodiscard]] bool under_way(const InstanceId& instance, std::uint32_t frame,
                               std::uint32_t attempt) const;
  /// Some call is out whose answer somebody waits for.
  [[nodiscard]] bool any_under_way() const { return !limits_.empty(); }
  /// Nobody waits for the answer any more: a queued call never leaves, one under way is cancelled.
  void abandon(const InstanceId& instance, std::uint32_t frame, std::uint32_t attempt);
  void abandon_all();
  /// A call that still waits for a place never leaves. False: it waits for none; it may be out.
  bool withdraw(const InstanceId& instance, std::uint32_t frame, std::uint32_t attempt);
  /// Calls that wait for a place never leave; those under way go on.
  void stop_queue();

 private:
  struct Key {
    InstanceId instance;
    std::uint32_t frame = 0, attempt = 0;
    bool operator==(const Key&) const = default;
  };
  struct HashKey {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<InstanceId>{}(key.instance) ^ (std::size_t{key.frame} << 16) ^ key.attempt;
    }
  };
  /// A call under way; its coroutine keeps it, so that it may outlast its entry.
  struct Running {
    Key key;
    boost::asio::cancellation_signal cancel;
    std::multimap<Timestamp, std::shared_ptr<Running>>::iterator limit;
    bool over = false;  // it has ended, or was cut off: its place is given back
    Gate* gate = nullptr;
    Outages::Ended how;
  };
  struct Entry {
    std::shared_ptr<Running> running;       // null = queued
    std::shared_ptr<ActivityCall> waiting;  // set = queued
  };
  [[nodiscard]] Gate* gate_of(const definition::CircuitId& circuit);
  void try_to_leave(const Key& key, std::shared_ptr<ActivityCall> call);
  [[nodiscard]] bool passes_gate(const Key& key, const std::shared_ptr<ActivityCall>& call);
  void hold_back(const Key& key, machine::ParkReason reason);
  void ask_again(Timestamp now);
  void launch(const Key& key, const std::shared_ptr<ActivityCall>& call);
  void forget_waiting(const Entry& entry);
  void give_back(Running& running);
  void ended(Running& running, ActivityResult result, std::string request_id);
  void cut_off(const std::shared_ptr<Running>& running);
  void pump();
  void wait_for_place();
  void set_alarm();
  void ring_at(Timestamp at);
  void ring();

  Setting setting_;
  Returned returned_;
  HeldBack held_back_;
  std::unordered_map<Key, Entry, HashKey> calls_;
  std::map<definition::CircuitId, Gate*> gates_;  // those that were asked for
  std::deque<Key> queue_;
  std::multimap<Timestamp, Key> asking_;  // when those that the gate lets wait ask again
  std::multimap<Timestamp, std::shared_ptr<Running>> limits_;  // when each is cut off
  Timestamp alarm_at_ = 0;                                     // 0 = not set
  bool waits_ = false;                                         // for a place of the node's
  bool stopped_ = false;
};

/// Whether an attempt must look for its effect before it asks for it again: an earlier attempt may
/// have had it, and the provider no longer recognises (or never had) our key.
[[nodiscard]] bool must_reconcile(const ActivitySpec& spec, const Attempt& attempt,
                                  bool key_raised);

/// How long an attempt may take before it is cut off. Activities keep their time themselves and say
/// more about it: this is for one that does not, and leaves room for a second request after the first.
[[nodiscard]] DurationMs cut_off_after(const ActivitySpec& spec, const Attempt& attempt,
                                       bool key_raised);

}  // namespace sequent::runtime
