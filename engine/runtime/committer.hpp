#pragma once
// One writer of the store: everything that partitions hand in while a commit is under way becomes
// the next transaction. Between commits it routes events and does what comes up by itself: it renews
// the leases and lets go of held events that have expired.
// threads  submit(), route(), settle() from anywhere; the rest runs on the commit runner
#include <atomic>
#include <boost/asio/strand.hpp>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/runtime/parts.hpp"
#include "engine/runtime/reply.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::runtime {

struct Node;
class Partition;

class Committer : public std::enable_shared_from_this<Committer> {
 public:
  explicit Committer(Node& node);

  void submit(std::shared_ptr<Partition> partition, Batch batch);
  void route(IncomingEvent event, Reply<Result<RoutedEvent>> reply);
  void settle(std::int64_t event_id);

  /// Takes or renews leases now. errors  lease_held
  [[nodiscard]] Result<std::vector<Lease>> acquire();
  /// Whether the leases may be used at `now`. Past that another node may own the partitions: nothing
  /// may leave any more that only their owner may send. threads  any
  [[nodiscard]] bool leased(Timestamp now) const;
  /// From now on a turn comes by itself when something is due, until close().
  void keep_time();
  /// Does what is queued, gives the leases back and ends. Blocks; called once.
  void close();

 private:
  struct Submission {
    std::shared_ptr<Partition> partition;
    Batch batch;
  };
  struct Routing {
    IncomingEvent event;
    Reply<Result<RoutedEvent>> reply;
  };
  void wake();
  void turn();
  void commit(std::vector<Submission> submissions);
  void route_all(std::vector<Routing> routings);
  void settle_all(const std::vector<std::int64_t>& ids);
  void renew_if_due(Timestamp now);
  void expire_if_due(Timestamp now);
  void set_alarm();

  Node& node_;
  std::mutex mutex_;
  std::vector<Submission> submissions_;
  std::vector<Routing> routings_;
  std::vector<std::int64_t> settled_;
  bool awake_ = false;
  bool closed_ = false;
  std::atomic<Timestamp> leased_until_ = 0;
  std::atomic<Timestamp> renew_at_ = 0, expire_at_ = 0;
  std::atomic<bool> rung_ = false;  // the turn that follows sets the alarm again
  boost::asio::strand<boost::asio::any_io_executor> strand_;
  std::unique_ptr<Alarm> alarm_;
};

}  // namespace sequent::runtime
