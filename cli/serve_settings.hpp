#pragma once
// The configuration of `serve` and `doctor`: file, environment, options, the later over the earlier.
#include "cli/commands.hpp"
#include "cli/config.hpp"

namespace sequent::cli {

/// errors  those of load_config()
[[nodiscard]] Result<std::shared_ptr<Config>> serve_settings(const Session& session,
                                                             const ServeOptions& options);
/// errors  invalid_request: a store that this version does not speak to
[[nodiscard]] Result<void> check_store(const Config& config);

}  // namespace sequent::cli
