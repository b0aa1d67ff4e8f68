#include "engine/machine/kept_children.hpp"

#include "engine/machine/frames.hpp"

namespace sequent::machine {
namespace {

/// Of a frame that runs a child: calls `f` with each list of the tries around it.
template <class F>
void in_tries_around(State& state, const Frame& frame, F f) {
  const auto* child = std::get_if<ChildState>(&frame.detail);
  if (child == nullptr) return;
  for (auto id = frame.parent; id != 0; id = state.frames.at(id).parent)
    if (auto* attempt = std::get_if<TryState>(&state.frames.at(id).detail))
      f(attempt->children, child->id);
}

}  // namespace

void keep_children(State& state, const ErrorCaught& caught) {
  auto& children = std::get<TryState>(frame_of(state, caught.frame).detail).children;
  for (auto& [id, frame] : state.frames)
    if (auto* inner = std::get_if<TryState>(&frame.detail);
        inner != nullptr && id != caught.frame && is_within(state, id, caught.frame))
      for (const auto& [place, kept] : inner->children) children.insert_or_assign(place, kept);
  // What runs is cancelled with this attempt, and another takes its place.
  for (const auto& [id, frame] : state.frames)
    if (const auto* child = std::get_if<ChildState>(&frame.detail);
        child != nullptr && is_within(state, id, caught.frame))
      std::erase_if(children, [child](const auto& kept) { return kept.second.id == child->id; });
  if (!caught.child_place.empty()) children[caught.child_place] = {.id = caught.child};
}

void child_begins(State& state, const Frame& frame) {
  in_tries_around(state, frame, [](auto& children, const InstanceId& child) {
    for (auto& [place, kept] : children)
      if (kept.id == child) kept.again = false;
  });
}

void child_is_done(State& state, const Frame& frame) {
  in_tries_around(state, frame, [](auto& children, const InstanceId& child) {
    std::erase_if(children, [&](const auto& kept) { return kept.second.id == child; });
  });
}

void hand_up_children(State& state, const Frame& task) {
  const auto* own = std::get_if<TryState>(&task.detail);
  if (own == nullptr || own->children.empty()) return;
  for (auto id = task.parent; id != 0; id = state.frames.at(id).parent)
    if (auto* outer = std::get_if<TryState>(&state.frames.at(id).detail)) {
      for (const auto& [place, kept] : own->children) outer->children.insert_or_assign(place, kept);
      return;
    }
}

void skip_children(State& state, FrameId task) {
  for (const auto& [id, frame] : state.frames)
    if (is_within(state, id, task)) child_is_done(state, frame);
  auto* skipped = std::get_if<TryState>(&frame_of(state, task).detail);
  if (skipped == nullptr) return;
  for (auto id = frame_of(state, task).parent; id != 0; id = state.frames.at(id).parent)
    if (auto* outer = std::get_if<TryState>(&state.frames.at(id).detail))
      for (const auto& [place, kept] : skipped->children) outer->children.erase(place);
}

const KeptChild* kept_child(const State& state, const Frame& frame, const std::string& place) {
  for (auto id = frame.parent; id != 0; id = state.frames.at(id).parent)
    if (const auto* attempt = std::get_if<TryState>(&state.frames.at(id).detail))
      if (const auto known = attempt->children.find(place); known != attempt->children.end())
        return &known->second;
  return nullptr;
}

}  // namespace sequent::machine
