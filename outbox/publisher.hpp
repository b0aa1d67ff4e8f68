#pragma once
// Publishes what workflows emitted to one sink: in the order of commits, each event at least once.
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/ids.hpp"
#include "engine/runtime/clock.hpp"
#include "engine/runtime/sinks.hpp"
#include "outbox/sink.hpp"

namespace sequent::outbox {

struct PublisherOptions {
  std::string name;                // of the cursor
  std::vector<std::string> types;  // prefixes of event types; empty = all
  bool from_now = false;
  std::size_t most_events = 100;  // between two cursors, so sent twice when the node dies there
  std::size_t most_bytes = 4 << 20;
  DurationMs first_pause_ms = 500;  // after a failure; doubled with each one that follows
  DurationMs longest_pause_ms = 60'000;
  /// Set while this node publishes: one of a cluster does, and it is another number when others may have
  /// published meanwhile. wake() tells of a new one. Empty = it is the only one.
  std::function<std::optional<Epoch>()> leadership;
  std::size_t most_skipped = 1'000;  // events of other types that are passed without a new cursor
};

/// At one moment, for metrics.
struct Figures {
  std::uint64_t published = 0;
  std::uint64_t failures = 0;    // sends that failed, or reads and writes of the store
  std::size_t behind = 0;        // emitted events that are not published; counts to 10,000
  Timestamp oldest_pending = 0;  // when the first of them was emitted; 0 = none
};

/// A cursor is written after its events were taken, never before: a crash in between sends them
/// again, under the same ids, and loses none. An event that the sink does not take is not left out:
/// it holds up those behind it until it is taken, or until an operator leaves it out, and runs notice
/// nothing of that.
/// threads  one of its own, which blocks; the functions below may come from any
class Publisher {
 public:
  /// `log` and `clock` outlive it.
  Publisher(PublisherOptions options, std::unique_ptr<Sink> sink, runtime::Outbox& log,
            const runtime::Clock& clock, std::unique_ptr<runtime::Random> random);
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  void start();
  /// There may be something to publish, or this node begins to.
  void wake();
  /// Breaks a send off. On return nothing is sent any more.
  void stop();

  [[nodiscard]] Figures figures() const;
  [[nodiscard]] const std::string& name() const { return options_.name; }
  /// Blocks: asks the store. errors  StoreFailure
  [[nodiscard]] runtime::SinkStatus status();
  /// As runtime::Sinks has them.
  [[nodiscard]] Result<void> retry();
  [[nodiscard]] Result<void> skip(std::int64_t event);

 private:
  enum class Round : std::uint8_t { more, idle, failed };
  void run();
  [[nodiscard]] Round attempt();
  void forget_position();
  [[nodiscard]] Round publish();
  [[nodiscard]] std::optional<Epoch> leadership() const {
    return options_.leadership ? options_.leadership() : Epoch{0};
  }
  [[nodiscard]] bool leads() const { return leadership().has_value(); }
  [[nodiscard]] std::optional<runtime::EmittedEvent> next_after(std::int64_t cursor);
  void follow_cursor();
  void note_success();
  [[nodiscard]] bool wants(const runtime::EmittedEvent& event) const;
  void move_to(std::int64_t id, bool published);
  void note_backlog(const std::vector<runtime::EmittedEvent>& pending, bool all_read);
  void wait_for_work();
  void back_off();
  void note_failure(const std::string& detail, DurationMs retry_after_ms);

  PublisherOptions options_;
  std::unique_ptr<Sink> sink_;
  runtime::Outbox& log_;
  const runtime::Clock& clock_;
  std::unique_ptr<runtime::Random> random_;

  // The thread's own.
  std::optional<Epoch> term_;   // under which it publishes
  std::int64_t position_ = -1;  // what it has dealt with; -1 = the cursor has not been read
  std::int64_t saved_ = 0;      // the cursor in the store
  bool unsaved_ = false;        // something between the two has been published
  std::size_t skipped_ = 0;     // events between the two that this sink does not want
  int failed_in_a_row_ = 0;
  DurationMs asked_pause_ms_ = 0;

  std::atomic<std::uint64_t> published_ = 0, failures_ = 0;
  std::atomic<std::size_t> behind_ = 0;
  std::atomic<Timestamp> oldest_pending_ = 0;

  std::mutex mutex_;  // guards the five below
  std::string error_;
  Timestamp failing_since_ = 0;
  bool woken_ = false;
  bool again_ = false;  // an operator wants the next try now
  bool stopping_ = false;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace sequent::outbox
