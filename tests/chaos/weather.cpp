#include "tests/chaos/weather.hpp"

#include <algorithm>
#include <array>

#include "tests/chaos/random.hpp"
#include "tests/chaos/world.hpp"

namespace sequent::chaos {
namespace {

using Kind = Step::Kind;

constexpr DurationMs quiet_begin_ms = 4'000;
constexpr DurationMs quiet_end_ms = 5'000;  // of kills of the database, which are to meet work
constexpr DurationMs between_fail_overs_ms = 25'000;  // the next standby has to be made

class Forecast {
 public:
  Forecast(std::uint64_t seed, DurationMs length) : random_(seed), length_(length) {}

  std::vector<Step> everything() {
    DurationMs at = quiet_begin_ms;
    while (at < length_) {
      add_one(at);
      at += random_.between(1'500, 6'000);
    }
    return sorted();
  }

  std::vector<Step> database() {
    for (DurationMs at = random_.between(5'000, 20'000); at < length_ - quiet_end_ms;) {
      const auto away = random_.between(100, 2'000);
      add({at, Kind::kill_database}, {at + away, Kind::start_database});
      at += away + random_.between(5'000, 40'000);
    }
    return sorted();
  }

 private:
  void add(const Step& begin, Step end) {
    end.at = std::min(end.at, length_);
    steps_.push_back(begin);
    steps_.push_back(end);
  }

  // One that is there: at most two are away.
  [[nodiscard]] std::size_t present_node(DurationMs at, std::size_t first) const {
    std::size_t node = first;
    while (away_until_[node] > at && (node + 1) % node_count != first)
      node = (node + 1) % node_count;
    return node;
  }

  // The node that has been back for the longest, if there is one for this.
  void disturb_node(DurationMs at, Kind begin, Kind end, DurationMs away) {
    const auto busy = std::ranges::count_if(away_until_, [&](auto until) { return until > at; });
    const auto first = std::ranges::min_element(away_until_);
    if (busy >= 2 || *first > at) return;
    const auto node = static_cast<std::size_t>(first - away_until_.begin());
    *first = at + away + random_.between(0, 3'000);
    add({at, begin, node}, {at + away, end, node});
  }

  void add_one(DurationMs at) {
    const auto pick = random_.between(0, 99);
    if (pick < 25) {
      disturb_node(at, Kind::kill_node, Kind::start_node, random_.between(200, 9'000));
    } else if (pick < 40) {
      disturb_node(at, Kind::freeze_node, Kind::thaw_node, random_.between(6'000, 12'000));
    } else if (pick < 55) {
      disturb_node(at, Kind::part_node, Kind::heal_node, random_.between(300, 9'000));
    } else if (pick < 75) {
      const auto first = static_cast<std::size_t>(random_.between(0, node_count - 1));
      steps_.push_back({at, Kind::cut_node, present_node(at, first)});
    } else if (at < database_until_) {
      return;
    } else if (pick < 90) {
      const auto away = random_.between(100, 2'000);
      database_until_ = at + away + 3'000;
      add({at, Kind::kill_database}, {at + away, Kind::start_database});
    } else if (at > next_fail_over_) {
      next_fail_over_ = at + between_fail_overs_ms;
      database_until_ = at + 8'000;
      steps_.push_back({at, Kind::fail_over});
    }
  }

  std::vector<Step> sorted() {
    std::ranges::stable_sort(steps_, {}, &Step::at);
    return std::move(steps_);
  }

  Random random_;
  const DurationMs length_;
  std::vector<Step> steps_;
  std::array<DurationMs, node_count> away_until_{};
  DurationMs database_until_ = 0, next_fail_over_ = 0;
};

}  // namespace

std::string text_of(const Step& step) {
  const auto node = "node " + std::to_string(step.node + 1);
  switch (step.kind) {
    case Kind::kill_node:
      return "kill -9 " + node;
    case Kind::start_node:
      return "start " + node;
    case Kind::freeze_node:
      return "SIGSTOP " + node;
    case Kind::thaw_node:
      return "SIGCONT " + node;
    case Kind::cut_node:
      return "reset the connections of " + node;
    case Kind::part_node:
      return "lose all packets of " + node;
    case Kind::heal_node:
      return "let packets of " + node + " pass";
    case Kind::kill_database:
      return "kill -9 PostgreSQL";
    case Kind::start_database:
      return "start PostgreSQL";
    case Kind::fail_over:
      return "kill -9 the primary, promote the standby";
  }
  return "?";
}

std::string name_of(Step::Kind kind) {
  switch (kind) {
    case Kind::kill_node:
      return "kill -9 of a node";
    case Kind::start_node:
      return "start of a node";
    case Kind::freeze_node:
      return "SIGSTOP of a node";
    case Kind::thaw_node:
      return "SIGCONT of a node";
    case Kind::cut_node:
      return "reset of a node's connections";
    case Kind::part_node:
      return "partition of the network";
    case Kind::heal_node:
      return "end of a partition of the network";
    case Kind::kill_database:
      return "kill -9 of PostgreSQL";
    case Kind::start_database:
      return "start of PostgreSQL";
    case Kind::fail_over:
      return "fail-over";
  }
  return "?";
}

std::map<Kind, int> counts_of(const std::vector<Step>& steps) {
  std::map<Kind, int> counts;
  for (const auto& step : steps) ++counts[step.kind];
  return counts;
}

std::vector<Step> random_weather(std::uint64_t seed, DurationMs length) {
  return Forecast{seed, length}.everything();
}

std::vector<Step> database_weather(std::uint64_t seed, DurationMs length) {
  return Forecast{seed, length}.database();
}

std::vector<Step> story() {
  return {{6'000, Kind::kill_node, 0},
          {16'000, Kind::start_node, 0},
          {20'000, Kind::freeze_node, 1},
          {32'000, Kind::thaw_node, 1},
          {38'000, Kind::fail_over, 0}};
}

}  // namespace sequent::chaos
