#include "engine/definition/circuit_id.hpp"

namespace sequent::definition {

CircuitId circuit_from(std::string_view text) {
  const auto first = text.find('/');
  const auto last = text.rfind('/');
  if (first == std::string_view::npos || first == last) return {std::string(text), "", ""};
  return {std::string(text.substr(0, first)), std::string(text.substr(first + 1, last - first - 1)),
          std::string(text.substr(last + 1))};
}

CircuitId circuit_of(const ActivitySpec& spec, const Json& arguments) {
  std::string operation_class = spec.operation_class;
  if (operation_class.empty()) operation_class = spec.idempotent ? "read" : "write";
  const auto server = spec.server == nullptr ? std::string() : spec.server(arguments);
  return {server.empty() ? spec.provider : spec.provider + ":" + server,
          spec.account == nullptr ? "" : spec.account(arguments), std::move(operation_class)};
}

}  // namespace sequent::definition
