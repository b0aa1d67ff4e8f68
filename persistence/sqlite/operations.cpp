// records.* on SQLite, each exactly once: its result lies beside its effect.
#include "base/assert.hpp"
#include "persistence/record_table.hpp"
#include "persistence/sqlite/writes.hpp"

namespace sequent::persistence {

using runtime::StoreOperation;
using runtime::StoreOperationResult;

namespace {

constexpr std::string_view stored_result = R"sql(
  SELECT error_code, output FROM operation_result WHERE instance_id = ?1 AND key = ?2
)sql";
constexpr std::string_view store_result = R"sql(
  INSERT INTO operation_result (instance_id, key, error_code, output) VALUES (?1, ?2, ?3, ?4)
)sql";
constexpr std::string_view delete_results = R"sql(
  DELETE FROM operation_result WHERE instance_id = ?1
)sql";
constexpr std::string_view select_record = R"sql(
  SELECT value, version FROM record WHERE collection = ?1 AND key = ?2
)sql";
constexpr std::string_view upsert_record = R"sql(
  INSERT INTO record (collection, key, value, version, created_at, updated_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?5)
  ON CONFLICT (collection, key) DO UPDATE SET value = excluded.value, version = excluded.version,
              updated_at = excluded.updated_at
)sql";
constexpr std::string_view delete_record = R"sql(
  DELETE FROM record WHERE collection = ?1 AND key = ?2
)sql";
constexpr std::string_view owner_of_unique = R"sql(
  SELECT key FROM record_unique WHERE collection = ?1 AND name = ?2 AND value = ?3
)sql";
constexpr std::string_view delete_unique = R"sql(
  DELETE FROM record_unique WHERE collection = ?1 AND key = ?2
)sql";
constexpr std::string_view insert_unique = R"sql(
  INSERT INTO record_unique (collection, name, value, key) VALUES (?1, ?2, ?3, ?4)
)sql";
// The last code point ends the range of a prefix, so that the scan ends with it.
constexpr std::string_view select_records = R"sql(
  SELECT key, value, version FROM record
  WHERE collection = ?1 AND key > ?2 AND key >= ?3 AND key < ?3 || char(1114111)
  ORDER BY key LIMIT ?4
)sql";

// Names, not numbers: a later release may put its codes in another order.
constexpr std::pair<ErrorCode, std::string_view> error_names[] = {
    {ErrorCode::conflict, "conflict"},
    {ErrorCode::not_found, "not_found"},
    {ErrorCode::invalid_request, "invalid_request"},
    {ErrorCode::too_large, "too_large"},
};

std::string_view name_of(ErrorCode code) {
  for (const auto& [known, name] : error_names)
    if (known == code) return name;
  SEQUENT_ASSERT(false);  // record operations answer with these errors only
  return {};
}

ErrorCode code_of(std::string_view name) {
  for (const auto& [code, known] : error_names)
    if (known == name) return code;
  SEQUENT_ASSERT(false);  // the schema checks the names
  return ErrorCode::internal;
}

class SqliteRecordTable final : public RecordTable {
 public:
  explicit SqliteRecordTable(Connection& connection) : connection_(connection) {}

  std::optional<Stored> find(const std::string& collection, const std::string& key) override {
    Rows rows = connection_.query(select_record, collection, key);
    if (!rows.next()) return std::nullopt;
    return Stored{stored_json(rows.view(0)), rows.integer(1)};
  }
  void write(const std::string& collection, const std::string& key, const Json& value,
             std::int64_t version, Timestamp now) override {
    const std::string text = dump_json(value);
    connection_.execute(upsert_record, collection, key, text, version, now);
  }
  void erase(const std::string& collection, const std::string& key) override {
    connection_.execute(delete_unique, collection, key);
    connection_.execute(delete_record, collection, key);
  }
  std::optional<std::string> owner(const std::string& collection, const std::string& name,
                                   const std::string& value) override {
    Rows rows = connection_.query(owner_of_unique, collection, name, value);
    if (!rows.next()) return std::nullopt;
    return rows.text(0);
  }
  void replace_unique(const std::string& collection, const std::string& key,
                      const std::map<std::string, std::string>& unique) override {
    connection_.execute(delete_unique, collection, key);
    for (const auto& [name, value] : unique)
      connection_.execute(insert_unique, collection, name, value, key);
  }
  std::vector<Entry> list(const std::string& collection, const std::string& prefix,
                          const std::string& after, std::size_t limit) override {
    Rows rows = connection_.query(select_records, collection, after, prefix, limit);
    std::vector<Entry> entries;
    while (rows.next())
      entries.push_back(Entry{rows.text(0), stored_json(rows.view(1)), rows.integer(2)});
    return entries;
  }

 private:
  Connection& connection_;
};

std::optional<Result<Json>> known_result(Connection& connection, const InstanceId& instance,
                                         const std::string& key) {
  Rows rows = connection.query(stored_result, instance, key);
  if (!rows.next()) return std::nullopt;
  if (rows.is_null(0)) return Result<Json>{stored_json(rows.view(1))};
  return Result<Json>{fail(code_of(rows.view(0)), rows.text(1))};
}

}  // namespace

StoreOperationResult run_operation(Connection& connection, const InstanceId& instance,
                                   const StoreOperation& operation, Timestamp now) {
  SEQUENT_ASSERT(!operation.key.empty());
  StoreOperationResult result{operation.frame, operation.attempt, Json(nullptr)};
  if (auto known = known_result(connection, instance, operation.key)) {
    result.output = std::move(*known);
    return result;
  }
  SqliteRecordTable table{connection};
  result.output = run_record_operation(table, operation.activity, operation.arguments, now);
  if (result.output) {
    const std::string text = dump_json(*result.output);
    connection.execute(store_result, instance, operation.key, nullptr, text);
  } else {
    const Error& error = result.output.error();
    connection.execute(store_result, instance, operation.key, name_of(error.code), error.detail);
  }
  return result;
}

void forget_operations(Connection& connection, const InstanceId& instance) {
  connection.execute(delete_results, instance);
}

}  // namespace sequent::persistence
