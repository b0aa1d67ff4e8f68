#pragma once
// The words of a search: `status=faulted and error.type~communication and workflow=billing/*`. One
// language for the command line, lists, aggregates and batches.
//
// shape  conditions joined by `and`: FIELD = VALUE, != VALUE, ~ PART, !~ PART, < <= > >= VALUE,
//        in (A, B). `*` in a value that is not quoted stands for any characters. `~` without `*` asks
//        for a part. Times are RFC 3339, `now`, now-2h, now+30m, or 24h: that long ago (of a
//        deadline: from now). attr.NAME is an attribute; a number or true there means the scalar or
//        the same text, in quotes the text alone.
#include <span>
#include <string>
#include <string_view>

#include "engine/runtime/queries.hpp"

namespace sequent::runtime {

/// Adds the conditions of `text` to `filter`. Times count from `now`.
/// errors  invalid_request; each finding has the column (from 1) and a hint
[[nodiscard]] Result<void> read_where(std::string_view text, Timestamp now, RunFilter& filter);

/// 90s, 15m, 1h, 2d, 1w or an ISO 8601 duration; nothing when it is none.
[[nodiscard]] std::optional<DurationMs> read_length(std::string_view text);

/// What runs can be grouped by, besides attribute.NAME.
[[nodiscard]] std::span<const std::string_view> dimensions();
/// The name in "attribute.NAME" (or attr.NAME), if it is one.
[[nodiscard]] std::optional<std::string> attribute_dimension(std::string_view dimension);

/// A filter as a store keeps it for later; read back it is the same.
[[nodiscard]] Json filter_json(const RunFilter& filter);
/// errors  internal: JSON that filter_json() has not made
[[nodiscard]] Result<RunFilter> filter_of(const Json& json);

}  // namespace sequent::runtime
