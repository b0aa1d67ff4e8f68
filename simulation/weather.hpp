#pragma once
// How bad a simulated world is: chances in permille, drawn once for each seed.
#include "base/time.hpp"
#include "simulation/dice.hpp"

namespace sequent::simulation {

struct Weather {
  // The store, for each call.
  int commit_fails = 0;        // nothing was written
  int commit_answer_lost = 0;  // all was written, the node hears of a failure
  int commit_slow = 0;         // seconds instead of milliseconds
  int crash_before_commit = 0, crash_after_commit = 0;  // and the node with it
  int read_fails = 0, route_fails = 0, lease_fails = 0;
  // The network, for each request of an activity.
  int request_lost = 0, answer_lost = 0, late = 0, duplicated = 0;
  int busy = 0, refused = 0;  // definite: nothing was done
  int failure_saved = 0;      // the provider answers this key with its failure for ever
  int look_fails = 0;         // an activity that looks for its effect finds out nothing
  DurationMs latency_ms = 200;
  Timestamp down_until = 0;  // the provider answers nothing but 503 until then
  // Between nodes.
  int note_lost = 0, note_late = 0, note_doubled = 0;
};

[[nodiscard]] inline Weather draw_weather(Dice& dice) {
  Weather weather;
  // Each kind of fault is absent, rare or frequent, so that seeds differ in kind and not in degree.
  const auto level = [&dice](int rare, int frequent) {
    const auto face = dice.below(4);
    return face < 2 ? 0 : face == 2 ? rare : frequent;
  };
  weather.commit_fails = level(10, 80);
  weather.commit_answer_lost = level(10, 80);
  weather.commit_slow = level(5, 40);
  weather.crash_before_commit = level(3, 20);
  weather.crash_after_commit = level(3, 20);
  weather.read_fails = level(10, 60);
  weather.route_fails = level(20, 150);
  weather.lease_fails = level(20, 150);
  weather.request_lost = level(20, 120);
  weather.answer_lost = level(20, 120);
  weather.late = level(20, 120);
  weather.duplicated = level(20, 120);
  weather.busy = level(20, 120);
  weather.refused = level(10, 60);
  weather.failure_saved = level(20, 100);
  weather.look_fails = level(50, 300);
  weather.latency_ms = dice.chance(500) ? 50 : 3'000;
  return weather;
}

/// How far somebody sets a clock, there and back.
inline constexpr DurationMs longest_jump_ms = 300'000;

/// The rest of it, where several nodes share the store.
inline void draw_notes(Dice& dice, Weather& weather) {
  const auto level = [&dice](int rare, int frequent) {
    const auto face = dice.below(3);
    return face == 0 ? 0 : face == 1 ? rare : frequent;
  };
  weather.note_lost = level(50, 400);
  weather.note_late = level(50, 400);
  weather.note_doubled = level(50, 300);
}

}  // namespace sequent::simulation
