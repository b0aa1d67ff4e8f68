#pragma once
// `schedule.every`, `cron` and `after`: starts at their times. Nothing is remembered but the runs
// themselves: each due time has its own idempotency key, so that a restart, or a second node,
// neither loses a start nor makes it twice. Of the times that passed while no node ran, the last one
// is made up for. Only the latest version of a workflow is scheduled, and only by the node that leads.
// threads  public functions from anywhere; the rest on one strand
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/strand.hpp>
#include <map>
#include <memory>

#include "engine/runtime/node.hpp"
#include "engine/runtime/resident.hpp"

namespace sequent::runtime {

class Schedules : public std::enable_shared_from_this<Schedules> {
 public:
  explicit Schedules(const std::shared_ptr<Node>& node);

  /// Looks at the definitions again.
  void refresh();
  void stop();

 private:
  struct Entry {
    ProgramPtr program;
    Timestamp deployed_at = 0;
    Timestamp due = INT64_MAX;
    bool busy = false;               // its start, or the run before it, is under way
    std::optional<InstanceId> last;  // of `after`: the run that the next one follows, if known
  };
  void look();
  void plan(Entry& entry, Timestamp last_due);
  void plan_after(const std::string& name);
  void await_run(const std::string& name, const InstanceId& id);
  void set_alarm();
  void ring();
  void begin(const std::string& name, Entry& entry);
  void began(const std::string& name, Timestamp due, const Result<StartOutcome>& outcome);
  [[nodiscard]] Entry* current(const std::string& name, const ProgramPtr& program);

  std::weak_ptr<Node> owner_;  // the node owns the engine's parts; schedules only use them
  boost::asio::strand<boost::asio::any_io_executor> strand_;
  std::unique_ptr<Alarm> alarm_;
  std::map<std::string, Entry> entries_;
  bool stopped_ = false;
};

/// The last time of `every` (counted from `from`) that is <= now, or nothing.
[[nodiscard]] std::optional<Timestamp> last_of_every(Timestamp from, DurationMs every,
                                                     Timestamp now);

}  // namespace sequent::runtime
