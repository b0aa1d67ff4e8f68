#pragma once
// The first of a circuit's parked calls, in the order in which they are to be let go: by deadline, then
// by age. The rows in the store are the queue; this is the page of it that was read last.
#include <deque>
#include <optional>
#include <vector>

#include "engine/runtime/provider_health.hpp"

namespace sequent::runtime {

/// A page is read on another thread, and calls park meanwhile. One of those may have to go before all
/// that the page has, so it is kept aside and put in its place when the page arrives.
class ParkedQueue {
 public:
  [[nodiscard]] bool reading() const { return reading_; }
  [[nodiscard]] std::optional<ParkedPlace> take();
  void begin_reading();
  /// False: the page is out of date already, and another is to be read.
  [[nodiscard]] bool take_in(const std::vector<ParkedPlace>& page);
  /// A call parked: it stands where its deadline puts it, not behind the page.
  void arrived(const ParkedPlace& place);
  /// What was read, or is being read, no longer holds.
  void forget();

  Timestamp read_again_at = 0;

 private:
  void insert(const ParkedPlace& place);

  std::deque<ParkedPlace> places_;
  bool reading_ = false, outdated_ = false;
  std::vector<ParkedPlace> since_;  // parked while a page is read: it may lack them
};

}  // namespace sequent::runtime
