#pragma once
// The schema: made, and brought to what this program knows, by one program at a time.
#include <optional>
#include <string>

#include "persistence/postgres/connection.hpp"

namespace sequent::persistence::postgres {

struct SchemaVersion {
  std::int64_t found = 0, known = 0;  // found > known: a newer release has migrated it
};
/// errors  conflict: a newer release has migrated it, and left no room for this one. SqlError
[[nodiscard]] Result<SchemaVersion> migrate(Connection& connection, const Address& address,
                                            PartitionId partitions);

/// What kept a store from being opened, with what to do about it.
[[nodiscard]] Error cannot_open(const runtime::StoreFailure& failure);

/// What is there, for people, without making or changing anything.
/// errors  invalid_request: the address; unavailable: no connection
[[nodiscard]] Result<std::string> look_at_postgres(const std::string& url);

}  // namespace sequent::persistence::postgres
