#pragma once
// Starts one by one, when some key is taken: who has it, and whether it is handed over.
#include <optional>

#include "engine/runtime/store.hpp"
#include "persistence/postgres/connection.hpp"

namespace sequent::persistence::postgres {

/// Claims the keys of a start, or says whose they are and leaves nothing behind.
[[nodiscard]] std::optional<runtime::ChangeResult::Taken> claim_keys(
    Connection& connection, const runtime::InstanceChange& change, std::int64_t workflow);

}  // namespace sequent::persistence::postgres
