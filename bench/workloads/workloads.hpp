#pragma once
// The six workloads of the yardstick, two nodes, a batch and a soak. Each runs in a process of its
// own, in an empty folder, and prints its figures on standard output; a failed run is a line on
// standard error and exit code 1.
#include <filesystem>
#include <optional>
#include <string>

namespace sequent::bench {

struct Options {
  std::filesystem::path folder = ".";
  std::string store;                          // postgresql://…; "" = SQLite in `folder`
  std::string node = "node-1";                // its name in leases
  int runs = 20'000;                          // of W1; W2 to W4 take their share of it
  int sleepers = 20'000;                      // of W6
  int crashed = 2'000;                        // of W5
  int idle_seconds = 10;                      // of W6
  int faulted = 100'000;                      // of batch
  int soak_seconds = 900, keep_seconds = 30;  // of soak; how long it keeps ended runs
};

[[nodiscard]] bool w1_throughput(const Options& options);
/// The runs/s of W1 in the store of `options`, printed as `name`; nothing when a run failed.
[[nodiscard]] std::optional<double> w1_rate(const Options& options, const char* name);
[[nodiscard]] bool w2_one_at_a_time(const Options& options);
[[nodiscard]] bool w3_sixty_four_callers(const Options& options);
[[nodiscard]] bool w4_http_steps(const Options& options);
[[nodiscard]] bool w5_recovery(const Options& options);
[[nodiscard]] bool w6_sleepers(const Options& options);
[[nodiscard]] bool two_nodes(const Options& options);
[[nodiscard]] bool batch(const Options& options);
[[nodiscard]] bool soak(const Options& options);

}  // namespace sequent::bench
