#include <mutex>

#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::persistence {

using runtime::StoredDefinition;

namespace {

constexpr std::string_view digest_of = R"sql(
  SELECT digest FROM definition WHERE namespace = ?1 AND name = ?2 AND version = ?3
)sql";
constexpr std::string_view insert_definition = R"sql(
  INSERT INTO definition (namespace, name, version, digest, source, deployed_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6)
)sql";
// No LIMIT: a node compiles every version when it starts, because runs are pinned to them.
constexpr std::string_view select_definitions = R"sql(
  SELECT namespace, name, version, digest, source, deployed_at FROM definition
  ORDER BY deployed_at, namespace, name, version
)sql";

}  // namespace

Result<bool> SqliteStore::put(const StoredDefinition& definition) {
  const std::lock_guard turn{turn_};
  Transaction transaction{*writer_, forget_cached()};
  {
    Rows rows = writer_->query(digest_of, definition.workflow_namespace, definition.name,
                               definition.version);
    if (rows.next()) {
      if (rows.view(0) == definition.digest) return false;
      return fail(ErrorCode::conflict, "Workflow " + definition.workflow_namespace + "/" +
                                           definition.name + " version " + definition.version +
                                           " is deployed with other content (digest " +
                                           rows.text(0) + ", this one has " + definition.digest +
                                           "). A version never changes: raise document.version.");
    }
  }
  writer_->execute(insert_definition, definition.workflow_namespace, definition.name,
                   definition.version, definition.digest, definition.source,
                   definition.deployed_at);
  transaction.commit();
  return true;
}

std::vector<StoredDefinition> SqliteStore::all() {
  const auto connection = pool_.borrow();
  Rows rows = connection->query(select_definitions);
  std::vector<StoredDefinition> definitions;
  while (rows.next())
    definitions.push_back(StoredDefinition{rows.text(0), rows.text(1), rows.text(2), rows.text(3),
                                           rows.text(4), rows.integer(5)});
  return definitions;
}

}  // namespace sequent::persistence
