#pragma once
// How fast calls of one circuit may leave this node: a token bucket whose rate adapts to refusals
// (429), and the waves in which parked calls are let go. Pure: time is passed in.
#include <cstdint>

#include "base/time.hpp"

namespace sequent::outages {

/// Places in time, one call after the other. No limit until an operator sets one or the provider
/// refuses; then the rate is what the provider took, less a tenth, and grows slowly again.
class RateLimit {
 public:
  /// When the next call may leave: `now`, or later. The place is taken.
  [[nodiscard]] Timestamp take(Timestamp now);
  /// When the next call could leave; takes no place.
  [[nodiscard]] Timestamp next(Timestamp now) const;
  /// How many calls could leave by `until`.
  [[nodiscard]] std::size_t room(Timestamp now, Timestamp until) const;
  void answered(Timestamp now, std::uint32_t count = 1);
  /// `retry_after_ms` 0 = the provider did not say.
  void refused(Timestamp now, DurationMs retry_after_ms);
  /// This node's share of an operator's limit; 0 = none.
  void set_most(double per_second) { most_ = per_second; }
  /// What another node learnt, or this one before it restarted. Own experience is better.
  void adopt(double per_second, Timestamp learnt_at, Timestamp now);

  /// 0 = no limit.
  [[nodiscard]] double per_second() const;
  [[nodiscard]] bool adapted() const { return rate_ > 0; }
  /// What the last refusals left, and when; 0 = none.
  [[nodiscard]] double learnt() const { return rate_; }
  [[nodiscard]] Timestamp learnt_at() const { return cut_at_; }

 private:
  [[nodiscard]] double place_at(Timestamp now) const;
  void count(Timestamp now);
  void grow(Timestamp now);

  double most_ = 0;   // operator's
  double rate_ = 0;   // learnt; 0 = none
  double place_ = 0;  // the time of the last place taken, with its fraction
  Timestamp second_ = 0;
  std::uint32_t answered_ = 0, answered_before_ = 0;  // in this second, and in the one before
  std::uint32_t refused_ = 0;
  Timestamp cut_at_ = 0, grown_at_ = 0, refused_at_ = 0;
};

/// Parked calls leave in waves, each twice the one before as long as nothing goes wrong.
class Ramp {
 public:
  /// units  `nodes`: how many let their calls go at once; each makes its part of a wave
  explicit Ramp(Timestamp now, std::size_t nodes = 1);
  /// How many may leave now, at a rate of at most `cap` per second (0 = the waves' own limit).
  [[nodiscard]] std::uint32_t due(Timestamp now, double cap);
  void sent(std::uint32_t count) { budget_ -= count; }
  /// A wave that met failures is not followed by a larger one, but by half of it.
  void failed() { failed_ = true; }
  [[nodiscard]] double per_second() const { return rate_; }

 private:
  double slowest_, rate_;
  double budget_ = 1;
  bool failed_ = false;
  Timestamp wave_at_, told_at_;
};

/// One node among those that share a limit.
struct Peers {
  std::size_t nodes = 1, rank = 0;  // 0 is the first
};
/// How many of `most` calls this node may have out at `now`. Where there are fewer places than nodes
/// they go round, so that nobody's calls wait for ever: a node that is about to lose its place starts
/// no more calls in the last seconds of its turn.
[[nodiscard]] std::size_t places_of(std::uint32_t most, const Peers& peers, Timestamp now);

}  // namespace sequent::outages
