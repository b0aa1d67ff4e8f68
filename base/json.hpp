#pragma once
// The one JSON value of the engine: object keys are sorted, as jq sorts them, so that dumping a
// value twice gives the same bytes (idempotency keys and digests lean on that).
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace sequent {

using Json = nlohmann::json;

/// Parses one JSON text.
/// errors  invalid_json with byte offset and what was expected; too deep past `max_depth`
[[nodiscard]] Result<Json> parse_json(std::string_view text, int max_depth = 512);

/// Compact UTF-8 text; invalid UTF-8 inside strings is replaced, never thrown.
[[nodiscard]] std::string dump_json(const Json& value);

/// Text of a member, or `fallback` when it is absent or no string.
[[nodiscard]] std::string text_of(const Json& object, std::string_view member,
                                  std::string_view fallback = "");

}  // namespace sequent
