#pragma once
// Sensitive data (`document.metadata.sensitive`) as people see it.
#include <string>
#include <vector>

#include "base/json.hpp"
#include "engine/definition/program.hpp"

namespace sequent::definition {

/// Replaces what a program's sensitive paths name by "[redacted]". A path is a JSON Pointer or a
/// plain path ("card.number"), with `*` for any member or item. It holds at every depth, because
/// tasks wrap and move data: hiding too much is repaired by a better path, a leak by nothing.
class Redactor {
 public:
  explicit Redactor(const Program& program);
  /// For what belongs to no run: a record, an event. Hides what any of the programs calls sensitive.
  explicit Redactor(const std::vector<ProgramPtr>& programs);

  [[nodiscard]] Json operator()(const Json& value) const;
  /// Of a JSON Patch: the values of its operations (and `was`, what they replace), by their paths.
  [[nodiscard]] Json patch(const Json& operations) const;
  [[nodiscard]] bool idle() const { return paths_.empty(); }

 private:
  void learn(const Program& program);
  void hide(Json& value, std::vector<std::string>& place) const;
  [[nodiscard]] bool names_any_above(std::vector<std::string> place) const;
  [[nodiscard]] bool names(const std::vector<std::string>& place) const;

  std::vector<std::vector<std::string>> paths_;
};

}  // namespace sequent::definition
