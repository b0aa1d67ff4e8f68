#include "tests/chaos/load.hpp"

#include "tests/chaos/customer.hpp"

namespace sequent::chaos {

Load::Load(World& world, LoadPlan plan) : world_(world), plan_(plan) {}

Load::~Load() {
  closed_ = true;
  deadline_ = 0;
  join();
}

void Load::begin() {
  active_ = plan_.customers + 1;
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
  --active_;
}

void Load::live(int number) {
  Customer customer{*this, plan_.seed * 1'000 + static_cast<std::uint64_t>(number) + 1};
  while (!closed_) {
    const int visit = next_++;
    if (visit >= plan_.most_visits) break;
    customer.visit(visit + 1);
    ++visits_;
  }
  --active_;
}

void Load::remember(const Request& request, const std::string& run) {
  const std::lock_guard lock{mutex_};
  if (!run.empty()) heard_[request.workflow + " " + request.key].insert(run);
  keys_[request.workflow].insert(request.key);
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
