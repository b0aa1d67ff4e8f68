// Leases, by the clock of the database: nodes need not agree on the time. Only the presence of a node
// is renewed, one row; the rows of its partitions change when they change hands.
#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "persistence/postgres/postgres_store.hpp"

namespace sequent::persistence::postgres {

using runtime::Lease;
using runtime::Membership;

namespace {

// What this store tells others about, once it has heard of it.
struct News {
  std::int64_t emitted = 0;  // number of the last event
  bool batches = false;
};

// A function of the database (012_renewal.sql): one statement is all that an idle node asks.
constexpr std::string_view renew = R"sql(
  SELECT partition_id, owner, epoch, mail, nodes, definitions, parcels, next_death, emitted, batches
  FROM renew(?1, ?2, ?3, ?4)
)sql";
// The epoch rises here too: what the leaving node still has under way is fenced from now on.
constexpr std::string_view give_one_back = R"sql(
  UPDATE partition SET epoch = epoch + 1, owner = ''
  WHERE owner = ?1 AND partition_id = ?2 AND epoch = ?3
)sql";
constexpr std::string_view give_all_back = R"sql(
  UPDATE partition SET epoch = epoch + 1, owner = '' WHERE partition_id IN (
    SELECT partition_id FROM partition WHERE owner = ?1 ORDER BY partition_id FOR UPDATE)
)sql";
constexpr std::string_view forget_presence = R"sql(
  DELETE FROM node WHERE node = ?1
)sql";

}  // namespace

// Whatever of it was lost on the way is said again by the next one: no mark is needed.
Result<Membership> PostgresStore::acquire(const runtime::Renewal& renewal) {
  SEQUENT_ASSERT(!renewal.node.empty() && renewal.ttl > 0);
  News news;
  const auto membership = reading(lessor_, [&](Connection& connection) {
    Membership found;
    for (Rows rows = connection.query(renew, renewal.node, renewal.ttl, renewal.leaves ? 1 : 0,
                                      partitions_);
         rows.next();) {
      const auto partition = static_cast<PartitionId>(rows.integer(0));
      found.owners.push_back({.node = rows.text(1), .epoch = rows.integer(2)});
      if (rows.view(1) == renewal.node) found.leases.push_back({partition, rows.integer(2)});
      if (rows.integer(3) != 0) found.mail.push_back(partition);
      if (partition != 0) continue;  // the cluster's figures are the same in all rows
      found.nodes = static_cast<std::size_t>(rows.integer(4));
      found.definitions = static_cast<std::size_t>(rows.integer(5));
      found.parcels = rows.integer(6) != 0;
      if (!rows.is_null(7)) found.next_death = std::max<DurationMs>(0, rows.integer(7));
      news = {.emitted = rows.integer(8), .batches = rows.integer(9) != 0};
    }
    SEQUENT_ASSERT(found.owners.size() == partitions_);
    const std::size_t sharing = std::max<std::size_t>(1, found.nodes);
    found.share = (partitions_ + sharing - 1) / sharing;
    return found;
  });
  if (std::exchange(known_emitted_, news.emitted) != news.emitted) emitted_.ring();
  if (news.batches) batches_open_.ring();
  return membership;
}

void PostgresStore::give_back(const std::string& node, const Lease& lease) {
  reading(lessor_, [&](Connection& connection) {
    return connection.execute(give_one_back, node, lease.partition, lease.epoch);
  });
}

void PostgresStore::release(const std::string& node) {
  flush_settled();
  reading(lessor_, [&](Connection& connection) {
    connection.begin();
    connection.queue(give_all_back, node);
    connection.queue(forget_presence, node);
    connection.commit();
    return true;
  });
}

}  // namespace sequent::persistence::postgres
