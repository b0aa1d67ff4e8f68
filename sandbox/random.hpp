#pragma once
// Numbers and ids that depend on a seed alone, so that a failing run can be repeated exactly.
#include <cstdint>
#include <string>
#include <string_view>

namespace sequent::sandbox {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  [[nodiscard]] std::uint64_t next();
  /// In [0, 1).
  [[nodiscard]] double uniform();
  /// `prefix` and `length` letters and digits, of which one is a digit at least; no two calls of one
  /// seed give the same text in practice.
  [[nodiscard]] std::string id(std::string_view prefix, std::size_t length);

 private:
  std::uint64_t state_;
};

}  // namespace sequent::sandbox
