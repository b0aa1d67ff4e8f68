#pragma once
// Reads of records from outside of a workflow, the same in every database.
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "persistence/stored.hpp"

namespace sequent::persistence::shared {

inline constexpr std::string_view select_value = R"sql(
  SELECT value FROM record WHERE collection = ?1 AND key = ?2
)sql";
inline constexpr std::string_view select_values = R"sql(
  SELECT key, value FROM record WHERE collection = ?1 AND key > ?2 ORDER BY key LIMIT ?3
)sql";

template <class Connection>
std::optional<Json> record_value(Connection& connection, const std::string& collection,
                                 const std::string& key) {
  auto rows = connection.query(select_value, collection, key);
  if (!rows.next()) return std::nullopt;
  return stored_json(rows.view(0));
}

template <class Connection>
std::vector<std::pair<std::string, Json>> record_values(Connection& connection,
                                                        const std::string& collection,
                                                        const std::string& after,
                                                        std::size_t limit) {
  auto rows = connection.query(select_values, collection, after, limit);
  std::vector<std::pair<std::string, Json>> records;
  while (rows.next()) records.emplace_back(rows.text(0), stored_json(rows.view(1)));
  return records;
}

}  // namespace sequent::persistence::shared
