#pragma once
// A whole node in one thread: inline runners, a clock that only moves when told, a store in memory,
// and one activity, `test.step`, that writes down its calls and can be held or told to fail.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <list>

#include "engine/runtime/engine.hpp"
#include "engine/runtime/reply.hpp"
#include "engine/runtime/system_clock.hpp"
#include "simulation/memory_store.hpp"

namespace sequent::testing {

using simulation::CommitFault;
using simulation::MemoryStore;

class FakeClock final : public runtime::Clock {
 public:
  [[nodiscard]] Timestamp now() const override { return at; }
  Timestamp at = 1'800'000'000'000;
};

/// Alarms that ring when World::advance() has moved the clock to their time.
class FakeAlarms final : public runtime::AlarmClock {
 public:
  struct Entry {
    boost::asio::any_io_executor executor;
    Timestamp at = INT64_MAX;
    std::function<void()> ring;
  };
  std::unique_ptr<runtime::Alarm> make(boost::asio::any_io_executor executor) override {
    return std::make_unique<One>(entries, std::move(executor));
  }
  /// Rings the earliest alarm up to `until`, with the clock at its time; false when there is none.
  bool ring_next(FakeClock& clock, Timestamp until) {
    Entry* next = nullptr;
    for (auto& entry : *entries)
      if (entry.at <= until && (next == nullptr || entry.at < next->at)) next = &entry;
    if (next == nullptr) return false;
    clock.at = std::max(clock.at, next->at);
    next->at = INT64_MAX;
    boost::asio::post(next->executor, std::exchange(next->ring, nullptr));
    return true;
  }
  std::shared_ptr<std::list<Entry>> entries = std::make_shared<std::list<Entry>>();

 private:
  class One final : public runtime::Alarm {
   public:
    One(std::shared_ptr<std::list<Entry>> entries, boost::asio::any_io_executor executor)
        : entries_(std::move(entries)),
          entry_(entries_->insert(entries_->end(), Entry{.executor = std::move(executor)})) {}
    ~One() override { entries_->erase(entry_); }
    void set(Timestamp at, std::function<void()> ring) override {
      entry_->at = at;
      entry_->ring = std::move(ring);
    }
    void cancel() override {
      entry_->at = INT64_MAX;
      entry_->ring = nullptr;
    }

   private:
    std::shared_ptr<std::list<Entry>> entries_;
    std::list<Entry>::iterator entry_;
  };
};

/// Forwards to an alarm clock that outlives the engine.
class BorrowedAlarms final : public runtime::AlarmClock {
 public:
  explicit BorrowedAlarms(FakeAlarms& alarms) : alarms_(alarms) {}
  std::unique_ptr<runtime::Alarm> make(boost::asio::any_io_executor executor) override {
    return alarms_.make(std::move(executor));
  }

 private:
  FakeAlarms& alarms_;
};

struct Steps {
  std::vector<std::string>& log;
  bool hold = false;  // calls wait until let_go()
  std::optional<machine::Failure> failure;
  std::string failing_task;  // only calls of this one fail; "" = all
  runtime::Reconciliation found;
  std::vector<runtime::Attempt> attempts;
  std::vector<std::string> accounts;  // that they were for, in step with them
  std::vector<runtime::Reply<runtime::ActivityResult>> held;

  std::string request_id;  // that each answer names

  void let_go(const Json& output) {
    for (auto& reply : std::exchange(held, {})) reply(output);
  }
};

class Step final : public runtime::Activity {
 public:
  explicit Step(Steps& steps, DurationMs retention) : steps_(steps) {
    spec_.name = "test.step";
    spec_.version = "1";
    spec_.provider = "test";
    spec_.key_retention_ms = retention;
    spec_.retry.max_attempts = 3;
    spec_.account = [](const Json& arguments) { return text_of(arguments, "account"); };
  }
  [[nodiscard]] const runtime::ActivitySpec& spec() const override { return spec_; }
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override {
    steps_.log.push_back("call " + attempt.task);
    steps_.attempts.push_back(attempt);
    steps_.accounts.push_back(text_of(input, "account"));
    runtime::note_request_id(attempt.request_id, steps_.request_id);
    const bool fails = steps_.failing_task.empty() || steps_.failing_task == attempt.task;
    if (steps_.failure && fails) co_return std::unexpected(*steps_.failure);
    if (!steps_.hold) co_return input;
    auto begin = [&held = steps_.held](runtime::Reply<runtime::ActivityResult> reply) {
      held.push_back(std::move(reply));
    };
    auto waiting = runtime::ask<runtime::ActivityResult>(begin);
    runtime::ActivityResult result = co_await std::move(waiting);
    co_return result;
  }
  boost::asio::awaitable<runtime::Reconciliation> reconcile(runtime::Attempt attempt,
                                                            Json) override {
    steps_.log.push_back("look " + attempt.task);
    co_return steps_.found;
  }

