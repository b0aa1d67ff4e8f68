#pragma once
// Arguments of records.* as they are read and checked, and paths into record values.
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"

namespace sequent::persistence {

struct RecordArguments {
  std::string collection, key;
  std::optional<Json> value, merge;
  std::map<std::string, std::string> unique;  // name -> value as text
  bool has_unique = false;
  std::optional<std::int64_t> if_version;
  std::map<std::string, Json> if_match;  // path -> value
  std::string path;                      // increment
  Json by = 1;
  std::string rank_path;  // upsertMonotonic
  std::map<std::string, std::int64_t> ranks;
  std::string prefix, after;  // list
  std::size_t limit = 100;
};

/// Checks kinds and bounds; which members an operation needs, it says itself.
/// errors  invalid_request, naming the member
[[nodiscard]] Result<RecordArguments> record_arguments(const Json& arguments);

/// The value at a path ("status", "customer.id", "/items/0"), null when there is none.
[[nodiscard]] const Json* value_at(const Json& value, std::string_view path);

/// Writes at a path, making objects on the way.
/// errors  conflict: something on the way is neither object nor array element
[[nodiscard]] Result<void> set_value_at(Json& value, std::string_view path, Json replacement);

}  // namespace sequent::persistence
