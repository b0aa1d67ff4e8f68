#include "base/assert.hpp"
#include "base/json.hpp"
#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::persistence {
namespace {

constexpr std::string_view select_value = R"sql(
  SELECT value FROM record WHERE collection = ?1 AND key = ?2
)sql";
constexpr std::string_view select_values = R"sql(
  SELECT key, value FROM record WHERE collection = ?1 AND key > ?2 ORDER BY key LIMIT ?3
)sql";

Json stored_value(std::string_view text) {
  auto value = parse_json(text);
  SEQUENT_ASSERT(value.has_value());  // we wrote it
  return std::move(*value);
}

}  // namespace

std::optional<Json> SqliteStore::get(const std::string& collection, const std::string& key) {
  const auto connection = pool_.borrow();
  Rows rows = connection->query(select_value, collection, key);
  if (!rows.next()) return std::nullopt;
  return stored_value(rows.view(0));
}

std::vector<std::pair<std::string, Json>> SqliteStore::list(const std::string& collection,
                                                            const std::string& after,
                                                            std::size_t limit) {
  const auto connection = pool_.borrow();
  Rows rows = connection->query(select_values, collection, after, limit);
  std::vector<std::pair<std::string, Json>> records;
  while (rows.next()) records.emplace_back(rows.text(0), stored_value(rows.view(1)));
  return records;
}

}  // namespace sequent::persistence
