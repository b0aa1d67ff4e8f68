#pragma once
// Reading files and the arguments that may be one.
#include <string>

#include "base/error.hpp"
#include "base/json.hpp"

namespace sequent::cli {

/// The text of a file of at most `max_bytes`; "-" is standard input.
/// errors  not_found, invalid_request (a folder, too large, not readable), with the path
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t max_bytes);

/// `--input FILE|JSON`: the name of a file that holds JSON, "-", or the JSON itself.
/// errors  invalid_json, and those of read_file()
[[nodiscard]] Result<Json> json_argument(const std::string& text);

}  // namespace sequent::cli
