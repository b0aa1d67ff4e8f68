#pragma once
// A whole node in one thread and in memory: the real engine on the simulation's store, under a clock
// that moves only when told. What its activities are is up to who registers them.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crashtest/programs.hpp"
#include "crashtest/virtual_time.hpp"
#include "engine/runtime/engine.hpp"
#include "simulation/memory_store.hpp"

namespace sequent::workflowtest {

/// threads  one
class Stage {
 public:
  struct Setting {
    crashtest::VirtualClock& clock;
    std::shared_ptr<crashtest::Programs> programs;  // compiled once for all tests of a file
    std::function<std::optional<Json>(const std::string&)> secret;
  };
  explicit Stage(Setting setting);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  [[nodiscard]] simulation::MemoryStore& store() { return store_; }
  /// To be filled before open().
  [[nodiscard]] runtime::ActivityRegistry& activities() { return activities_; }
  /// Starts the engine.
  [[nodiscard]] Result<void> open();

  [[nodiscard]] Result<definition::ProgramPtr> deploy(const std::string& text,
                                                      const std::string& file);
  [[nodiscard]] Result<InstanceId> start(runtime::StartRequest request);
  [[nodiscard]] Result<runtime::RunDetails> read(const InstanceId& id);
  [[nodiscard]] Result<void> deliver(Json event);
  /// Everything that can happen at this moment happens.
  void settle();
  /// Moves the clock, and lets happen what falls due on the way.
  void move_to(Timestamp at);
  /// All records of a run.
  [[nodiscard]] Result<machine::Records> journal(const InstanceId& id);

 private:
  template <class T>
  Result<T> get(boost::asio::awaitable<Result<T>> call, const char* what);

  crashtest::VirtualClock& clock_;
  std::shared_ptr<crashtest::Agenda> agenda_ = std::make_shared<crashtest::Agenda>();
  std::vector<std::string> log_;  // of the store; nobody reads it
  simulation::MemoryStore store_{log_};
  runtime::ActivityRegistry activities_;
  runtime::EngineConfig config_;
  std::unique_ptr<boost::asio::io_context> io_ = std::make_unique<boost::asio::io_context>(1);
  std::unique_ptr<runtime::Engine> engine_;
};

}  // namespace sequent::workflowtest
