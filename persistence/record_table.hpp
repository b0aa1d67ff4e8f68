#pragma once
// records.* without SQL: what each operation means, over a table that a database provides.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/time.hpp"

namespace sequent::persistence {

/// The rows of records inside the caller's transaction.
class RecordTable {
 public:
  struct Stored {
    Json value;
    std::int64_t version = 0;
  };
  struct Entry {
    std::string key;
    Json value;
    std::int64_t version = 0;
  };
  virtual ~RecordTable() = default;
  [[nodiscard]] virtual std::optional<Stored> find(const std::string& collection,
                                                   const std::string& key) = 0;
  /// Inserts or replaces.
  virtual void write(const std::string& collection, const std::string& key, const Json& value,
                     std::int64_t version, Timestamp now) = 0;
  /// Deletes the record and its unique values.
  virtual void erase(const std::string& collection, const std::string& key) = 0;
  /// Which record holds a unique value.
  [[nodiscard]] virtual std::optional<std::string> owner(const std::string& collection,
                                                         const std::string& name,
                                                         const std::string& value) = 0;
  /// Makes these the unique values of the record; none of them belongs to another one.
  virtual void replace_unique(const std::string& collection, const std::string& key,
                              const std::map<std::string, std::string>& unique) = 0;
  /// Keys with `prefix` and after `after`, in order.
  [[nodiscard]] virtual std::vector<Entry> list(const std::string& collection,
                                                const std::string& prefix, const std::string& after,
                                                std::size_t limit) = 0;
};

/// errors  as engine/runtime/record_operations.hpp lists them; nothing is written then
[[nodiscard]] Result<Json> run_record_operation(RecordTable& table, const std::string& activity,
                                                const Json& arguments, Timestamp now);

}  // namespace sequent::persistence
