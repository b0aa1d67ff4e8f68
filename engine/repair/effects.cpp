#include "engine/repair/effects.hpp"

#include <algorithm>

namespace sequent::repair {

using machine::FrameId;

Effects::Effects(const definition::Program& program, definition::NodeIndex target)
    : program_(program), target_(target) {}

void Effects::hear(std::span<const machine::Record> records) {
  for (const auto& record : records) hear(record);
}

void Effects::begin(FrameId frame, FrameId parent, definition::NodeIndex node) {
  frames_[frame] = Place{parent, node};
  if (node != target_) return;
  block_ = parent;
  effects_.clear();  // what came before it stays as it is
}

bool Effects::repeats(FrameId frame) const {
  if (block_ == 0) return false;
  for (auto at = frames_.find(frame); at != frames_.end(); at = frames_.find(at->second.parent)) {
    if (at->second.parent == block_) return true;
    if (at->second.parent == at->first) return false;
  }
  return false;
}

void Effects::add(FrameId frame, std::string what) {
  const auto place = frames_.find(frame);
  if (place == frames_.end() || !repeats(frame)) return;
  const auto& task = program_.node(place->second.node).pointer;
  for (Effect& effect : effects_)
    if (effect.task == task && effect.what == what) {
      ++effect.times;
      return;
    }
  effects_.push_back({task, std::move(what), 1});
}

// Nobody goes back to before the move: what came before is numbered by another version.
void Effects::move(const machine::Migrated& moved) {
  block_ = 0;
  effects_.clear();
  std::erase_if(frames_,
                [&](const auto& entry) { return !moved.nodes.contains(entry.second.node); });
  for (auto& [frame, place] : frames_) place.node = moved.nodes.at(place.node);
}

void Effects::hear(const machine::Record& record) {
  if (const auto* moved = std::get_if<machine::Migrated>(&record.body)) {
    move(*moved);
  } else if (const auto* started = std::get_if<machine::TaskStarted>(&record.body)) {
    begin(started->frame, started->parent, started->node);
  } else if (const auto* scheduled = std::get_if<machine::ActivityScheduled>(&record.body)) {
    const auto place = frames_.find(scheduled->frame);
    if (place == frames_.end() || !repeats(scheduled->frame)) return;
    const auto* call = std::get_if<definition::CallTask>(&program_.node(place->second.node).body);
    if (call != nullptr && !call->activity.idempotent)
      add(scheduled->frame, "calls " + call->activity.name);
  } else if (const auto* emitted = std::get_if<machine::EventEmitted>(&record.body)) {
    add(emitted->frame,
        "emits " + (emitted->event ? text_of(*emitted->event, "type", "an event") : "an event"));
  } else if (const auto* child = std::get_if<machine::ChildStarted>(&record.body)) {
    add(child->frame,
        "starts " + child->child.workflow.workflow_namespace + "/" + child->child.workflow.name);
  }
}

}  // namespace sequent::repair
