#include "tests/chaos/storm.hpp"

#include <cstdio>
#include <utility>

namespace sequent::chaos {
namespace {

using Kind = Step::Kind;

constexpr DurationMs turn_ms = 20, mend_ms = 180'000;
// A new standby is a copy of everything, and must have caught up; a crashed server reads its log.
constexpr DurationMs late_most_ms = 150'000;
constexpr DurationMs calm_ms = 8'000;  // before and after a death that is timed

std::string seconds_of(DurationMs ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%6.1f s", static_cast<double>(ms) / 1'000);
  return text;
}

class Storm {
 public:
  Storm(World& world, Load& load, const std::vector<Step>& steps, DurationMs length,
        bool watch_zombie)
      : world_(world), load_(load), steps_(steps), length_(length), watch_zombie_(watch_zombie) {}

  void turn() {
    world_.database().tend();
    while (report_.failure.empty() && next_ < steps_.size() && late() >= 0 && can(steps_[next_])) {
      put_off_ += std::exchange(waited_, false) ? late() : 0;
      carry_out(steps_[next_++]);
    }
    if (const auto who = world_.who_ended(); !who.empty()) report_.failure = who;
  }
  // Visits that are spread over the weather may lag behind it a little.
  [[nodiscard]] bool over() {
    if (report_.failure.empty() && elapsed() > length_ + put_off_ + late_most_ms)
      report_.failure = "of " + std::to_string(load_.plan().most_visits) +
                        " visits not all had begun " + seconds_of(late_most_ms) +
                        " after the weather";
    if (!report_.failure.empty()) return true;
    return next_ == steps_.size() && load_.all_begun() && elapsed() >= length_ + put_off_;
  }

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
  [[nodiscard]] DurationMs elapsed() const { return monotonic_ms() - begun_; }
  [[nodiscard]] DurationMs late() const { return elapsed() - steps_[next_].at - put_off_; }

  // Whether it would have its effect now. Later, when it is too late for that, the storm has failed:
  // weather that did not happen proves nothing.
  bool can(const Step& step) {
    auto& database = world_.database();
    if (step.kind == Kind::fail_over && !database.can_fail_over())
      return wait_for("the standby to be level with the primary");
    if (step.kind == Kind::kill_database && !database.primary_serves())
      return wait_for("the database to serve");
    return true;
  }

  bool wait_for(const std::string& what) {
    waited_ = true;
    if (late() > late_most_ms)
      report_.failure = "the weather could not be carried out: \"" + text_of(steps_[next_]) +
                        "\", planned at " + seconds_of(steps_[next_].at) + ", waited " +
                        seconds_of(late()) + " for " + what;
    return false;
  }

  void carry_out(const Step& step) {
    std::printf("  %s  %s\n", seconds_of(elapsed()).c_str(), text_of(step).c_str());
    std::fflush(stdout);
    ++report_.carried_out[step.kind];
    act(step);
  }

  void act(const Step& step) {
    switch (step.kind) {
      case Kind::kill_node:
        if (calm_around(step)) report_.deaths.push_back({world_.writer(step.node), wall_ms()});
        return world_.kill_node(step.node);
      case Kind::start_node:
        return world_.start_node(step.node);
      case Kind::freeze_node:
        if (!watch_zombie_) return world_.freeze_node(step.node, true);
        return zombie_.emplace(world_, load_, step.node).freeze();
      case Kind::thaw_node:
        if (!zombie_) return world_.freeze_node(step.node, false);
        zombie_->thaw();
        report_.zombie = zombie_->report();
        return zombie_.reset();
      case Kind::cut_node:
        return world_.cut_node(step.node);
      case Kind::part_node:
        return world_.part_node(step.node, true);
      case Kind::heal_node:
        return world_.part_node(step.node, false);
      case Kind::kill_database:
        report_.visits_under_way.push_back(load_.under_way());
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
  Load& load_;
  const std::vector<Step>& steps_;
  const DurationMs length_, begun_ = monotonic_ms();
  const bool watch_zombie_;
  std::optional<Zombie> zombie_;
  DurationMs put_off_ = 0;
  bool waited_ = false;  // the next step has
  std::size_t next_ = 0;
  StormReport report_;
};

}  // namespace

StormReport weather_the_storm(World& world, Load& load, const std::vector<Step>& steps,
                              DurationMs length, bool watch_zombie) {
  Storm storm{world, load, steps, length, watch_zombie};
  while (!storm.over()) {
    storm.turn();
    pause_ms(turn_ms);
  }
  load.close();
  storm.mend();
  return storm.report();
}

}  // namespace sequent::chaos
