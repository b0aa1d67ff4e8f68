#pragma once
// Who hears of what happened to runs. Publishing costs nothing while nobody watches.
// threads  any
#include <atomic>
#include <deque>
#include <list>
#include <memory>
#include <mutex>

#include "engine/runtime/engine.hpp"
#include "engine/runtime/notes.hpp"
#include "engine/runtime/parts.hpp"
#include "engine/runtime/reply.hpp"

namespace sequent::runtime {

class WatchHub : public std::enable_shared_from_this<WatchHub> {
 public:
  WatchHub(boost::asio::any_io_executor executor, AlarmClock& alarms, Clock& clock)
      : executor_(std::move(executor)), alarms_(alarms), clock_(clock) {}

  /// Somebody watches: here or, as they have said, on another node.
  [[nodiscard]] bool watched() const {
    return read_here() || relays_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] bool read_here() const { return readers_.load(std::memory_order_relaxed) > 0; }
  void publish(const RunNotice& notice);

  /// To readers here: what other nodes have told, or that they could not tell all.
  void publish_here(const RunNotice& notice);
  void lost_here();
  /// Whether `relayed` hears of every notice too.
  void relay(bool wanted) { relays_ = wanted; }
  /// `opened`: there is a new reader. Both are set before anybody reads.
  void connect(std::function<void(const RunNotice&)> relayed, std::function<void()> opened);
  /// What readers here watch: all of it, or what nobody has asked for yet.
  [[nodiscard]] WatchNote interests(bool only_new);
  [[nodiscard]] std::unique_ptr<Watch> open(std::optional<InstanceId> id);
  /// Notices that name the request, of whichever run.
  [[nodiscard]] std::unique_ptr<Watch> open_request(std::string id);
  /// Every reader gets what it has, then nothing.
  void close();

 private:
  struct Reader;
  class Subscription;
  std::unique_ptr<Watch> enlist(std::shared_ptr<Reader> reader);

  boost::asio::any_io_executor executor_;
  AlarmClock& alarms_;
  Clock& clock_;
  std::atomic<int> readers_ = 0;
  std::atomic<bool> relays_ = false;
  std::function<void(const RunNotice&)> relayed_;
  std::function<void()> opened_;
  std::mutex mutex_;
  bool closed_ = false;
  std::list<std::shared_ptr<Reader>> list_;
};

}  // namespace sequent::runtime
