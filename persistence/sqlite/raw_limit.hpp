#pragma once
// What SQLite itself writes on this machine: the rows of our runs without our keys, indexes, fences
// and checks. Benchmarks print it beside the store's own figure.
#include <string>

namespace sequent::persistence {

struct RawLimit {
  std::string directory;  // empty or absent
  int runs = 0;           // in all
  int runs_per_transaction = 0;
  std::string records;  // text of one journal row
};

/// Writes `runs` runs of one row and six journal rows, then closes the file.
void write_raw(const RawLimit& limit);

}  // namespace sequent::persistence
