#pragma once
// A partition's activity calls: which are under way, which wait for a place, and how one is made.
// threads  the partition's strand; activities run on it as coroutines
// effect   the only place from which requests leave
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>

#include "engine/runtime/activity.hpp"
#include "engine/runtime/stats.hpp"

namespace sequent::runtime {

/// One attempt, ready to leave.
struct ActivityCall {
  InstanceId instance;
  std::uint32_t frame = 0;
  Activity* activity = nullptr;
  Attempt attempt;
  Json input;
  bool key_raised = false;  // its idempotency key is not the one of the first attempt
};

class Dispatcher : public std::enable_shared_from_this<Dispatcher> {
 public:
  struct Limits {
    std::size_t max_in_flight = 0;
    std::size_t max_payload_bytes = 0;
  };
  /// `returned` hears the outcome of every call that was not abandoned.
  using Returned = std::function<void(const InstanceId&, std::uint32_t frame, std::uint32_t attempt,
                                      ActivityResult result)>;
  Dispatcher(boost::asio::any_io_executor strand, Stats& stats, Limits limits, Returned returned);

  /// Starts the call, or queues it while too many are under way.
  void start(ActivityCall call);
  [[nodiscard]] bool under_way(const InstanceId& instance, std::uint32_t frame,
                               std::uint32_t attempt) const;
  /// Nobody waits for the answer any more: a queued call never leaves, one under way is cancelled.
  void abandon(const InstanceId& instance, std::uint32_t frame, std::uint32_t attempt);
  void abandon_all();
  /// Calls that wait for a place never leave; those under way go on.
  void stop_queue();
  [[nodiscard]] std::size_t in_flight() const { return running_; }
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }

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
  struct Entry {
    std::shared_ptr<boost::asio::cancellation_signal> cancel;  // null = queued
    std::shared_ptr<ActivityCall> waiting;                     // set = queued
  };
  void launch(const Key& key, ActivityCall call);
  void ended(const Key& key, ActivityResult result);
  void pump();

  boost::asio::any_io_executor strand_;
  Stats& stats_;
  Limits limits_;
  Returned returned_;
  std::unordered_map<Key, Entry, HashKey> calls_;
  std::deque<Key> queue_;
  std::size_t running_ = 0;
  bool stopped_ = false;
};

/// Whether an attempt must look for its effect before it asks for it again: an earlier attempt may
/// have had it, and the provider no longer recognises (or never had) our key.
[[nodiscard]] bool must_reconcile(const ActivitySpec& spec, const Attempt& attempt,
                                  bool key_raised);

/// Whether the value takes more than `limit` bytes as JSON; stops counting there.
[[nodiscard]] bool larger_than(const Json& value, std::size_t limit);

}  // namespace sequent::runtime
