#pragma once
// What the disk and SQLite themselves do on this machine, at this moment.
#include <filesystem>

namespace sequent::bench {

/// Prints fdatasync rates. Two seconds.
void print_disk_limits(const std::filesystem::path& folder);
/// Prints raw batched inserts of the rows of our runs. A few seconds.
void print_sqlite_limits(const std::filesystem::path& folder);

}  // namespace sequent::bench
