#pragma once
// Who hears of what happened to runs. Publishing costs nothing while nobody watches.
// threads  any
#include <atomic>
#include <deque>
#include <list>
#include <memory>
#include <mutex>

#include "engine/runtime/engine.hpp"
#include "engine/runtime/parts.hpp"
#include "engine/runtime/reply.hpp"

namespace sequent::runtime {

class WatchHub : public std::enable_shared_from_this<WatchHub> {
 public:
  WatchHub(boost::asio::any_io_executor executor, AlarmClock& alarms, Clock& clock)
      : executor_(std::move(executor)), alarms_(alarms), clock_(clock) {}

  [[nodiscard]] bool watched() const { return readers_.load(std::memory_order_relaxed) > 0; }
  void publish(const RunNotice& notice);
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
  std::mutex mutex_;
  bool closed_ = false;
  std::list<std::shared_ptr<Reader>> list_;
};

}  // namespace sequent::runtime
