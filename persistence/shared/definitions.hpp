#pragma once
// Definitions: the statements and the rules that a version never changes and outlives its runs, in
// every database.
#include <algorithm>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "engine/runtime/queries.hpp"

namespace sequent::persistence::shared {

// Of two that deploy a version at once the first has it: the second finds nothing inserted, and then
// whose it is.
inline constexpr std::string_view insert_definition = R"sql(
  INSERT INTO definition (namespace, name, version, digest, source, deployed_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING
)sql";
inline constexpr std::string_view restore_definition = R"sql(
  UPDATE definition SET deleted_at = NULL, deployed_at = ?5
  WHERE namespace = ?1 AND name = ?2 AND version = ?3 AND digest = ?4 AND deleted_at IS NOT NULL
)sql";
inline constexpr std::string_view digest_of = R"sql(
  SELECT digest, deleted_at IS NOT NULL FROM definition
  WHERE namespace = ?1 AND name = ?2 AND version = ?3
)sql";
// No LIMIT: a node compiles every version when it starts, because runs are pinned to them.
inline constexpr std::string_view select_definitions = R"sql(
  SELECT namespace, name, version, digest, source, deployed_at, coalesce(deleted_at, 0)
  FROM definition ORDER BY deployed_at, namespace, name, version
)sql";
inline constexpr std::string_view select_definitions_revision =
    "SELECT revision FROM definition_revision";

// A run that faulted can be retried: it has not ended. The index by status finds those that have not,
// however many have.
inline constexpr std::string_view count_live_runs = R"sql(
  SELECT i.status, count(*) FROM instance i
  WHERE i.status IN ('pending', 'running', 'waiting', 'suspended', 'faulted')
    AND i.version_id IN (
      SELECT v.version_id FROM workflow_version v JOIN workflow w ON w.workflow_id = v.workflow_id
      WHERE w.namespace = ?1 AND w.name = ?2 AND v.version = ?3)
  GROUP BY i.status ORDER BY i.status
)sql";
inline constexpr std::string_view hide_definition = R"sql(
  UPDATE definition SET deleted_at = ?4
  WHERE namespace = ?1 AND name = ?2 AND version = ?3 AND deleted_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM instance i
    WHERE i.status IN ('pending', 'running', 'waiting', 'suspended', 'faulted')
      AND i.version_id IN (
        SELECT v.version_id FROM workflow_version v JOIN workflow w ON w.workflow_id = v.workflow_id
        WHERE w.namespace = ?1 AND w.name = ?2 AND v.version = ?3))
)sql";
// Its schedule begins anew, as that of a version that has just been deployed: what was due meanwhile
// was the other version's.
inline constexpr std::string_view begin_anew = R"sql(
  UPDATE definition SET deployed_at = ?4
  WHERE namespace = ?1 AND name = ?2 AND version = ?3 AND deleted_at IS NULL
)sql";
inline constexpr std::string_view select_hidden = R"sql(
  SELECT namespace, name, version, deleted_at FROM definition WHERE deleted_at < ?1
  ORDER BY namespace, name, version LIMIT 100
)sql";
// Ids begin with the time of the start: the oldest run of the workflow tells.
inline constexpr std::string_view forget_definition = R"sql(
  DELETE FROM definition
  WHERE namespace = ?1 AND name = ?2 AND version = ?3 AND deleted_at = ?4 AND NOT EXISTS (
    SELECT 1 FROM workflow w JOIN instance i ON i.workflow_id = w.workflow_id
    WHERE w.namespace = ?1 AND w.name = ?2 AND i.instance_id < ?5)
)sql";

/// Inside the caller's transaction. errors  conflict: the version has other content
template <class Connection>
Result<bool> put_definition(Connection& connection, const runtime::StoredDefinition& definition) {
  if (connection.execute(insert_definition, definition.workflow_namespace, definition.name,
                         definition.version, definition.digest, definition.source,
                         definition.deployed_at) == 1)
    return true;
  if (connection.execute(restore_definition, definition.workflow_namespace, definition.name,
                         definition.version, definition.digest, definition.deployed_at) == 1)
    return true;
  auto rows = connection.query(digest_of, definition.workflow_namespace, definition.name,
                               definition.version);
  const bool found = rows.next();
  const std::string stored = found ? rows.text(0) : "";
  if (stored == definition.digest) return false;
  const bool deleted = found && rows.integer(1) != 0;
  return fail(ErrorCode::conflict,
              "Workflow " + definition.workflow_namespace + "/" + definition.name + " version " +
                  definition.version +
                  (deleted ? " was deleted, and had other content (digest " + stored +
                                 ") that runs still show"
                           : " is deployed with other content (digest " + stored +
                                 ", this one has " + definition.digest + ")") +
                  ". A version never changes: raise document.version.");
}

template <class Connection>
std::vector<runtime::StoredDefinition> all_definitions(Connection& connection) {
  auto rows = connection.query(select_definitions);
  std::vector<runtime::StoredDefinition> definitions;
  while (rows.next())
    definitions.push_back({rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4),
                           rows.integer(5), rows.integer(6)});
  return definitions;
}

template <class Connection>
std::size_t definitions_revision(Connection& connection) {
  auto rows = connection.query(select_definitions_revision);
  return rows.next() ? static_cast<std::size_t>(rows.integer(0)) : 0;
}

template <class Connection>
runtime::LiveRuns live_runs_of(Connection& connection, const definition::WorkflowRef& ref) {
  runtime::LiveRuns live;
  auto rows = connection.query(count_live_runs, ref.workflow_namespace, ref.name, ref.version);
  while (rows.next()) live[rows.text(0)] = rows.integer(1);
  return live;
}

/// Inside the caller's transaction.
template <class Connection>
Result<runtime::LiveRuns> remove_definition(Connection& connection,
                                            const runtime::DefinitionRemoval& removal) {
  const auto& ref = removal.ref;
  if (connection.execute(hide_definition, ref.workflow_namespace, ref.name, ref.version,
                         removal.at) == 1) {
    if (!removal.successor.empty())
      connection.execute(begin_anew, ref.workflow_namespace, ref.name, removal.successor,
                         removal.at);
    return runtime::LiveRuns{};
  }
  auto live = live_runs_of(connection, ref);
  auto rows = connection.query(digest_of, ref.workflow_namespace, ref.name, ref.version);
  const bool found = rows.next();
  if (!found || rows.integer(1) != 0 || live.empty())
    return fail(ErrorCode::not_found, "There is no version " + ref.version + " of " +
                                          ref.workflow_namespace + "/" + ref.name +
                                          (found ? " any more." : "."));
  return live;
}

/// Inside the caller's transaction. How many went.
template <class Connection>
std::size_t forget_definitions(Connection& connection, Timestamp now) {
  // Until then every node has heard that it is gone, and has nothing under way that began before.
  constexpr DurationMs grace_ms = 86'400'000;
  std::vector<std::pair<definition::WorkflowRef, Timestamp>> hidden;
  {
    auto rows = connection.query(select_hidden, now - grace_ms);
    while (rows.next())
      hidden.emplace_back(definition::WorkflowRef{rows.text(0), rows.text(1), rows.text(2)},
                          rows.integer(3));
  }
  std::size_t gone = 0;
  for (const auto& [ref, at] : hidden)
    gone += static_cast<std::size_t>(connection.execute(forget_definition, ref.workflow_namespace,
                                                        ref.name, ref.version, at,
                                                        InstanceId::make(at + grace_ms, 0, 0)));
  return gone;
}

}  // namespace sequent::persistence::shared
