#pragma once
// Scenarios that are played again in one world need ids that it does not know yet.
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace sequent::crashtest {

/// The text of a scenario file with every id in its list `fresh` replaced, wherever it stands as a
/// whole word, by one that only this `play` (a number, from 1) has: letters are added to a text, a
/// number and the last group of a UUID get other digits. Lines stay where they are; a text that is no
/// YAML stays as it is.
/// errors  invalid_definition: an id of the list stands nowhere else in the file
[[nodiscard]] Result<std::string> with_fresh_ids(std::string_view text, const std::string& file,
                                                 std::int64_t play);

}  // namespace sequent::crashtest
