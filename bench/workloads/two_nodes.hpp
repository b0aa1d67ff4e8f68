#pragma once
// One of the nodes that share a store.
#include <string>

#include "bench/workloads/workloads.hpp"

namespace sequent::bench {

struct Share {
  std::string name;      // of the node
  int processor = 0;     // its only one
  std::string workflow;  // "five" or "priced"
};

/// Opens the store, says "ready", waits for the file `go` in the folder, does its runs and says
/// "did RUNS_PER_SECOND PROCESSORS_BUSY".
int share_the_store(Options options, const Share& share);

}  // namespace sequent::bench
