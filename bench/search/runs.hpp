#pragma once
// A store full of runs as a year of billing leaves them: nearly all have completed, a few thousand wait,
// are parked or have faulted.
#include <cstdint>

#include "persistence/database.hpp"

namespace sequent::bench {

constexpr Timestamp now = 1'800'000'000'000;
constexpr PartitionId partitions = 16;
/// Customers, orders and subscriptions are numbered below these.
constexpr std::int64_t customers = 50'000, key_numbers = 100'000;

/// Writes `runs` runs as the engine's own commits do.
void fill(persistence::Database& store, std::int64_t runs);

}  // namespace sequent::bench
