#include "engine/repair/waves.hpp"

#include <algorithm>
#include <limits>

namespace sequent::repair {
namespace {

// What has not come to an end by then (it waits for its provider, or sleeps) holds up nobody.
constexpr DurationMs patience_ms = 10'000;
constexpr DurationMs soon_ms = 2'000;
constexpr std::int64_t most_judged_at_once = 1'000;
constexpr std::int64_t least_outcomes = 5;  // fewer say nothing

}  // namespace

// The last tenth of a wave may be slow.
bool Waves::is_over(Timestamp now) const {
  if (!on_) return outcomes_ >= size_;
  if (begun_ < size_) return false;
  return settled_ * 10 >= begun_ * 9 || now - begun_at_ >= patience_ms;
}

std::optional<Waves::Stop> Waves::judge(Timestamp now, int stop_percent) {
  const bool over = is_over(now);
  const bool enough = outcomes_ >= std::max(first_wave, std::min(size_, most_judged_at_once) / 2) ||
                      (over && outcomes_ >= least_outcomes);
  if (stop_percent != 0 && enough && failed_ * 100 >= outcomes_ * stop_percent)
    return Stop{failed_, outcomes_};
  if (!over) return std::nullopt;
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 200;
  const bool known = settled_ * 2 >= begun_;  // else another one of this size: it is slow
  if (known) size_ = std::min(on_ ? most : most_judged_at_once, size_ * 2);
  begun_ = settled_ = outcomes_ = failed_ = 0;
  return std::nullopt;
}

std::int64_t Waves::room() const {
  return on_ ? size_ - begun_ : std::numeric_limits<std::int64_t>::max();
}

bool Waves::soon(Timestamp now) const {
  return on_ && begun_ == size_ && now - begun_at_ < soon_ms;
}

void Waves::begun(std::int64_t runs, Timestamp now) {
  begun_ += runs;
  begun_at_ = now;
}

void Waves::outcome(bool failed) {
  ++settled_;
  ++outcomes_;
  if (failed) ++failed_;
}

void Waves::left() {
  ++settled_;
}

}  // namespace sequent::repair
