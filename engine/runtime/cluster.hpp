#pragma once
// This node among the others that share its store: who owns what, what they tell each other, and the
// callers here whose run lives elsewhere. Any node takes any call; only the owner of a partition acts.
//
// Whatever is told may be lost: messages are found by the next renewal of the leases, waits are told
// anew every few seconds and whenever an owner changes, calls have a time-out.
// threads  public functions from anywhere; the rest on one strand
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/strand.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "engine/outages/rate.hpp"
#include "engine/runtime/actions.hpp"
#include "engine/runtime/notes.hpp"
#include "engine/runtime/reply.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::runtime {

struct Node;
class Audience;
class RemoteCalls;
class RemoteWaits;

class Cluster : public std::enable_shared_from_this<Cluster> {
 public:
  Cluster(const std::shared_ptr<Node>& node, Exchange& exchange);
  ~Cluster();

  /// Hears other nodes from now on.
  void open();
  /// Who waits here hears that the node stops, unless he has been answered.
  void stop();
  /// Hears nothing any more. Blocks.
  void close();

  /// What the leases' renewal has brought.
  void joined(Membership membership);
  /// Partitions are this node's since now.
  void gained();
  /// Messages for runs of other nodes are in the store.
  void mail(const std::vector<StoredMessage>& messages);
  void freed();
  void deployed();
  void wait(const InstanceId& id, Until until, Timestamp deadline, Reply<Result<WaitResult>> reply);
  /// errors  those of the action; unavailable: no owner answered in time
  void act(const ActionRequest& request, Reply<Result<void>> reply);
  /// Somebody here watches runs that may live elsewhere.
  void watching();
  /// What happened to a run here, for watchers elsewhere.
  void relay(const RunNotice& notice);

  /// The node that has the partition, as far as this one knows; "" = none, or this one.
  [[nodiscard]] std::string owner_of(PartitionId id) const;
  /// Queues a note; "" = to all. What gathers while one is on its way leaves together.
  void tell(const std::string& to, const NodeNote& note);

 private:
  /// What is to be told to one node.
  struct Outgoing {
    std::set<InstanceId> mail;
    std::vector<WaitNote::Wanted> waits;
    std::set<InstanceId> settled;
    WatchNote watch;
    NoticeNote notices;
    bool freed = false, deployed = false;
  };
  void add(Outgoing& outgoing, const NodeNote& note);
  void send_soon();
  void send_all();
  void hear(const std::string& text);
  void heard(const NodeNote& note);
  void take(Membership membership);
  [[nodiscard]] static outages::Peers peers_in(const Membership& membership,
                                               const std::string& self);
  void tell_watched(bool only_new);
  void set_alarm();

  std::weak_ptr<Node> owner_;
  Exchange& exchange_;
  boost::asio::strand<boost::asio::any_io_executor> strand_;
  std::unique_ptr<Alarm> alarm_;
  Timestamp alarm_at_ = 0, watched_at_ = 0;
  bool fresh_watchers_ = false;
  std::shared_ptr<RemoteWaits> waits_;
  std::shared_ptr<RemoteCalls> calls_;
  std::shared_ptr<Audience> audience_;
  std::size_t nodes_ = 0;

  mutable std::mutex mutex_;  // guards what follows
  std::vector<Membership::Owner> owners_;
  std::map<std::string, Outgoing> outgoing_;
  bool sending_ = false, closed_ = false;
};

}  // namespace sequent::runtime
