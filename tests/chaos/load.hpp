#pragma once
// Customers: each asks any node, sends what was not answered again with the same key, and keeps what
// it heard.
// threads  one for each customer; figures may be read at any time
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/chaos/random.hpp"
#include "tests/chaos/world.hpp"

namespace sequent::chaos {

struct LoadPlan {
  std::uint64_t seed = 1;
  int customers = 24;
  int tickers = 128;            // runs that always have a timer soon
  int ticks = 0;                // of each, two a second
  bool signals_only = false;    // two events and a timer each, nothing else
  int most_visits = 1'000'000;  // no more are begun
  DurationMs spread_ms = 0;     // they begin evenly over this time; 0 = as soon as somebody is free
};

class Load {
 public:
  Load(World& world, LoadPlan plan);
  ~Load();

  void begin();
  /// No more visits begin; those that have begun end.
  void close() { closed_ = true; }
  /// Whoever has not ended by `deadline` (of monotonic_ms) gives up, and says so in wrong().
  void end_by(DurationMs deadline) { deadline_ = deadline; }
  void join();

  /// A start, and the run that an answer to it named ("" = none yet).
  void remember(const std::string& workflow, const std::string& key, const std::string& run);

  [[nodiscard]] int visits() const { return visits_; }
  [[nodiscard]] int under_way() const { return begun_ - visits_; }
  /// As many visits have begun as are to begin; where they are not spread, any number will do.
  [[nodiscard]] bool all_begun() const {
    return plan_.spread_ms == 0 || begun_ >= plan_.most_visits;
  }
  [[nodiscard]] const LoadPlan& plan() const { return plan_; }

  /// Key -> the runs that answers to it named, of starts that were answered for good.
  [[nodiscard]] std::map<std::string, std::set<std::string>> heard() const;
  /// "chaos/signals" -> how many keys it was started with.
  [[nodiscard]] std::map<std::string, int> expected_runs() const;
  [[nodiscard]] std::vector<std::string> wrong() const;
  struct Figures {
    int requests = 0, repeated = 0, events = 0, waited_elsewhere = 0, acted = 0, paid = 0;
  };
  [[nodiscard]] Figures figures() const;

 private:
  struct Request {
    std::string workflow;  // counts as a start of it; "" = no start
    std::string key, path, type = "application/json";
    Json body;
    net::Headers headers;
  };
  class Customer;

  void tick();
  void live(int number);
  bool await_turn(int visit);
  void complain(const std::string& what);

  World& world_;
  const LoadPlan plan_;
  std::atomic<bool> closed_{false};
  std::atomic<DurationMs> deadline_{INT64_MAX};
  std::atomic<int> next_{0}, begun_{0}, visits_{0};
  DurationMs begin_ms_ = 0;  // of monotonic_ms
  std::vector<std::thread> threads_;
  mutable std::mutex mutex_;  // all below
  std::map<std::string, std::set<std::string>> heard_;
  std::map<std::string, std::set<std::string>> keys_;  // by workflow
  std::vector<std::string> wrong_;
  Figures figures_;
};

}  // namespace sequent::chaos
