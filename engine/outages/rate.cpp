#include "engine/outages/rate.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sequent::outages {
namespace {

constexpr double least_rate = 1, second_ms = 1'000;
constexpr double after_refusal = 0.9;
constexpr double growth = 1.05;             // each second without a refusal
constexpr DurationMs cut_again_ms = 1'000;  // answers to what left before the cut say nothing new
constexpr DurationMs forget_ms = 300'000;   // without a refusal
constexpr DurationMs longest_pause_ms = 60'000;
constexpr std::uint32_t refusals_to_cut = 2;  // one may be about a single object

constexpr double slowest_wave = 1, first_wave = 10, fastest_wave = 20'000;
constexpr DurationMs wave_ms = 2'000;
constexpr double burst_ms = 200;

// Of a place that goes round. The rest is for calls that are out and for clocks that differ.
constexpr DurationMs turn_ms = 20'000, starts_ms = 15'000;

}  // namespace

double RateLimit::per_second() const {
  if (rate_ <= 0) return most_;
  return most_ <= 0 ? rate_ : std::min(rate_, most_);
}

Timestamp RateLimit::take(Timestamp now) {
  grow(now);
  place_ = place_at(now);
  const double rate = per_second();
  const auto at = static_cast<double>(now);
  if (rate <= 0) return std::max(now, static_cast<Timestamp>(place_));
  // A little of what was not used lately may be caught up with.
  place_ = std::max(place_ + second_ms / rate, at - std::min(burst_ms, second_ms / rate));
  return std::max(now, static_cast<Timestamp>(place_));
}

Timestamp RateLimit::next(Timestamp now) const {
  const double rate = per_second();
  const double place = rate <= 0 ? place_at(now) : place_at(now) + second_ms / rate;
  return std::max(now, static_cast<Timestamp>(place));
}

std::size_t RateLimit::room(Timestamp now, Timestamp until) const {
  const double rate = per_second();
  if (rate <= 0) return next(now) <= until ? SIZE_MAX : 0;
  const double free_from = std::max(place_at(now), static_cast<double>(now) - second_ms / rate);
  const double places = (static_cast<double>(until) - free_from) * rate / second_ms;
  return places < 1 ? 0 : static_cast<std::size_t>(places);
}

// Farther off than any pause or place is only what a clock says that was set back since.
double RateLimit::place_at(Timestamp now) const {
  const double rate = per_second();
  const double farthest =
      static_cast<double>(now + longest_pause_ms) + (rate <= 0 ? 0 : 2 * second_ms / rate);
  return place_ > farthest ? static_cast<double>(now) : place_;
}

void RateLimit::count(Timestamp now) {
  const Timestamp second = now / 1'000;
  constexpr Timestamp late = 5;  // what is counted late belongs to the second that is counted
  if (second <= second_ && second_ - second < late) return;
  answered_before_ = second == second_ + 1 ? answered_ : 0;
  answered_ = 0;
  refused_ = 0;
  second_ = second;
}

void RateLimit::answered(Timestamp now, std::uint32_t calls) {
  count(now);
  answered_ += calls;
}

void RateLimit::refused(Timestamp now, DurationMs retry_after_ms) {
  count(now);
  ++refused_;
  refused_at_ = now;
  if (refused_ < refusals_to_cut && retry_after_ms == 0) return;
  if (retry_after_ms > 0 && refused_ >= refusals_to_cut) {
    const auto pause = std::min(retry_after_ms, longest_pause_ms);
    place_ = std::max(place_, static_cast<double>(now + pause));
  }
  if (cut_at_ != 0 && now - cut_at_ < cut_again_ms) return;
  cut_at_ = grown_at_ = now;
  const double took = std::max(answered_, answered_before_);
  const double base = rate_ > 0 ? std::min(rate_, std::max(took, rate_ / 2)) : took;
  rate_ = std::max(least_rate, base * after_refusal);
}

void RateLimit::grow(Timestamp now) {
  if (rate_ <= 0) return;
  grown_at_ = std::min(grown_at_, now);  // the clock may have been set back
  refused_at_ = std::min(refused_at_, now);
  if (now - refused_at_ >= forget_ms) {
    rate_ = 0;
    return;
  }
  while (now - grown_at_ >= static_cast<DurationMs>(second_ms) && rate_ < 1e6) {
    grown_at_ += static_cast<DurationMs>(second_ms);
    rate_ = std::max(rate_ * growth, rate_ + 1);
  }
}

void RateLimit::adopt(double per_second, Timestamp learnt_at, Timestamp now) {
  if (rate_ > 0 || per_second <= 0 || now - learnt_at >= forget_ms) return;
  rate_ = std::max(least_rate, per_second);
  cut_at_ = grown_at_ = refused_at_ = std::min(learnt_at, now);
}

Ramp::Ramp(Timestamp now, std::size_t nodes)
    : slowest_(slowest_wave / static_cast<double>(nodes)),
      rate_(first_wave / static_cast<double>(nodes)),
      wave_at_(now),
      told_at_(now) {
  SEQUENT_ASSERT(nodes > 0);
}

std::uint32_t Ramp::due(Timestamp now, double cap) {
  if (now < told_at_) wave_at_ = told_at_ = now;  // the clock was set back
  if (now - wave_at_ >= wave_ms) {
    rate_ = failed_ ? std::max(slowest_, rate_ / 2) : std::min(fastest_wave, rate_ * 2);
    failed_ = false;
    wave_at_ = now;
  }
  if (cap > 0) rate_ = std::min(rate_, std::max(slowest_, cap));
  budget_ += rate_ * static_cast<double>(now - told_at_) / second_ms;
  told_at_ = now;
  // What one tick could not send is not sent on top of the next ones.
  budget_ = std::min(budget_, std::max(1.0, rate_ * burst_ms / second_ms));
  return budget_ < 1 ? 0 : static_cast<std::uint32_t>(budget_);
}

std::size_t places_of(std::uint32_t most, const Peers& peers, Timestamp now) {
  SEQUENT_ASSERT(peers.nodes > 0);
  SEQUENT_ASSERT(peers.rank < peers.nodes);
  const std::size_t rest = most % peers.nodes;
  if (most >= peers.nodes) return most / peers.nodes + (peers.rank < rest ? 1 : 0);
  const auto turn = static_cast<std::size_t>(now / turn_ms);
  const auto has = [&](std::size_t at) { return (peers.rank + at) % peers.nodes < rest; };
  if (!has(turn)) return 0;
  return now % turn_ms < starts_ms || has(turn + 1) ? 1 : 0;
}

}  // namespace sequent::outages
