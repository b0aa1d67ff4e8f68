#pragma once
// What happened in one simulated world, line by line, and which invariants broke.
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "engine/runtime/clock.hpp"

namespace sequent::simulation {

struct Breach {
  std::string invariant, detail;
};

class Notebook {
 public:
  explicit Notebook(const runtime::Clock& clock) : clock_(clock), began_(clock.now()) {}

  [[nodiscard]] Timestamp now() const { return clock_.now(); }
  void note(std::string_view text) {
    lines_.push_back(std::to_string(clock_.now() - began_) + " " + std::string(text));
  }
  void breach(std::string invariant, std::string detail) {
    note("BREACH " + invariant + ": " + detail);
    breaches_.push_back({.invariant = std::move(invariant), .detail = std::move(detail)});
  }
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
  [[nodiscard]] const std::vector<Breach>& breaches() const { return breaches_; }
  /// The same for two runs of one seed.
  [[nodiscard]] std::string digest() const {
    std::string all;
    for (const auto& line : lines_) all += line + "\n";
    return sha256_hex(all);
  }

 private:
  const runtime::Clock& clock_;
  Timestamp began_;
  std::vector<std::string> lines_;
  std::vector<Breach> breaches_;
};

}  // namespace sequent::simulation
