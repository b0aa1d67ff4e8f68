#pragma once
// What a PostgreSQL server itself does at this moment, told by its own pgbench.
#include <filesystem>
#include <string>

namespace sequent::bench {

/// Prints transactions with one inserted row of 300 bytes, by one client and by 16, and with 100 rows.
/// A dozen seconds; a table of its own, dropped at the end. Scripts are written to `folder`.
void print_database_limits(const std::string& store, const std::filesystem::path& folder);

}  // namespace sequent::bench
