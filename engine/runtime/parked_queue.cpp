#include "engine/runtime/parked_queue.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace sequent::runtime {

namespace {

constexpr std::size_t most_places = 512;
constexpr std::size_t most_since = 4'096;  // more, and the page is read again

}  // namespace

std::optional<ParkedPlace> ParkedQueue::take() {
  if (places_.empty()) return std::nullopt;
  const ParkedPlace place = places_.front();
  places_.pop_front();
  return place;
}

void ParkedQueue::begin_reading() {
  SEQUENT_ASSERT(!reading_);
  reading_ = true;
  outdated_ = false;
  since_.clear();
}

bool ParkedQueue::take_in(const std::vector<ParkedPlace>& page) {
  SEQUENT_ASSERT(reading_);
  reading_ = false;
  const auto since = std::exchange(since_, {});
  if (outdated_) return false;
  places_.assign(page.begin(), page.end());
  for (const auto& place : since) insert(place);
  return true;
}

void ParkedQueue::arrived(const ParkedPlace& place) {
  if (reading_ && since_.size() < most_since)
    since_.push_back(place);
  else if (reading_)
    outdated_ = true;
  insert(place);
}

// Behind the last, others may stand that were not read yet.
void ParkedQueue::insert(const ParkedPlace& place) {
  if (places_.empty() || place > places_.back()) return;
  const auto next = std::ranges::lower_bound(places_, place);
  if (*next == place) return;
  places_.insert(next, place);
  if (places_.size() > most_places) places_.pop_back();
}

void ParkedQueue::forget() {
  places_.clear();
  outdated_ = reading_;
}

}  // namespace sequent::runtime
