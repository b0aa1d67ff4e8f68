#pragma once
// The keys that requests carry, as the provider and the witness compare them.
#include <string>

namespace sequent::simulation {

/// The key of the intent: a provider's refusal raises a revision, which follows the key as "_rN".
[[nodiscard]] inline std::string without_revision(const std::string& key) {
  const auto at = key.rfind("_r");
  return at == std::string::npos ? key : key.substr(0, at);
}

}  // namespace sequent::simulation
