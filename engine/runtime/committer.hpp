#pragma once
// One writer of the store: everything that its partitions hand in while a commit is under way becomes
// the next transaction. Between commits the first of a node's committers routes events and does what
// comes up by itself: it lets go of held events that have expired and, when the node is alone with its
// store, renews the leases.
// threads  submit(), route(), settle() from anywhere; the rest runs on the runner
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
  Committer(Node& node, JobRunner& runner, bool first);

  void submit(std::shared_ptr<Partition> partition, Batch batch);
  void route(IncomingEvent event, Reply<Result<RoutedEvent>> reply);
  void settle(std::int64_t event_id);

  /// From now on a turn comes by itself when something is due, until close(). Only of the first.
  void keep_time();
  /// Does what is queued, and ends. Blocks; called once.
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
  void renew_if_due();
  void expire_if_due();
  void mend_mail();
  [[nodiscard]] Timestamp next_due() const;
  void set_alarm();

  Node& node_;
  JobRunner& runner_;
  const bool first_;
  std::mutex mutex_;
  std::vector<Submission> submissions_;
  std::vector<Routing> routings_;
  std::vector<std::int64_t> settled_;
  bool awake_ = false;
  bool closed_ = false;
  std::atomic<Timestamp> expire_at_ = 0;  // by Clock::elapsed()
  std::atomic<bool> rung_ = false;        // the turn that follows sets the alarm again
  boost::asio::strand<boost::asio::any_io_executor> strand_;
  std::unique_ptr<Alarm> alarm_;
};

}  // namespace sequent::runtime
