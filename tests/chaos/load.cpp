#include "tests/chaos/load.hpp"

#include <algorithm>

#include "tests/chaos/customer.hpp"

namespace sequent::chaos {
namespace {

constexpr DurationMs turn_look_ms = 100;

}  // namespace

Load::Load(World& world, LoadPlan plan) : world_(world), plan_(plan) {}

Load::~Load() {
  closed_ = true;
  deadline_ = 0;
  join();
}

void Load::begin() {
  begin_ms_ = monotonic_ms();
  threads_.emplace_back([this] { tick(); });
  for (int i = 0; i < plan_.customers; ++i) threads_.emplace_back([this, i] { live(i); });
}

void Load::join() {
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

// All of them at the beginning, spread over the nodes and so over the partitions.
void Load::tick() {
  Customer customer{*this, plan_.seed};
  for (int i = 0; i < plan_.tickers && monotonic_ms() < deadline_; ++i) customer.start_ticker(i);
}

void Load::live(int number) {
  Customer customer{*this, plan_.seed * 1'000 + static_cast<std::uint64_t>(number) + 1};
  while (!closed_) {
    const int visit = next_++;
    if (visit >= plan_.most_visits || !await_turn(visit)) break;
    ++begun_;
    customer.visit(visit + 1);
    ++visits_;
  }
}

// False: it was closed before.
bool Load::await_turn(int visit) {
  const auto at = begin_ms_ + plan_.spread_ms * visit / plan_.most_visits;
  while (!closed_ && monotonic_ms() < at)
    pause_ms(std::clamp(at - monotonic_ms(), DurationMs{1}, turn_look_ms));
  return !closed_;
}

void Load::remember(const std::string& workflow, const std::string& key, const std::string& run) {
  const std::lock_guard lock{mutex_};
  if (!run.empty()) heard_[workflow + " " + key].insert(run);
  keys_[workflow].insert(key);
}

void Load::complain(const std::string& what) {
  const std::lock_guard lock{mutex_};
  wrong_.push_back(what);
}

std::map<std::string, std::set<std::string>> Load::heard() const {
  const std::lock_guard lock{mutex_};
  return heard_;
}

std::map<std::string, int> Load::expected_runs() const {
  const std::lock_guard lock{mutex_};
  std::map<std::string, int> counts;
  for (const auto& [workflow, keys] : keys_) counts[workflow] = static_cast<int>(keys.size());
  return counts;
}

std::vector<std::string> Load::wrong() const {
  const std::lock_guard lock{mutex_};
  return wrong_;
}

Load::Figures Load::figures() const {
  const std::lock_guard lock{mutex_};
  return figures_;
}

}  // namespace sequent::chaos
