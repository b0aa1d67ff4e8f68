#pragma once
// Moments as people write them on a command line.
#include <string>

#include "base/error.hpp"
#include "base/time.hpp"

namespace sequent::cli {

/// So long before `now`: "90s", "15m", "1h", "2d", "1w", an ISO 8601 duration; or an RFC 3339 time.
/// errors  invalid_request, naming `option`
[[nodiscard]] Result<Timestamp> moment_of(const std::string& option, const std::string& text,
                                          Timestamp now);

}  // namespace sequent::cli
