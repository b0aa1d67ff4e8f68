#pragma once
// One thread of the load: what it asks for, one visit after the other.
#include "tests/chaos/load.hpp"

namespace sequent::chaos {

class Load::Customer {
 public:
  Customer(Load& load, std::uint64_t seed) : load_(load), random_(seed) {}

  void start_ticker(int number);
  /// `number` is nobody else's: it names what the visit makes.
  void visit(int number);

 private:
  void buy(const std::string& number);          // two baskets at once, a checkout, a payment
  void connect(const std::string& number);      // an account, a product with its price
  void participate(const std::string& number);  // a participant with every part
  void signal(const std::string& number);       // a run that two events wake
  void sleep(const std::string& number);        // timers; now and then suspended and resumed
  void raise_family(const std::string& number);

  /// Until it is answered for good. errors  nothing when time was over or it was refused
  std::optional<Reply> ask(const Request& request);
  /// The id of the run that it started.
  std::string start(const std::string& workflow, const std::string& number, const Json& input);
  /// Waits at nodes that mostly are not those of the run. The output; null when it did not complete.
  Json outcome(const std::string& run);
  void expect_outcome(const std::string& run, const Json& expected);
  void send_event(const std::string& type, const std::string& number);
  void disturb(const std::string& run);
  void pay(const std::string& session);
  [[nodiscard]] bool time_left() const { return monotonic_ms() < load_.deadline_; }
  [[nodiscard]] std::string any_node();
  template <class Change>
  void note(Change change) {
    const std::lock_guard lock{load_.mutex_};
    change(load_.figures_);
  }

  Load& load_;
  Random random_;
};

}  // namespace sequent::chaos
