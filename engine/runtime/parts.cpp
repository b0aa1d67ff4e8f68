#include "engine/runtime/parts.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <mutex>

#include "engine/runtime/system_clock.hpp"

namespace sequent::runtime {
namespace {

class ThreadRunner final : public JobRunner {
 public:
  explicit ThreadRunner(int threads) : pool_(static_cast<std::size_t>(threads)) {}
  ~ThreadRunner() override { join(); }
  void post(std::move_only_function<void()> job) override {
    const std::lock_guard lock(mutex_);
    // A job that no thread will run must not stay in the queue: it holds its owner, which holds this.
    if (!closed_) boost::asio::post(pool_, std::move(job));
  }
  void join() override {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    pool_.join();
  }

 private:
  std::mutex mutex_;
  bool closed_ = false;
  boost::asio::thread_pool pool_;
};

class InlineRunner final : public JobRunner {
 public:
  explicit InlineRunner(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}
  void post(std::move_only_function<void()> job) override {
    boost::asio::post(executor_, std::move(job));
  }
  void join() override {}

 private:
  boost::asio::any_io_executor executor_;
};

// The wall clock may jump while a steady timer sleeps, so no sleep is longer than this.
constexpr DurationMs longest_sleep_ms = 3'600'000;

class SteadyAlarm final : public Alarm {
 public:
  SteadyAlarm(const boost::asio::any_io_executor& executor, Clock& clock)
      : timer_(executor), clock_(clock) {}

  void set(Timestamp at, std::function<void()> ring) override {
    const auto delay = std::clamp<DurationMs>(at - clock_.now(), 0, longest_sleep_ms);
    timer_.expires_after(std::chrono::milliseconds(delay));
    timer_.async_wait([ring = std::move(ring)](const boost::system::error_code& error) {
      if (!error) ring();
    });
  }
  void cancel() override { timer_.cancel(); }

 private:
  boost::asio::steady_timer timer_;
  Clock& clock_;
};

class SteadyAlarmClock final : public AlarmClock {
 public:
  explicit SteadyAlarmClock(Clock& clock) : clock_(clock) {}
  std::unique_ptr<Alarm> make(boost::asio::any_io_executor executor) override {
    return std::make_unique<SteadyAlarm>(executor, clock_);
  }

 private:
  Clock& clock_;
};

}  // namespace

EngineParts threaded_parts(Clock& clock, int readers, std::size_t committers, bool shared) {
  EngineParts parts;
  parts.commits = std::make_unique<ThreadRunner>(1);
  for (std::size_t i = 1; i < committers; ++i)
    parts.more_commits.push_back(std::make_unique<ThreadRunner>(1));
  if (shared) parts.cluster = std::make_unique<ThreadRunner>(1);
  parts.reads = std::make_unique<ThreadRunner>(std::max(1, readers));
  parts.alarms = std::make_unique<SteadyAlarmClock>(clock);
  parts.random = [](PartitionId) { return seeded_random(system_seed()); };
  return parts;
}

std::unique_ptr<JobRunner> inline_runner(boost::asio::any_io_executor executor) {
  return std::make_unique<InlineRunner>(std::move(executor));
}

}  // namespace sequent::runtime
