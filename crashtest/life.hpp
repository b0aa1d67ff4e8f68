#pragma once
// One life of a serving process, in one thread and without sockets: the real engine, API, activities
// and store file, from its start to its crash.
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <string>

#include "activities/aws/notification_poller.hpp"
#include "api/api.hpp"
#include "crashtest/crashing_store.hpp"
#include "crashtest/outside.hpp"
#include "crashtest/programs.hpp"
#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::crashtest {

struct LifeOptions {
  std::string folder;  // of the store
  std::uint64_t seed = 1;
  int number = 1;  // of this life within its trial
  std::shared_ptr<Programs> programs;
  std::function<void(runtime::ActivityRegistry&, net::HttpClient&)> more_activities;
};

class Life {
 public:
  /// Opens the store and recovers.
  /// errors  those of the store and of Engine::start()
  [[nodiscard]] static Result<std::unique_ptr<Life>> begin(LifeOptions options, VirtualClock& clock,
                                                           Outside& outside,
                                                           Checkpoints& checkpoints);
  /// As sudden as kill -9: nothing is given back, and nothing leaves any more.
  ~Life();
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  [[nodiscard]] Result<void> deploy(const std::string& text, const std::string& file);

  using Answered = std::function<void(const net::ServerResponse&)>;
  /// A request to the engine's HTTP API. `answered` is never called when the engine crashes first.
  void send(net::ServerRequest request, Answered answered);

  /// Does what can be done at this moment; false when there was nothing. Stops at a crash.
  bool turn();
  [[nodiscard]] bool crashed() const { return gate_->cut_off(); }
  [[nodiscard]] int number() const { return options_.number; }
  [[nodiscard]] Agenda& agenda() { return *agenda_; }
  [[nodiscard]] persistence::SqliteStore& store() { return *store_; }

 private:
  Life(LifeOptions options, VirtualClock& clock, Outside& outside);
  void await_pool();
  bool read_queue();
  bool poll();

  LifeOptions options_;
  VirtualClock& clock_;
  Outside& outside_;
  std::shared_ptr<bool> open_ = std::make_shared<bool>(true);
  std::shared_ptr<Agenda> agenda_ = std::make_shared<Agenda>();
  std::unique_ptr<persistence::SqliteStore> store_;
  std::unique_ptr<CrashingStore> gate_;
  std::unique_ptr<boost::asio::io_context> io_ = std::make_unique<boost::asio::io_context>(1);
  std::unique_ptr<boost::asio::thread_pool> pool_ = std::make_unique<boost::asio::thread_pool>(1);
  net::HttpClient http_;
  runtime::ActivityRegistry activities_;
  std::unique_ptr<runtime::Engine> engine_;
  std::unique_ptr<api::Api> api_;
  std::unique_ptr<activities::aws::NotificationPoller> notifications_;
  std::shared_ptr<Timestamp> poll_from_ = std::make_shared<Timestamp>(0);  // never while one runs
};

}  // namespace sequent::crashtest
