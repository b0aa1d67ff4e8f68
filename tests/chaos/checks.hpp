#pragma once
// What must hold when all is calm again, looked at from outside.
#include "tests/chaos/storm.hpp"

namespace sequent::chaos {

class Summary {
 public:
  /// A line of the summary; all are looked at before the test fails.
  void expect(const std::string& what, std::int64_t actual, std::int64_t expected);
  void expect_at_least(const std::string& what, std::int64_t actual, std::int64_t least);
  void tell(const std::string& what, const std::string& value);
  [[nodiscard]] const std::vector<std::string>& wrong() const { return wrong_; }

 private:
  std::vector<std::string> wrong_;
};

/// Until every run has ended; false after `ms`.
[[nodiscard]] bool await_the_end(World& world, DurationMs ms);

void check_callers(World& world, const Load& load, Summary& summary);
/// Of visits that are signals only: each is a run, two events and a timer. And that each kill of the
/// database met some of them, as often as `length` has room for.
void check_amounts(World& world, const Load& load, const StormReport& storm, DurationMs length,
                   Summary& summary);
/// The node that stood still past its leases while calls of its were under way.
void check_zombie(const StormReport& storm, Summary& summary);
/// units  `least_repeated`: requests that must have come again with their key
void check_providers(World& world, Summary& summary, std::int64_t least_repeated = 0);
/// What the weather planned has happened, each step of it.
void check_weather(const std::vector<Step>& planned, const StormReport& storm, Summary& summary);
/// The epochs of each partition, and who wrote under them: `owners` at least of some partition.
void check_writers(World& world, int owners, Summary& summary);
/// How long runs stood still when their node died.
/// longest_allowed  none: deaths need not have been, and the time is only told
void check_take_overs(World& world, const StormReport& storm,
                      std::optional<DurationMs> longest_allowed, Summary& summary);
void check_journals(World& world, Summary& summary);

}  // namespace sequent::chaos
