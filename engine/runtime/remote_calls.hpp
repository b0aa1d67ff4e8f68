#pragma once
// Actions of operators on runs of other nodes: sent as parcels to whoever owns the partition, done there
// as if they had been asked there, and answered by a parcel.
//
// A parcel is taken once, so an action is done at most once. Who gets no answer in time is told that it
// is not known whether it was done.
// threads  the cluster's strand
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/strand.hpp>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "engine/runtime/actions.hpp"
#include "engine/runtime/exchange.hpp"
#include "engine/runtime/parts.hpp"
#include "engine/runtime/reply.hpp"

namespace sequent::runtime {

struct Node;

class RemoteCalls : public std::enable_shared_from_this<RemoteCalls> {
 public:
  RemoteCalls(const std::shared_ptr<Node>& node, Exchange& exchange,
              boost::asio::strand<boost::asio::any_io_executor> strand);

  void act(const ActionRequest& request, Reply<Result<void>> reply);
  /// There may be parcels for this node.
  void collect();
  void stop();

 private:
  struct Pending {
    InstanceId run;
    Reply<Result<void>> reply;
  };
  void post(Parcel parcel, const std::string& call);
  void collected(std::vector<Parcel> parcels, bool more);
  void received(const Parcel& parcel);
  void serve(const std::string& call, const std::string& from, const ActionRequest& request);
  void answered(const std::string& call, Result<void> result);
  void set_alarm();
  void ring();

  std::weak_ptr<Node> owner_;
  Exchange& exchange_;
  boost::asio::strand<boost::asio::any_io_executor> strand_;
  std::unique_ptr<Alarm> alarm_;
  std::unique_ptr<Random> random_;
  std::map<std::string, Pending> pending_;
  std::deque<std::pair<Timestamp, std::string>> deadlines_;  // all calls have the same patience
  bool collecting_ = false, collect_again_ = false, stopped_ = false;
};

}  // namespace sequent::runtime
