#pragma once
// How many runs of a batch may be begun: first a few, then, as it becomes known what came of them,
// twice as many each time; and none any more when too many of them failed again. Pure: time is passed
// in. Kept in memory only: who takes a batch over begins with a small wave again.
#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace sequent::repair {

class Waves {
 public:
  /// `on` false = there is room for all, but it stops all the same.
  explicit Waves(bool on) : on_(on) {}

  struct Stop {
    std::int64_t failed = 0, outcomes = 0;
  };
  /// Looks at what has become of the wave: too much of it has failed, or it is followed by the next one.
  /// units  stop_percent  of the outcomes; 0 = it never stops
  [[nodiscard]] std::optional<Stop> judge(Timestamp now, int stop_percent);
  /// How many runs more may be begun.
  [[nodiscard]] std::int64_t room() const;
  /// Whether the next wave may begin within a moment.
  [[nodiscard]] bool soon(Timestamp now) const;

  void begun(std::int64_t runs, Timestamp now);
  void outcome(bool failed);  // a run that was acted on: its task is over, or stands still again
  void left();                // it refused, or had moved: that says nothing about the action
  [[nodiscard]] std::int64_t size() const { return size_; }

 private:
  [[nodiscard]] bool is_over(Timestamp now) const;

  bool on_;
  std::int64_t size_ = first_wave;
  std::int64_t begun_ = 0, settled_ = 0, outcomes_ = 0, failed_ = 0;
  Timestamp begun_at_ = 0;

  static constexpr std::int64_t first_wave = 10;
};

}  // namespace sequent::repair
