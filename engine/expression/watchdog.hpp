#pragma once
#include <chrono>

#include "engine/expression/guard.hpp"

namespace sequent::expression {

/// Halts the interpreter of `halter` when the object lives past the time limit. Once it is destroyed
/// the watchdog never touches that interpreter again.
/// threads  one watchdog thread for the process; it looks every 5 ms while something is evaluated
class Watch {
 public:
  Watch(Halter& halter, std::chrono::milliseconds limit);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  friend class Watchdog;
  Halter& halter_;
  std::chrono::steady_clock::time_point deadline_;
  std::size_t place_ = 0;  // in the watchdog's list
};

}  // namespace sequent::expression
