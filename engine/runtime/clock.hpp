#pragma once
// Time and chance as ports, so that a simulation can own both.
#include <cstdint>
#include <functional>
#include <memory>

#include "base/time.hpp"

namespace sequent::runtime {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Timestamp now() const = 0;
  /// Milliseconds since some moment, for how long something lasts: they never jump, and go on while
  /// the process is stopped or the machine sleeps.
  [[nodiscard]] virtual Timestamp elapsed() const { return now(); }
};

/// A source of random 64-bit numbers; one for each partition, seeded apart.
class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
};

}  // namespace sequent::runtime
