#pragma once
// One of the nodes that share a store.
#include <string>

#include "bench/workloads/workloads.hpp"

namespace sequent::bench {

/// Opens the store as `name` on `processor` alone, says "ready", waits for the file `go` in the folder,
/// does W1's runs and says "did N" (runs per second).
int share_the_store(Options options, const std::string& name, int processor);

}  // namespace sequent::bench
