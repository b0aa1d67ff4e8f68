#pragma once
// Who waits for an event and the event itself may be committed at the same moment on two connections,
// each without seeing the other. So whoever subscribes and whoever routes pass the same gate, one
// after the other: advisory locks until the end of the transaction, all taken in one statement and in
// one order. Many subscribe side by side, and many route side by side; only the two kinds exclude
// each other.
#include <array>
#include <cstdint>
#include <string_view>

#include "persistence/postgres/connection.hpp"

namespace sequent::persistence::postgres {

class Gates {
 public:
  /// A run begins to wait: for a filter's events with one correlation hash, or ("") with any.
  void subscribe(std::string_view filter_key, std::string_view correlation_hash);
  /// An event fits a filter with this hash.
  void route(std::string_view filter_key, std::string_view correlation_hash);
  /// Every event, for those who listen to all.
  void route_any();
  /// A definition comes: no event is routed meanwhile by those who don't know it.
  void deploy();
  /// A set of events that is put together, by one transaction at a time.
  void collect(std::string_view collection);

  /// Queues the locks. `space` keeps schemas of one database apart.
  void pass(Connection& connection, std::string_view space) const;

 private:
  // Locks are rows in the server's memory: names share a few hundred of them.
  static constexpr std::size_t slots = 256;
  enum class Mode : std::uint8_t { none, together, alone };
  void want(std::string_view kind, std::string_view a, std::string_view b, Mode mode);
  std::array<Mode, slots> wanted_{};
  bool any_ = false;
};

}  // namespace sequent::persistence::postgres
