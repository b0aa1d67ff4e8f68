#include "engine/runtime/system_clock.hpp"

#include <time.h>

#include <chrono>
#include <random>

namespace sequent::runtime {
namespace {

class SplitMix final : public Random {
 public:
  explicit SplitMix(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

}  // namespace

Timestamp SystemClock::now() const {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

Timestamp SystemClock::elapsed() const {
  timespec since{};
  ::clock_gettime(CLOCK_BOOTTIME, &since);  // std::chrono's steady clock stands still in suspend
  return since.tv_sec * 1'000 + since.tv_nsec / 1'000'000;
}

std::unique_ptr<Random> seeded_random(std::uint64_t seed) {
  return std::make_unique<SplitMix>(seed);
}

std::uint64_t system_seed() {
  std::random_device device;
  const std::uint64_t high = device();
  return high << 32 | device();
}

}  // namespace sequent::runtime
