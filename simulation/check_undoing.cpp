// What must hold of cancelled runs once calm has lasted long enough: what the provider has of them is
// undone, once, the last first; and nothing of any other run is.
#include <algorithm>

#include "simulation/world.hpp"

namespace sequent::simulation {
namespace {

bool undid_itself(const Witnessed& run) {
  return run.state.status == machine::Status::cancelled && !run.state.terminated;
}

std::string list_of(const std::vector<std::string>& objects) {
  std::string text;
  for (const auto& object : objects) text += (text.empty() ? "" : ", ") + object;
  return text.empty() ? "nothing" : text;
}

}  // namespace

void World::check_undoing() {
  for (const auto& [id, run] : witness_.runs()) {
    if (!run.spoken) continue;
    mended_by_hand_.insert(id);
    if (run.state.has_parent()) mended_by_hand_.insert(run.state.parent);
  }
  std::map<std::string, int> undone, expected;
  for (const auto& undoing : provider_.undone()) {
    ++undone[undoing.object];
    const auto* by = witness_.find(undoing.by);
    const bool spoken = by != nullptr && (by->spoken || mended_by_hand_.contains(by->state.parent));
    if (!provider_.undoable().contains(undoing.object) && !spoken)
      notebook_.breach("what is undone was done", "\"" + undoing.object + "\" is no such effect");
  }
  for (const auto& [id, run] : witness_.runs()) {
    if (run.state.cancelling && !machine::is_ended(run.state.status)) continue;  // I8 says so
    if (run.state.cancelling && run.state.status == machine::Status::faulted)
      notebook_.breach("what is undone can be mended until it is",
                       id.text().substr(9) + ": " + run.state.error->detail);
    if (!undid_itself(run)) continue;
    check_order_of_undoing(id, run);
    for (const auto& [occurrence, object] : run.done) ++expected[object];
  }
  for (const auto& [object, run_id] : provider_.undoable()) {
    const auto id = InstanceId::parse(run_id);
    const auto* run = id ? witness_.find(*id) : nullptr;
    if (run == nullptr || mended_by_hand_.contains(*id)) continue;
    const int count = undone[object];
    const auto what = object + " of " + run_id.substr(9) + ", which is " +
                      std::string(machine::name_of(run->state.status)) + ", was undone " +
                      std::to_string(count) + " times";
    if (run->state.terminated) {
      if (count > 1) notebook_.breach("an effect is undone once", what);
    } else if (undid_itself(*run)) {
      if (count != 1) notebook_.breach("every effect of a cancelled run is undone once", what);
    } else if (count != expected[object]) {
      notebook_.breach("only a cancellation undoes", what);
    }
  }
}

// The witness knows the order in which tasks were completed, the provider that in which they were
// undone.
void World::check_order_of_undoing(const InstanceId& id, const Witnessed& run) {
  if (mended_by_hand_.contains(id)) return;
  std::set<std::string> own;
  std::vector<std::string> wanted, seen;
  for (const auto& [occurrence, object] : run.done) {
    own.insert(object);
    wanted.insert(wanted.begin(), object);
  }
  for (const auto& undoing : provider_.undone())
    if (own.contains(undoing.object)) seen.push_back(undoing.object);
  if (seen != wanted)
    notebook_.breach("what was done last is undone first",
                     id.text().substr(9) + " of " + run.program->ref.name + " wants " +
                         list_of(wanted) + " and undid " + list_of(seen));
}

}  // namespace sequent::simulation
