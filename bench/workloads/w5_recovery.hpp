#pragma once
// The node that W5 kills.
#include <filesystem>
#include <string>

#include "bench/workloads/workloads.hpp"

namespace sequent::bench {

/// Opens or recovers the store, says "ready", starts `runs` runs, says "started", then
/// "completed N" whenever N has changed. Ends by itself only after a minute, with 1.
int serve_until_killed(const Options& options, const std::string& port, int runs);

}  // namespace sequent::bench
