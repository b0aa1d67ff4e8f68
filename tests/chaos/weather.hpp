#pragma once
// What goes wrong, and when: decided by a seed before anything runs.
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace sequent::chaos {

struct Step {
  enum class Kind {
    kill_node,
    start_node,
    freeze_node,
    thaw_node,
    cut_node,   // its connections to the database are reset
    part_node,  // no packet passes between it and the database
    heal_node,
    kill_database,
    start_database,
    fail_over,
  };
  DurationMs at = 0;  // from the begin of the load
  Kind kind = Kind::cut_node;
  std::size_t node = 0;
};

/// What disturbs; the other kinds end what one of these began.
inline constexpr std::array disturbances{Step::Kind::kill_node,     Step::Kind::freeze_node,
                                         Step::Kind::cut_node,      Step::Kind::part_node,
                                         Step::Kind::kill_database, Step::Kind::fail_over};

[[nodiscard]] std::string text_of(const Step& step);
/// "kill -9 of a node"
[[nodiscard]] std::string name_of(Step::Kind kind);
[[nodiscard]] std::map<Step::Kind, int> counts_of(const std::vector<Step>& steps);

/// Everything at random, in order of time; at most two nodes are away at once. All that begins ends
/// within `length`.
[[nodiscard]] std::vector<Step> random_weather(std::uint64_t seed, DurationMs length);
/// PostgreSQL is killed every 5 to 40 seconds, for up to two seconds.
[[nodiscard]] std::vector<Step> database_weather(std::uint64_t seed, DurationMs length);
/// One node is killed, another one frozen for longer than its leases, and the database fails over to
/// its standby.
[[nodiscard]] std::vector<Step> story();
constexpr DurationMs story_ms = 50'000;

}  // namespace sequent::chaos
