#pragma once
// Who on other nodes waits for runs of this one, or watches them.
// threads  the cluster's strand
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/strand.hpp>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "engine/runtime/notes.hpp"

namespace sequent::runtime {

struct Node;

class Audience : public std::enable_shared_from_this<Audience> {
 public:
  Audience(const std::shared_ptr<Node>& node,
           boost::asio::strand<boost::asio::any_io_executor> strand);

  void wait(const WaitNote& note);
  void watch(const WatchNote& note);
  void relay(const RunNotice& notice);

 private:
  struct Watcher {  // a node; each with the time when its interest ends
    Timestamp all = 0;
    std::map<InstanceId, Timestamp> runs;
    std::map<std::string, Timestamp> requests;
  };
  using Waiting = std::tuple<std::string, InstanceId, Until>;
  void await(const Waiting& waiting);
  [[nodiscard]] static bool wants(const Watcher& watcher, const RunNotice& notice, Timestamp now);
  void forget_gone(Timestamp now);

  std::weak_ptr<Node> owner_;
  boost::asio::strand<boost::asio::any_io_executor> strand_;
  std::map<Waiting, Timestamp> waiting_;  // until when: a later caller may be more patient
  std::map<std::string, Watcher> watchers_;
  Timestamp forget_at_ = 0;
};

}  // namespace sequent::runtime
