#include "persistence/shared/repair_sql.hpp"

namespace sequent::persistence::shared {

using runtime::RepairBatch;

Query matches_of(const RunCondition& condition, std::size_t limit) {
  Query query;
  query.sql = "SELECT i.instance_id, i.last_seq, i.started_at, i.deadline FROM instance i " +
              joined_names(condition.dialect()) + "WHERE " + condition.sql() +
              " ORDER BY i.instance_id DESC LIMIT ?";
  query.parameters = condition.parameters();
  query.parameters.emplace_back(static_cast<std::int64_t>(limit));
  return query;
}

Query deadlines_of(const RunCondition& condition, Timestamp moment) {
  Query query;
  query.sql =
      "SELECT min(i.deadline), count(CASE WHEN i.deadline < ? THEN 1 END) FROM instance i " +
      joined_names(condition.dialect()) + "WHERE i.deadline IS NOT NULL AND " + condition.sql();
  query.parameters = {moment};
  for (const Parameter& value : condition.parameters()) query.parameters.push_back(value);
  return query;
}

std::int64_t place_of(RepairBatch::Order order, Timestamp started_at, Timestamp deadline) {
  switch (order) {
    case RepairBatch::Order::deadline:
      return deadline == 0 ? INT64_MAX : deadline;  // without one: after all that have one, by age
    case RepairBatch::Order::age:
      return started_at;
    case RepairBatch::Order::newest:
      return -started_at;
  }
  return 0;
}

}  // namespace sequent::persistence::shared
