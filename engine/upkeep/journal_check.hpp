#pragma once
// Whether what is stored of a run is what its journal says.
// threads  blocking; on a store that others write to meanwhile, too
#include <map>

#include "engine/definition/program.hpp"
#include "engine/runtime/queries.hpp"

namespace sequent::upkeep {

using ProgramsByDigest = std::map<std::string, definition::ProgramPtr>;

/// Folds the run's journal from its first record, and compares the state with the snapshot and the
/// records after it, and with the row that lists show. "" = they agree, else what differs.
[[nodiscard]] std::string check_journal(runtime::Store& store, runtime::RunQueries& runs,
                                        const ProgramsByDigest& programs, const InstanceId& id);

struct JournalReport {
  std::size_t runs = 0;
  std::vector<std::pair<InstanceId, std::string>> wrong;  // at most 100
};
/// All runs of the store.
[[nodiscard]] Result<JournalReport> check_journals(runtime::Store& store, runtime::RunQueries& runs,
                                                   const ProgramsByDigest& programs);

}  // namespace sequent::upkeep
