#include "persistence/shared/audit.hpp"

#include <mutex>

#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::persistence {

using runtime::AuditEntry;

void SqliteStore::append(const AuditEntry& entry) {
  const std::lock_guard turn{turn_};
  Transaction transaction{*writer_, forget_cached()};
  shared::append_audit(*writer_, entry);
  transaction.commit();
}

std::vector<AuditEntry> SqliteStore::list(const runtime::AuditFilter& filter,
                                          std::int64_t before_id, std::size_t limit) {
  const auto connection = pool_.borrow();
  return shared::list_audit(*connection,
                            shared::audit_entries(dialect(), filter, before_id, limit));
}

}  // namespace sequent::persistence
