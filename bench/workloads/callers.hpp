#pragma once
// Closed loops: each caller starts a run, waits for its end if it is asked to, and begins again.
#include <string>
#include <vector>

#include "bench/workloads/node.hpp"

namespace sequent::bench {

struct Load {
  std::string workflow = "five";  // of the namespace bench
  int runs = 0;
  int callers = 1;
  bool wait = true;  // for the end of each run
};

struct Measured {
  double seconds = 0, cpu = 0;
  double database_cpu = 0;  // s; 0: not known
  double stored_kb = 0,
         log_kb = 0;  // per run: what the store grew by; the database's log, 0: not known
  double commits_per_run = 0, statements_per_run = 0;
  int failed = 0;
  std::vector<double> latencies_ms;
};

/// Inputs are {"n": number of the run, from 0}. Shows its progress on standard error.
[[nodiscard]] Measured drive(Node& node, const Load& load);

/// One line: runs/s, steps/s, percentiles, processor time, commits.
void print(const char* name, const Load& load, int steps, Measured& measured);

}  // namespace sequent::bench
