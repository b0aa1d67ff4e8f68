#pragma once
// Callers of this node that wait for runs of other nodes. The owner is told who waits, and tells when
// what they wait for has come about; then the run is read from the store, once. Nothing is asked of the
// database meanwhile.
// threads  the cluster's strand
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/strand.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/runtime/parts.hpp"
#include "engine/runtime/resident.hpp"

namespace sequent::runtime {

struct Node;

class RemoteWaits : public std::enable_shared_from_this<RemoteWaits> {
 public:
  RemoteWaits(const std::shared_ptr<Node>& node,
              boost::asio::strand<boost::asio::any_io_executor> strand);

  void add(const InstanceId& id, Until until, Timestamp deadline, Reply<Result<WaitResult>> reply);
  /// Owners say so.
  void settled(const std::vector<InstanceId>& runs);
  /// Who owns what may have changed.
  void owners_changed();
  /// What was told may have been lost.
  void tell_again();
  /// What owners said may have been lost: looks, at so many in turn. Where no note ever comes this is
  /// how callers are answered.
  void look_again();
  void stop();

 private:
  struct Waiting {
    Until until = Until::ended;
    Timestamp deadline = 0;
    Reply<Result<WaitResult>> reply;
  };
  struct Run {
    std::vector<Waiting> waiting;
    std::string told;  // the node that knows of it
    bool looking = false, look_again = false;
  };
  using Facts_ = Result<Facts>;
  void look(const InstanceId& id);
  void looked(const InstanceId& id, const Facts_& facts);
  void answer_due(Run& run, const Facts_& facts, Timestamp now);
  void tell(const InstanceId& id, Run& run);
  void set_alarm();
  void ring();

  std::weak_ptr<Node> owner_;
  boost::asio::strand<boost::asio::any_io_executor> strand_;
  std::unique_ptr<Alarm> alarm_;
  std::map<InstanceId, Run> runs_;
  std::multiset<std::pair<Timestamp, InstanceId>> deadlines_;
  InstanceId looked_last_;
  Timestamp refresh_at_ = 0, alarm_at_ = 0;
  bool stopped_ = false;
};

}  // namespace sequent::runtime
