#include "simulation/scheduler.hpp"

#include <boost/asio/execution.hpp>
#include <boost/asio/post.hpp>

namespace sequent::simulation {

namespace asio = boost::asio;

/// What Asio sees of one domain. Like a thread pool's executor it may run things inside of
/// execute() as far as its properties say, so that strands run inline what is posted from inside;
/// itself it never does.
class SeededExecutor {
 public:
  SeededExecutor(Scheduler& scheduler, Domain domain) : scheduler_(&scheduler), domain_(domain) {}

  template <class F>
  void execute(F&& function) const {
    scheduler_->post(domain_, [f = std::forward<F>(function)]() mutable { std::move(f)(); });
  }
  asio::execution_context& query(asio::execution::context_t) const { return scheduler_->context_; }
  asio::execution::blocking_t query(asio::execution::blocking_t) const {
    if (never_blocks_) return asio::execution::blocking.never;
    return asio::execution::blocking.possibly;
  }
  SeededExecutor require(asio::execution::blocking_t::never_t) const { return with(true); }
  SeededExecutor require(asio::execution::blocking_t::possibly_t) const { return with(false); }
  bool operator==(const SeededExecutor&) const = default;

 private:
  SeededExecutor with(bool never_blocks) const {
    SeededExecutor other = *this;
    other.never_blocks_ = never_blocks;
    return other;
  }
  Scheduler* scheduler_;
  Domain domain_;
  bool never_blocks_ = false;
};

namespace {

constexpr int drain_limit = 200'000;
constexpr int clock_moves_permille = 20;  // while things are ready
constexpr DurationMs longest_delay_ms = 20;

class Runner final : public runtime::JobRunner {
 public:
  Runner(Scheduler& scheduler, Domain domain, bool in_order, DurationMs longest, std::uint64_t seed)
      : scheduler_(scheduler),
        domain_(domain),
        in_order_(in_order),
        longest_(longest),
        state_(std::make_shared<State>(seed)) {}
  ~Runner() override { join(); }

  void post(Work job) override {
    if (state_->closed) return;
    state_->queue.push_back(std::move(job));
    if (!in_order_ || !std::exchange(state_->busy, true))
      plan(scheduler_, domain_, longest_, state_);
  }
  // The store of a process that dies refuses all: its last jobs change nothing.
  void join() override {
    state_->closed = true;
    for (auto& job : std::exchange(state_->queue, {})) job();
  }

 private:
  struct State {
    explicit State(std::uint64_t seed) : dice(seed) {}
    std::deque<Work> queue;
    bool busy = false, closed = false;
    Dice dice;
  };
  static void plan(Scheduler& scheduler, Domain domain, DurationMs longest,
                   const std::shared_ptr<State>& state) {
    const auto at = scheduler.now() + state->dice.between(0, longest);
    scheduler.post_at(domain, at, [&scheduler, domain, longest, state] {
      if (state->queue.empty()) return;
      auto job = std::move(state->queue.front());
      state->queue.pop_front();
      job();
      if (!state->busy) return;
      state->busy = !state->queue.empty();
      if (state->busy) plan(scheduler, domain, longest, state);
    });
  }

  Scheduler& scheduler_;
  Domain domain_;
  bool in_order_;
  DurationMs longest_;
  std::shared_ptr<State> state_;
};

class SeededAlarm final : public runtime::Alarm {
 public:
  SeededAlarm(Scheduler& scheduler, Domain domain, asio::any_io_executor executor)
      : scheduler_(scheduler), domain_(domain), executor_(std::move(executor)) {}
  ~SeededAlarm() override { cancel(); }

  void set(Timestamp at, std::function<void()> ring) override {
    cancel();
    // What is due may already stand among what is ready, where cancel() does not find it.
    live_ = std::make_shared<bool>(true);
    timed_ = scheduler_.post_at(domain_, at,
                                [executor = executor_, live = live_, ring = std::move(ring)] {
                                  if (*live) asio::post(executor, ring);
                                });
  }
  void cancel() override {
    if (live_) *live_ = false;
    scheduler_.cancel(std::exchange(timed_, 0));
  }