 private:
  Steps& steps_;
  runtime::ActivitySpec spec_;
};

class World {
 public:
  explicit World(DurationMs key_retention_ms = 86'400'000) {
    registry.add(std::make_unique<Step>(steps, key_retention_ms));
    runtime::ActivitySpec put;
    put.name = "records.put";
    put.version = "1";
    put.provider = "records";
    put.in_store = true;
    registry.add_in_store(put);
    config.threads = 1;
    boot();
  }
  ~World() { crash(); }

  std::vector<std::string> log;
  boost::asio::io_context io;
  FakeClock clock;
  FakeAlarms alarms;
  MemoryStore store{log};
  Steps steps{.log = log};
  runtime::ActivityRegistry registry;
  runtime::EngineConfig config;
  std::unique_ptr<runtime::Engine> engine;

  std::uint64_t engines = 0;            // made so far
  std::optional<runtime::Ports> ports;  // set: another store than the one in memory

  std::unique_ptr<runtime::Engine> make_engine() {
    runtime::EngineParts parts;
    parts.commits = runtime::inline_runner(io.get_executor());
    parts.reads = runtime::inline_runner(io.get_executor());
    parts.alarms = std::make_unique<BorrowedAlarms>(alarms);
    if (store.exchange() != nullptr) parts.cluster = runtime::inline_runner(io.get_executor());
    for (std::size_t i = 1; i < store.committers(); ++i)
      parts.more_commits.push_back(runtime::inline_runner(io.get_executor()));
    parts.random = [seed = ++engines](PartitionId partition) {
      return runtime::seeded_random(seed * 1'000 + partition);
    };
    const runtime::Ports in_memory{store, store, store, clock, registry};
    return std::make_unique<runtime::Engine>(config, ports.value_or(in_memory), io.get_executor(),
                                             std::move(parts));
  }
  void boot() {
    engine = make_engine();
    const auto started = engine->start();
    REQUIRE(started.has_value());
    settle();
  }
  /// From now on several nodes may use the store: `engine` is the first.
  void share(PartitionId partitions, std::size_t committers = 1) {
    crash();
    store.partition_count = partitions;
    store.committer_count = committers;
    store.share(clock);
    boot();
  }
  /// One more node on the same store; it has its share once a moment has passed.
  std::unique_ptr<runtime::Engine> join() {
    auto other = make_engine();
    const auto started = other->start();
    REQUIRE(started.has_value());
    advance(1'000);
    return other;
  }
  /// The same store under another configuration.
  void reboot(const std::function<void(runtime::EngineConfig&)>& change) {
    crash();
    change(config);
    boot();
  }
  /// The process dies: what it had in memory, and what was under way, is gone.
  void crash() {
    engine.reset();
    steps.held.clear();
    settle();
  }
  /// Runs whatever is ready. Bounded, so that a loop fails a test instead of hanging it.
  void settle() {
    io.restart();
    for (int i = 0; i < 100'000 && io.poll_one() > 0; ++i) {
    }
    REQUIRE(io.poll_one() == 0);
  }
  void advance(DurationMs by) {
    const Timestamp until = clock.at + by;
    settle();
    for (int i = 0; i < 10'000 && alarms.ring_next(clock, until); ++i) settle();
    clock.at = until;
  }

  /// Begins a call; its answer is there once the world has settled far enough.
  template <class T>
  std::shared_ptr<std::optional<T>> begin(boost::asio::awaitable<T> call) {
    auto answer = std::make_shared<std::optional<T>>();
    boost::asio::co_spawn(io, std::move(call), [answer](std::exception_ptr error, T value) {
      REQUIRE_FALSE(error);
      answer->emplace(std::move(value));
    });
    return answer;
  }
  template <class T>
  T get(boost::asio::awaitable<T> call) {
    const auto answer = begin(std::move(call));
    settle();
    REQUIRE(answer->has_value());
    return std::move(**answer);
  }

  void deploy(const std::string& text) {
    const auto deployed = get(engine->deploy(text, "test.yaml"));
    if (!deployed) FAIL(definition::format_findings(deployed.error().findings));
  }
  runtime::StartRequest request(const std::string& name, Json input = Json::object()) {
    runtime::StartRequest start;
    start.workflow.workflow_namespace = "test";
    start.workflow.name = name;
    start.input = std::move(input);
    return start;
  }
  InstanceId start(const std::string& name, Json input = Json::object()) {
    const auto started = get(engine->start_run(request(name, std::move(input))));
    if (!started) FAIL(started.error().detail);
    return started->id;
  }
  runtime::WaitResult result(const InstanceId& id) {
    const auto waited = get(engine->wait(id, runtime::Until::ended, 0));
    if (!waited) FAIL(waited.error().detail);
    if (waited->error) UNSCOPED_INFO(waited->error->title << ": " << waited->error->detail);
    return *waited;
  }
};

inline std::string document(const std::string& name, const std::string& tasks) {
  return "document: {dsl: 1.0.3, namespace: test, name: " + name + ", version: 1.0.0}\n" + tasks;
}
inline const std::string two_steps = R"(do:
  - first: {call: test.step, with: {n: 1}}
  - second: {call: test.step, with: {n: 2}}
)";

}  // namespace sequent::testing
