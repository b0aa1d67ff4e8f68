#pragma once
// records.* inside a commit, each exactly once: its result lies beside its effect. The statements of
// every database; where it `locks_rows`, what an operation reads stays as it is until the commit, and
// of two that insert the same the second's transaction begins anew.
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "engine/runtime/store.hpp"
#include "persistence/record_table.hpp"
#include "persistence/stored.hpp"

namespace sequent::persistence::shared {

inline constexpr std::string_view stored_result = R"sql(
  SELECT error_code, output FROM operation_result WHERE instance_id = ?1 AND key = ?2
)sql";
inline constexpr std::string_view store_result = R"sql(
  INSERT INTO operation_result (instance_id, key, error_code, output) VALUES (?1, ?2, ?3, ?4)
)sql";
inline constexpr std::string_view select_record = R"sql(
  SELECT value, version FROM record WHERE collection = ?1 AND key = ?2
)sql";
inline constexpr std::string_view select_record_locked = R"sql(
  SELECT value, version FROM record WHERE collection = ?1 AND key = ?2 FOR UPDATE
)sql";
inline constexpr std::string_view insert_record = R"sql(
  INSERT INTO record (collection, key, value, version, created_at, updated_at)
  VALUES (?1, ?2, ?3, 1, ?4, ?4)
)sql";
inline constexpr std::string_view update_record = R"sql(
  UPDATE record SET value = ?3, version = ?4, updated_at = ?5 WHERE collection = ?1 AND key = ?2
)sql";
inline constexpr std::string_view delete_record = R"sql(
  DELETE FROM record WHERE collection = ?1 AND key = ?2
)sql";
inline constexpr std::string_view owner_of_unique = R"sql(
  SELECT key FROM record_unique WHERE collection = ?1 AND name = ?2 AND value = ?3
)sql";
inline constexpr std::string_view owner_of_unique_locked = R"sql(
  SELECT key FROM record_unique WHERE collection = ?1 AND name = ?2 AND value = ?3 FOR UPDATE
)sql";
inline constexpr std::string_view delete_unique = R"sql(
  DELETE FROM record_unique WHERE collection = ?1 AND key = ?2
)sql";
inline constexpr std::string_view insert_unique = R"sql(
  INSERT INTO record_unique (collection, name, value, key) VALUES (?1, ?2, ?3, ?4)
)sql";
inline constexpr std::string_view select_records = R"sql(
  SELECT key, value, version FROM record
  WHERE collection = ?1 AND key > ?2 AND key >= ?3 AND key < ?4 ORDER BY key LIMIT ?5
)sql";

/// Names, not numbers: a later release may put its codes in another order.
[[nodiscard]] std::string_view operation_error_name(ErrorCode code);
[[nodiscard]] ErrorCode operation_error_code(std::string_view name);

template <class Connection>
class SqlRecordTable final : public RecordTable {
 public:
  explicit SqlRecordTable(Connection& connection) : connection_(connection) {}

  std::optional<Stored> find(const std::string& collection, const std::string& key) override {
    auto rows = connection_.query(Connection::locks_rows ? select_record_locked : select_record,
                                  collection, key);
    if (!rows.next()) return std::nullopt;
    return Stored{stored_json(rows.view(0)), rows.integer(1)};
  }
  void write(const std::string& collection, const std::string& key, const Json& value,
             std::int64_t version, Timestamp now) override {
    const std::string text = dump_json(value);
    if (version == 1)
      connection_.run(insert_record, collection, key, text, now);
    else
      connection_.run(update_record, collection, key, text, version, now);
  }
  void erase(const std::string& collection, const std::string& key) override {
    connection_.run(delete_unique, collection, key);
    connection_.run(delete_record, collection, key);
  }
  std::optional<std::string> owner(const std::string& collection, const std::string& name,
                                   const std::string& value) override {
    auto rows = connection_.query(Connection::locks_rows ? owner_of_unique_locked : owner_of_unique,
                                  collection, name, value);
    if (!rows.next()) return std::nullopt;
    return rows.text(0);
  }
  void replace_unique(const std::string& collection, const std::string& key,
                      const std::map<std::string, std::string>& unique) override {
    connection_.run(delete_unique, collection, key);
    for (const auto& [name, value] : unique)
      connection_.run(insert_unique, collection, name, value, key);
  }
  std::vector<Entry> list(const std::string& collection, const std::string& prefix,
                          const std::string& after, std::size_t limit) override {
    // The last code point ends the range of a prefix, so that the scan ends with it.
    const std::string end = prefix + "\xF4\x8F\xBF\xBF";
    auto rows = connection_.query(select_records, collection, after, prefix, end, limit);
    std::vector<Entry> entries;
    while (rows.next())
      entries.push_back(Entry{rows.text(0), stored_json(rows.view(1)), rows.integer(2)});
    return entries;
  }

 private:
  Connection& connection_;
};

template <class Connection>
std::optional<Result<Json>> known_result(Connection& connection, const InstanceId& instance,
                                         const std::string& key) {
  auto rows = connection.query(stored_result, instance, key);
  if (!rows.next()) return std::nullopt;
  if (rows.is_null(0)) return Result<Json>{stored_json(rows.view(1))};
  return Result<Json>{fail(operation_error_code(rows.view(0)), rows.text(1))};
}

/// Runs one records.* operation, or gives the stored result of its key.
template <class Connection>
runtime::StoreOperationResult run_operation(Connection& connection, const InstanceId& instance,
                                            const runtime::StoreOperation& operation,
                                            Timestamp now) {
  SEQUENT_ASSERT(!operation.key.empty());
  runtime::StoreOperationResult result{operation.frame, operation.attempt, Json(nullptr)};
  if (auto known = known_result(connection, instance, operation.key)) {
    result.output = std::move(*known);
    return result;
  }
  SqlRecordTable<Connection> table{connection};
  result.output = run_record_operation(table, operation.activity, operation.arguments, now);
  if (result.output) {
    const std::string text = dump_json(*result.output);
    connection.run(store_result, instance, operation.key, std::optional<std::string>{}, text);
  } else {
    const Error& error = result.output.error();
    const std::optional<std::string> name{operation_error_name(error.code)};
    connection.run(store_result, instance, operation.key, name, error.detail);
  }
  return result;
}

}  // namespace sequent::persistence::shared
