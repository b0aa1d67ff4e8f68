// Runs whose effects can be undone, and operators who cancel them at the worst moments: while a call
// is out, parked or given up, while the provider is out of order, while nodes die in the midst of it.
#include <algorithm>

#include "engine/machine/command.hpp"
#include "simulation/world.hpp"

namespace sequent::simulation {
namespace {

using machine::Phase;
using machine::Status;

constexpr DurationMs rough_time_ms = 600'000;
constexpr int most_looks = 40;
constexpr DurationMs longest_look_ms = 5'000;
constexpr DurationMs longest_patience_ms = 40'000;
constexpr DurationMs longest_prowl_ms = 4'000;
constexpr int most_ambushes = 4;

enum class Moment : std::uint8_t { any, call_out, parked, unsettled, waiting, child, failed, held };
constexpr std::size_t moments = 8;

bool any_frame(const machine::State& state, const auto& is_it) {
  return std::ranges::any_of(state.frames, [&](const auto& entry) { return is_it(entry.second); });
}

bool is_at(const machine::State& state, Moment moment) {
  const auto phase = [&](Phase wanted) {
    return any_frame(state, [&](const auto& frame) { return frame.phase == wanted; });
  };
  switch (moment) {
    case Moment::any:
      return true;
    case Moment::call_out:
      return phase(Phase::activity);
    case Moment::parked:
      return phase(Phase::parked);
    case Moment::unsettled:
      return std::ranges::any_of(state.keys,
                                 [](const auto& entry) { return !entry.second.undo.empty(); }) ||
             any_frame(state, [](const auto& frame) {
               const auto* activity = std::get_if<machine::ActivityState>(&frame.detail);
               return activity != nullptr && activity->unsettled;
             });
    case Moment::waiting:
      return phase(Phase::events) || phase(Phase::timer);
    case Moment::child:
      return phase(Phase::child);
    case Moment::failed:
      return state.status == Status::faulted;
    case Moment::held:
      return state.status == Status::suspended;
  }
  return false;
}

bool can_be_cancelled(const machine::State& state) {
  return state.status != Status::completed && state.status != Status::cancelled &&
         !state.cancelling;
}

}  // namespace

bool World::has_undoers(const definition::Program& program) {
  return std::ranges::any_of(program.nodes,
                             [](const auto& node) { return node.compensation.has_value(); });
}

void World::plan_cancellations() {
  const auto starts = dice_.between(1, options_.runs);
  for (std::int64_t i = 0; i < starts; ++i)
    scheduler_.post_at(world_domain, scheduler_.now() + dice_.between(0, rough_time_ms * 2 / 3),
                       [this] { clients_.start(dice_.pick(undoing_names_), random_input(dice_)); });
  const auto cancels = dice_.between(1, 2LL * options_.runs);
  for (std::int64_t i = 0; i < cancels; ++i) {
    const int moment = static_cast<int>(dice_.below(moments));
    scheduler_.post_at(world_domain, scheduler_.now() + dice_.between(0, rough_time_ms),
                       [this, moment] { lie_in_wait(moment, most_looks); });
  }
  ambushes_ = dice_.chance(300) ? 0 : static_cast<int>(dice_.between(1, most_ambushes));
  prowl();
}

// Cancels a run once one is found at that moment; after a while any run will do.
void World::lie_in_wait(int moment, int looks) {
  if (calm_since_ != 0) return;
  std::vector<InstanceId> found;
  const auto wanted = looks > 0 ? static_cast<Moment>(moment) : Moment::any;
  for (const auto& [id, run] : witness_.runs())
    if (has_undoers(*run.program) && can_be_cancelled(run.state) && is_at(run.state, wanted))
      found.push_back(id);
  if (!found.empty()) {
    const auto id = dice_.pick(found);
    if (options_.outages && dice_.chance(150)) break_provider(60'000);
    if (dice_.chance(40)) return clients_.act(Clients::Action::terminate, id);
    return insist(id);
  }
  if (looks > 0)
    scheduler_.post_at(world_domain, scheduler_.now() + dice_.between(1, longest_look_ms),
                       [this, moment, looks] { lie_in_wait(moment, looks - 1); });
}

// Who hears nothing asks again; who does so while the run is being undone is refused.
void World::insist(const InstanceId& id) {
  if (calm_since_ != 0) return;
  const auto& state = witness_.find(id)->state;
  if (!can_be_cancelled(state) && !dice_.chance(200)) return;
  clients_.act(Clients::Action::cancel, id);
  scheduler_.post_at(world_domain, scheduler_.now() + dice_.between(1, longest_patience_ms),
                     [this, id] { insist(id); });
}

// Nodes die and providers break down while something is being undone.
void World::prowl() {
  if (calm_since_ != 0 || ambushes_ == 0) return;
  const bool undoing = std::ranges::any_of(witness_.runs(), [](const auto& entry) {
    const auto& state = entry.second.state;
    return state.cancelling && state.status == Status::running;
  });
  if (undoing && dice_.chance(300)) {
    --ambushes_;
    if (options_.outages && dice_.chance(300)) {
      break_provider(90'000);
    } else if (auto* life = cluster_.any()) {
      life->doomed = true;
    }
  }
  scheduler_.post_at(world_domain, scheduler_.now() + dice_.between(1, longest_prowl_ms),
                     [this] { prowl(); });
}

// In calm what is left is cancelled here and there: with all that it has done.
void World::cancel_some() {
  for (const auto& [id, run] : witness_.runs())
    if (has_undoers(*run.program) && can_be_cancelled(run.state) && dice_.chance(300))
      clients_.act(Clients::Action::cancel, id);
}

// What the operator says became of a call is what the provider says.
Json World::truth_of(const Witnessed& run, const std::string& task) const {
  for (const auto& [id, frame] : run.state.frames) {
    if (run.program->node(frame.node).pointer != task) continue;
    const auto* activity = std::get_if<machine::ActivityState>(&frame.detail);
    if (activity != nullptr) return provider_.object_under(activity->key);
  }
  return Json{{"skipped", true}};
}

}  // namespace sequent::simulation
