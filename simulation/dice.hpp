#pragma once
// Chance from a seed: the same numbers for the same seed, on every machine (SplitMix64).
#include <cstdint>
#include <vector>

#include "base/assert.hpp"
#include "engine/runtime/clock.hpp"

namespace sequent::simulation {

class Dice final : public runtime::Random {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() override {
    state_ += 0x9E3779B97F4A7C15ULL;
    auto z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  /// 0 … count - 1.
  std::size_t below(std::size_t count) {
    SEQUENT_ASSERT(count > 0);
    return static_cast<std::size_t>(next() % count);
  }
  /// low … high.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::size_t>(high - low + 1)));
  }
  /// True in so many of a thousand cases.
  bool chance(int permille) { return static_cast<int>(below(1'000)) < permille; }
  template <class T>
  const T& pick(const std::vector<T>& list) {
    return list[below(list.size())];
  }

 private:
  std::uint64_t state_;
};

}  // namespace sequent::simulation
