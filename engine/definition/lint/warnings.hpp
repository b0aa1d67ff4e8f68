#pragma once
// What is legal in a document that compiles, but probably not meant; and, strictly, what may cost
// somebody money.
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "engine/definition/program.hpp"

namespace sequent::definition::lint {

struct Warning {
  Finding finding;                      // with its rule
  std::optional<std::string> accepted;  // the document's reason why it is none
};

enum class Strictness : std::uint8_t {
  usual,   // for everybody who deploys
  strict,  // also what only authors of money's workflows want to hear
};

/// In the order of the text, each once. A warning is accepted by `metadata.accept: {rule: reason}`
/// of its task, of a task around it, or of the document; strictly, an acceptance that accepts
/// nothing is a warning itself.
[[nodiscard]] std::vector<Warning> warnings(const Program& program, Strictness strictness);
/// The usual ones that the document does not accept.
[[nodiscard]] std::vector<Finding> usual_warnings(const Program& program);

}  // namespace sequent::definition::lint
