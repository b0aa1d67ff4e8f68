// Leases. The lock file has proved that no other process writes, so the rows serve fencing: late
// commits of an earlier owner inside this process, and of nobody else, can ever meet them.
#include <mutex>

#include "base/assert.hpp"
#include "base/time.hpp"
#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::persistence {
namespace {

constexpr std::string_view live_foreign_lease = R"sql(
  SELECT owner, lease_until FROM partition WHERE owner <> ?1 AND owner <> '' AND lease_until > ?2
  ORDER BY lease_until DESC LIMIT 1
)sql";
constexpr std::string_view take_all = R"sql(
  UPDATE partition SET epoch = epoch + 1, owner = ?1, lease_until = ?2
)sql";
constexpr std::string_view renew_or_take = R"sql(
  UPDATE partition SET epoch = epoch + (owner <> ?1), owner = ?1, lease_until = ?2
)sql";
constexpr std::string_view leases_of = R"sql(
  SELECT partition_id, epoch FROM partition WHERE owner = ?1 ORDER BY partition_id
)sql";
// The epoch rises here too: what the leaving node still has under way is fenced from now on.
constexpr std::string_view give_all_back = R"sql(
  UPDATE partition SET epoch = epoch + 1, owner = '', lease_until = 0 WHERE owner = ?1
)sql";
constexpr std::string_view give_one_back = R"sql(
  UPDATE partition SET epoch = epoch + 1, owner = '', lease_until = 0
  WHERE owner = ?1 AND partition_id = ?2 AND epoch = ?3
)sql";

}  // namespace

Result<runtime::Membership> SqliteStore::acquire(const runtime::Renewal& renewal) {
  const auto& [node, now, ttl, leaves] = renewal;
  SEQUENT_ASSERT(!node.empty() && ttl > 0);
  const std::lock_guard turn{turn_};
  Transaction transaction{*writer_, forget_cached()};
  // The first owner in this process need not wait for leases of a process that is gone.
  if (owned_) {
    Rows rows = writer_->query(live_foreign_lease, node, now);
    if (rows.next())
      return fail(ErrorCode::lease_held, "Node " + rows.text(0) + " holds the partitions until " +
                                             format_time(rows.integer(1)) +
                                             "; stop it, or wait until its lease has run out.");
  }
  writer_->execute(owned_ ? renew_or_take : take_all, node, now + ttl);
  runtime::Membership membership;
  {
    Rows rows = writer_->query(leases_of, node);
    while (rows.next())
      membership.leases.push_back({static_cast<PartitionId>(rows.integer(0)), rows.integer(1)});
  }
  write_settled();
  transaction.commit();
  settled_.clear();
  owned_ = true;
  SEQUENT_ASSERT(membership.leases.size() == partitions_);
  return membership;
}

void SqliteStore::give_back(const std::string& node, const runtime::Lease& lease) {
  const std::lock_guard turn{turn_};
  Transaction transaction{*writer_, forget_cached()};
  writer_->execute(give_one_back, node, lease.partition, lease.epoch);
  write_settled();
  transaction.commit();
  settled_.clear();
}

void SqliteStore::release(const std::string& node) {
  const std::lock_guard turn{turn_};
  Transaction transaction{*writer_, forget_cached()};
  writer_->execute(give_all_back, node);
  write_settled();
  transaction.commit();
  settled_.clear();
}

}  // namespace sequent::persistence
