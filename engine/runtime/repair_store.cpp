#include "engine/runtime/repair_store.hpp"

#include <array>

namespace sequent::runtime {
namespace {

template <class Value, std::size_t N>
std::optional<Value> value_of(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == name) return static_cast<Value>(i);
  return std::nullopt;
}

constexpr std::array<std::string_view, 4> states{"running", "paused", "cancelled", "finished"};
constexpr std::array<std::string_view, 3> orders{"deadline", "age", "newest"};
constexpr std::array<std::string_view, 8> item_states{"pending", "taken",  "acted",   "succeeded",
                                                      "faulted", "parked", "refused", "changed"};

}  // namespace

std::string_view name_of(RepairBatch::State state) {
  return states.at(static_cast<std::size_t>(state));
}
std::string_view name_of(RepairBatch::Order order) {
  return orders.at(static_cast<std::size_t>(order));
}
std::string_view name_of(RepairItem::State state) {
  return item_states.at(static_cast<std::size_t>(state));
}
std::optional<RepairBatch::State> batch_state_from(std::string_view name) {
  return value_of<RepairBatch::State>(states, name);
}
std::optional<RepairBatch::Order> batch_order_from(std::string_view name) {
  return value_of<RepairBatch::Order>(orders, name);
}
std::optional<RepairItem::State> item_state_from(std::string_view name) {
  return value_of<RepairItem::State>(item_states, name);
}

std::int64_t& RepairCounts::of(RepairItem::State state) {
  switch (state) {
    case RepairItem::State::pending:
      return pending;
    case RepairItem::State::taken:
      return taken;
    case RepairItem::State::acted:
      return acted;
    case RepairItem::State::succeeded:
      return succeeded;
    case RepairItem::State::faulted:
      return faulted;
    case RepairItem::State::parked:
      return parked;
    case RepairItem::State::refused:
      return refused;
    case RepairItem::State::changed:
      break;
  }
  return changed;
}

}  // namespace sequent::runtime
