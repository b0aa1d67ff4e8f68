#include "activities/input.hpp"

#include "base/assert.hpp"

namespace sequent::activities {

std::optional<machine::Failure> refused_input(const definition::ActivitySpec& spec,
                                              const Json& input) {
  SEQUENT_ASSERT(spec.input != nullptr);
  const auto violations = spec.input->validate(input);
  if (violations.empty()) return std::nullopt;
  std::string detail = "the input of " + spec.name + " is not valid:";
  for (const auto& violation : violations)
    detail += " " + (violation.instance_pointer.empty() ? "/" : violation.instance_pointer) + " " +
              violation.message + ";";
  detail.pop_back();
  machine::Failure failure;
  failure.outcome = machine::Outcome::permanent;
  failure.problem = machine::make_problem(machine::ErrorKind::validation, std::move(detail));
  return failure;
}

}  // namespace sequent::activities