 private:
  Scheduler& scheduler_;
  Domain domain_;
  asio::any_io_executor executor_;
  std::shared_ptr<bool> live_;
  std::uint64_t timed_ = 0;
};

class SeededAlarms final : public runtime::AlarmClock {
 public:
  SeededAlarms(Scheduler& scheduler, Domain domain) : scheduler_(scheduler), domain_(domain) {}
  std::unique_ptr<runtime::Alarm> make(asio::any_io_executor executor) override {
    return std::make_unique<SeededAlarm>(scheduler_, domain_, std::move(executor));
  }

 private:
  Scheduler& scheduler_;
  Domain domain_;
};

}  // namespace

// Work holds the objects that post more work when they go: all of it is let go of before the rest.
Scheduler::~Scheduler() {
  for (int i = 0; i < drain_limit && (!ready_.empty() || !timed_.empty()); ++i) {
    const auto ready = std::exchange(ready_, {});
    const auto timed = std::exchange(timed_, {});
  }
}

void Scheduler::post(Domain domain, Work work) {
  if (ended_.contains(domain)) return;
  ready_.push_back({.domain = domain, .work = std::move(work)});
}

std::uint64_t Scheduler::post_at(Domain domain, Timestamp at, Work work) {
  if (ended_.contains(domain)) return 0;
  const auto number = ++last_;
  timed_.emplace(Timed{.at = at, .number = number},
                 Ready{.domain = domain, .work = std::move(work)});
  times_.emplace(number, at);
  return number;
}

void Scheduler::cancel(std::uint64_t timed) {
  const auto found = times_.find(timed);
  if (found == times_.end()) return;
  const auto entry = timed_.extract(Timed{.at = found->second, .number = timed});
  times_.erase(found);
}

std::optional<std::size_t> Scheduler::pick() {
  if (ready_.empty()) return std::nullopt;
  // Where the search begins is chance; frozen domains are passed over.
  const auto begin = dice_.below(ready_.size());
  for (std::size_t i = 0; i < ready_.size(); ++i) {
    const auto index = (begin + i) % ready_.size();
    if (!frozen_.contains(ready_[index].domain)) return index;
  }
  return std::nullopt;
}

void Scheduler::run(std::size_t index) {
  auto chosen = std::move(ready_[index]);
  ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(index));
  ++steps_;
  chosen.work();
}

bool Scheduler::step(Timestamp until) {
  while (!timed_.empty() && timed_.begin()->first.at <= now_) {
    auto entry = timed_.extract(timed_.begin());
    times_.erase(entry.key().number);
    ready_.push_back(std::move(entry.mapped()));
  }
  if (const auto index = pick()) {
    if (dice_.chance(clock_moves_permille)) now_ += dice_.between(1, longest_delay_ms);
    run(*index);
    return true;
  }
  if (timed_.empty() || timed_.begin()->first.at > until) {
    now_ = std::max(now_, until);
    return false;
  }
  now_ = timed_.begin()->first.at;
  return true;
}

bool Scheduler::end(Domain domain) {
  const auto forget_timed = [&] {
    std::vector<std::map<Timed, Ready>::node_type> gone;
    for (auto it = timed_.begin(); it != timed_.end();) {
      const auto here = it++;
      if (here->second.domain != domain) continue;
      times_.erase(here->first.number);
      gone.push_back(timed_.extract(here));
    }
  };
  thaw(domain);
  for (int i = 0; i < drain_limit; ++i) {
    const auto next = std::ranges::find(ready_, domain, &Ready::domain);
    if (next == ready_.end()) {
      forget_timed();
      if (std::ranges::find(ready_, domain, &Ready::domain) != ready_.end()) continue;
      ended_.insert(domain);
      return true;
    }
    run(static_cast<std::size_t>(next - ready_.begin()));
  }
  return false;
}

asio::any_io_executor Scheduler::executor(Domain domain) {
  return SeededExecutor(*this, domain);
}

std::unique_ptr<runtime::JobRunner> Scheduler::runner(Domain domain, bool in_order,
                                                      DurationMs longest) {
  return std::make_unique<Runner>(*this, domain, in_order, longest, dice_.next());
}

std::unique_ptr<runtime::AlarmClock> Scheduler::alarms(Domain domain) {
  return std::make_unique<SeededAlarms>(*this, domain);
}

}  // namespace sequent::simulation
