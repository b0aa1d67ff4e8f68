#pragma once
// What can be seen from outside at the end of a trial, in a form that two trials can share.
#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "crashtest/player.hpp"

namespace sequent::crashtest {

/// TrialResult::observation, with volatile ids, keys and times replaced by names that stand for what
/// they are: "<customer 1>", "<run>", "<time>".
/// errors  the engine's, when it refuses to tell
[[nodiscard]] Result<Json> observe(Player& player);

/// The parts of an observation, for who sees the world over HTTP.
/// `run` as the API gives it, without what differs from life to life.
[[nodiscard]] Json observed_run(const Json& run);
/// `state` and `calls`: what GET /_sandbox/state and /_sandbox/calls answer.
[[nodiscard]] Json observed_provider(Json state, const Json& calls);
/// TrialResult::observation made of its parts; every run has its `id`.
[[nodiscard]] Json observation_of(Json answers, Json runs, Json records, Json providers);

/// What the journals of all runs say was completed.
/// errors  the engine's, when it refuses to tell
[[nodiscard]] Result<std::set<CompletedTask>> completed_tasks(Player& player, Programs& programs);

/// Pointers to what differs between two undisturbed trials that were given different ids by the
/// providers: random texts inside the providers' objects.
/// errors  conflict: something else differs, so the workflow depends on chance
[[nodiscard]] Result<std::set<std::string>> random_places(const Json& one, const Json& other);

struct Change {
  std::string pointer;      // into the observation
  Json expected, observed;  // null when absent there
};
/// Every place where the two differ, at most `most`, besides texts at the places in `random`.
[[nodiscard]] std::vector<Change> differences(const Json& expected, const Json& observed,
                                              const std::set<std::string>& random,
                                              std::size_t most);

}  // namespace sequent::crashtest
