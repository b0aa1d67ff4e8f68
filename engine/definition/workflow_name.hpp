#pragma once
// How workflows are spelled where people read their names, and in keys that are kept.
#include <string>

#include "engine/definition/program.hpp"

namespace sequent::definition {

/// "billing/refund", whichever version.
[[nodiscard]] std::string workflow_name(const WorkflowRef& ref);
/// "billing/refund:1.2.0"; where no version is named, as above.
[[nodiscard]] std::string full_name(const WorkflowRef& ref);

}  // namespace sequent::definition
