#pragma once
// What both stores keep the same way: values as they lie in rows, whatever database holds them.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/ids.hpp"
#include "base/json.hpp"

namespace sequent::persistence {

/// Zero is stored as null.
[[nodiscard]] inline std::optional<std::int64_t> null_if_zero(std::int64_t value) {
  return value == 0 ? std::nullopt : std::optional{value};
}

/// "Never" is stored as null.
[[nodiscard]] inline std::optional<std::int64_t> null_if_never(std::int64_t wake_at) {
  return wake_at == INT64_MAX ? std::nullopt : std::optional{wake_at};
}

/// JSON that this store wrote itself; anything else is a broken file.
[[nodiscard]] Json stored_json(std::string_view text);

/// The message that hands an event to a run.
[[nodiscard]] Json event_message(Json event);

/// One value of a statement that is put together at run time.
using Parameter = std::variant<std::int64_t, std::string, InstanceId>;

}  // namespace sequent::persistence
