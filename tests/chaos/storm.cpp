#include "tests/chaos/storm.hpp"

#include <cstdio>

namespace sequent::chaos {
namespace {

using Kind = Step::Kind;

constexpr DurationMs turn_ms = 20, mend_ms = 180'000, fail_over_patience_ms = 30'000;
constexpr DurationMs calm_ms = 8'000;  // before and after a death that is timed

class Storm {
 public:
  Storm(World& world, const std::vector<Step>& steps) : world_(world), steps_(steps) {}

  void turn() {
    world_.database().tend();
    while (next_ < steps_.size() && steps_[next_].at <= elapsed() && carry_out(steps_[next_]))
      ++next_;
    report_.who_ended = world_.who_ended();
  }
  [[nodiscard]] DurationMs elapsed() const { return monotonic_ms() - begun_; }

  // In the order in which a person would: the database, the network, the nodes.
  void mend() {
    world_.database().start_primary();
    for (std::size_t node = 0; node < node_count; ++node) {
      world_.part_node(node, false);
      world_.freeze_node(node, false);
      if (!world_.node_runs(node)) world_.start_node(node);
    }
    const auto end = monotonic_ms() + mend_ms;
    while (!world_.everything_serves() && monotonic_ms() < end) {
      world_.database().tend();
      pause_ms(10 * turn_ms);
    }
  }

  StormReport report() { return report_; }

 private:
  // False: not now, once more later.
  bool carry_out(const Step& step) {
    if (step.kind == Kind::fail_over) {
      if (!world_.database().can_fail_over()) return elapsed() > step.at + fail_over_patience_ms;
    }
    std::printf("  %6.1f s  %s\n", static_cast<double>(elapsed()) / 1'000, text_of(step).c_str());
    std::fflush(stdout);
    ++report_.counts[step.kind];
    act(step);
    return true;
  }

  void act(const Step& step) {
    switch (step.kind) {
      case Kind::kill_node:
        if (calm_around(step)) report_.deaths.push_back({world_.writer(step.node), wall_ms()});
        return world_.kill_node(step.node);
      case Kind::start_node:
        return world_.start_node(step.node);
      case Kind::freeze_node:
        return world_.freeze_node(step.node, true);
      case Kind::thaw_node:
        return world_.freeze_node(step.node, false);
      case Kind::cut_node:
        return world_.cut_node(step.node);
      case Kind::part_node:
        return world_.part_node(step.node, true);
      case Kind::heal_node:
        return world_.part_node(step.node, false);
      case Kind::kill_database:
        return world_.database().kill_primary();
      case Kind::start_database:
        return world_.database().start_primary();
      case Kind::fail_over:
        return world_.database().fail_over();
    }
  }

  // Its heirs and the database are well, or how long it takes says nothing.
  [[nodiscard]] bool calm_around(const Step& death) const {
    for (const auto& other : steps_)
      if (&other != &death && other.at > death.at - calm_ms && other.at < death.at + calm_ms &&
          !(other.node == death.node && other.kind == Kind::start_node))
        return false;
    return true;
  }

  World& world_;
  const std::vector<Step>& steps_;
  const DurationMs begun_ = monotonic_ms();
  std::size_t next_ = 0;
  StormReport report_;
};

}  // namespace

StormReport weather_the_storm(World& world, Load& load, const std::vector<Step>& steps,
                              DurationMs length) {
  Storm storm{world, steps};
  while (storm.elapsed() < length && storm.report().who_ended.empty()) {
    storm.turn();
    pause_ms(turn_ms);
  }
  load.close();
  storm.mend();
  return storm.report();
}

}  // namespace sequent::chaos
