#pragma once
// The process's environment as a port, so that what reads it can be told apart from what is set.
#include <functional>
#include <optional>
#include <string>

namespace sequent::cli {

/// The value of a variable; nothing when it is unset or empty.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

[[nodiscard]] Environment process_environment();

}  // namespace sequent::cli
