#pragma once
// The ports behind which threads and timers hide, so that a simulation runs a whole node in one
// thread under its own clock. The composition root takes threaded_parts(); tests build their own.
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "base/ids.hpp"
#include "engine/runtime/clock.hpp"

namespace sequent::runtime {

/// Runs blocking jobs away from the event loops.
/// threads  post() from anywhere
class JobRunner {
 public:
  virtual ~JobRunner() = default;
  virtual void post(std::move_only_function<void()> job) = 0;
  /// Runs what has been posted, then stops; later jobs are dropped.
  virtual void join() = 0;
};

/// One alarm that rings on the executor it was made for, at its time or later.
/// threads  used on that executor alone
class Alarm {
 public:
  virtual ~Alarm() = default;  // does not ring any more
  /// Replaces an earlier time. May ring early; the listener looks at its clock and sets it again.
  virtual void set(Timestamp at, std::function<void()> ring) = 0;
  virtual void cancel() = 0;
};

class AlarmClock {
 public:
  virtual ~AlarmClock() = default;
  [[nodiscard]] virtual std::unique_ptr<Alarm> make(boost::asio::any_io_executor executor) = 0;
};

struct EngineParts {
  std::unique_ptr<JobRunner> commits;  // one job at a time, in order
  /// The same for each further committer of the store; fewer serve more partitions each.
  std::vector<std::unique_ptr<JobRunner>> more_commits;
  /// The same for leases and what nodes tell each other, so that neither waits for a commit. None:
  /// only one node can use the store, and `commits` does it.
  std::unique_ptr<JobRunner> cluster;
  std::unique_ptr<JobRunner> reads;  // several at once
  std::unique_ptr<AlarmClock> alarms;
  std::function<std::unique_ptr<Random>(PartitionId)> random;
};

/// `committers` commit threads, `readers` read threads, one for the cluster if `shared`, and Asio's
/// timers.
[[nodiscard]] EngineParts threaded_parts(Clock& clock, int readers, std::size_t committers,
                                         bool shared);

/// A runner whose jobs run on `executor` itself: for one-threaded simulations, where blocking is no
/// matter.
[[nodiscard]] std::unique_ptr<JobRunner> inline_runner(boost::asio::any_io_executor executor);

}  // namespace sequent::runtime
