#pragma once
// Sensitive data as people see it; the audit log, which batches write too, needs it as well.
#include "engine/definition/redact.hpp"

namespace sequent::api {

using definition::Redactor;

}  // namespace sequent::api
