#include "persistence/sqlite/raw_limit.hpp"

#include <filesystem>

#include "base/assert.hpp"
#include "persistence/sqlite/statement.hpp"

namespace sequent::persistence {
namespace {

constexpr int rows_per_run = 6;

constexpr std::string_view raw_schema = R"sql(
  PRAGMA page_size = 8192;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE instance (instance_id BLOB PRIMARY KEY, last_seq INTEGER, status TEXT)
    STRICT, WITHOUT ROWID;
  CREATE TABLE journal (instance_id BLOB, last_seq INTEGER, at_ms INTEGER, records TEXT,
    PRIMARY KEY (instance_id, last_seq)) STRICT;
)sql";
constexpr std::string_view raw_instance = R"sql(
  INSERT INTO instance (instance_id, last_seq, status) VALUES (?1, 0, 'running')
)sql";
constexpr std::string_view raw_update = R"sql(
  UPDATE instance SET last_seq = ?2 WHERE instance_id = ?1
)sql";
constexpr std::string_view raw_journal = R"sql(
  INSERT INTO journal (instance_id, last_seq, at_ms, records) VALUES (?1, ?2, ?3, ?4)
)sql";

void write_row(Connection& connection, const InstanceId& id, int row, const std::string& records) {
  if (row == 0)
    connection.execute(raw_instance, id);
  else
    connection.execute(raw_update, id, row + 1);
  connection.execute(raw_journal, id, row + 1, row, records);
}

}  // namespace

void write_raw(const RawLimit& limit) {
  SEQUENT_ASSERT(limit.runs > 0 && limit.runs_per_transaction > 0);
  std::filesystem::create_directories(limit.directory);
  const auto path = (std::filesystem::path{limit.directory} / "raw.db").string();
  const auto connection = Connection::open(path, Connection::Mode::create);
  connection->script(raw_schema);
  std::vector<InstanceId> ids;
  for (int begun = 0; begun < limit.runs; begun += limit.runs_per_transaction) {
    ids.clear();
    for (int i = 0; i < limit.runs_per_transaction; ++i)
      ids.push_back(InstanceId::make(begun, static_cast<std::uint64_t>(begun + i), 0));
    for (int row = 0; row < rows_per_run; ++row) {
      Transaction transaction{*connection};
      for (const InstanceId& id : ids) write_row(*connection, id, row, limit.records);
      transaction.commit();
    }
  }
}

}  // namespace sequent::persistence
