#pragma once
// Numbers that a seed decides.
#include <cstdint>
#include <random>

namespace sequent::chaos {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  /// From `low` to `high`, both included.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace sequent::chaos
