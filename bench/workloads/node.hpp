#pragma once
// A whole node in this process, without HTTP in front of it.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/workloads/database_load.hpp"
#include "bench/workloads/workloads.hpp"
#include "engine/runtime/engine.hpp"
#include "engine/runtime/system_clock.hpp"
#include "net/http_client.hpp"
#include "persistence/database.hpp"

namespace sequent::bench {

/// Says `problem` on standard error and ends the process.
[[noreturn]] void give_up(const std::string& problem);

class Node {
 public:
  /// Opens the store of the options, recovers what is in it and deploys `workflow`, which may call
  /// `more` activities than those that ship.
  Node(const Options& options, const std::string& workflow,
       std::vector<std::unique_ptr<runtime::Activity>> more = {});
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  void deploy(const std::string& workflow);
  [[nodiscard]] runtime::Engine& engine() { return *engine_; }
  [[nodiscard]] persistence::Database& store() { return *store_; }
  [[nodiscard]] const DatabaseLoad& database() const { return database_; }
  [[nodiscard]] boost::asio::io_context& context() { return context_; }

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
  std::unique_ptr<persistence::Database> store_;
  DatabaseLoad database_;
  runtime::SystemClock clock_;
  net::HttpClient http_{net::ClientLimits{.threads = 2}};  // as serve has on four cores
  runtime::ActivityRegistry registry_;
  std::unique_ptr<runtime::Engine> engine_;
};

/// W1 to W3: five sequential durable steps with a 200-byte result, named bench/five.
[[nodiscard]] std::string five_steps();
/// The same five, each of which prices a basket of sixty lines first: more work for the engine, none
/// for the store. Named bench/priced.
[[nodiscard]] std::string five_priced_steps();

}  // namespace sequent::bench
