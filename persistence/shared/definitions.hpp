#pragma once
// Definitions: the statements and the rule that a version never changes, in every database.
#include <string_view>
#include <vector>

#include "engine/runtime/queries.hpp"

namespace sequent::persistence::shared {

// Of two that deploy a version at once the first has it: the second finds nothing inserted, and then
// whose it is.
inline constexpr std::string_view insert_definition = R"sql(
  INSERT INTO definition (namespace, name, version, digest, source, deployed_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING
)sql";
inline constexpr std::string_view digest_of = R"sql(
  SELECT digest FROM definition WHERE namespace = ?1 AND name = ?2 AND version = ?3
)sql";
// No LIMIT: a node compiles every version when it starts, because runs are pinned to them.
inline constexpr std::string_view select_definitions = R"sql(
  SELECT namespace, name, version, digest, source, deployed_at FROM definition
  ORDER BY deployed_at, namespace, name, version
)sql";

inline constexpr std::string_view count_definition_rows = "SELECT count(*) FROM definition";

/// Inside the caller's transaction. errors  conflict: the version has other content
template <class Connection>
Result<bool> put_definition(Connection& connection, const runtime::StoredDefinition& definition) {
  if (connection.execute(insert_definition, definition.workflow_namespace, definition.name,
                         definition.version, definition.digest, definition.source,
                         definition.deployed_at) == 1)
    return true;
  auto rows = connection.query(digest_of, definition.workflow_namespace, definition.name,
                               definition.version);
  const std::string stored = rows.next() ? rows.text(0) : "";
  if (stored == definition.digest) return false;
  return fail(ErrorCode::conflict, "Workflow " + definition.workflow_namespace + "/" +
                                       definition.name + " version " + definition.version +
                                       " is deployed with other content (digest " + stored +
                                       ", this one has " + definition.digest +
                                       "). A version never changes: raise document.version.");
}

template <class Connection>
std::vector<runtime::StoredDefinition> all_definitions(Connection& connection) {
  auto rows = connection.query(select_definitions);
  std::vector<runtime::StoredDefinition> definitions;
  while (rows.next())
    definitions.push_back(
        {rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4), rows.integer(5)});
  return definitions;
}

template <class Connection>
std::size_t count_definitions(Connection& connection) {
  auto rows = connection.query(count_definition_rows);
  return rows.next() ? static_cast<std::size_t>(rows.integer(0)) : 0;
}

}  // namespace sequent::persistence::shared
