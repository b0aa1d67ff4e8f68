#include "engine/diagram/draw_run.hpp"

#include "engine/diagram/draw_definition.hpp"
#include "engine/machine/state.hpp"

namespace sequent::diagram {

using namespace machine;

namespace {

std::string because(const std::string& by, const std::string& reason) {
  return (by.empty() ? "" : " by " + by) + (reason.empty() ? "" : ": " + reason);
}

}  // namespace

RunArtist::RunArtist(const definition::Program& program, Find find)
    : last_{program}, program_{&program}, find_{std::move(find)} {
  picture_.participants = program.participants;
  owner_ = owner_of(program);
}

void RunArtist::add(const Record& record) {
  now_ = record.at;
  std::visit([this](const auto& body) { draw(body); }, record.body);
}

Picture RunArtist::take() {
  complete_participants(picture_);
  return std::move(picture_);
}

void RunArtist::note(std::string text) {
  picture_.lines.emplace_back(Note{owner_, std::move(text)});
}

const definition::Node& RunArtist::node_of(FrameId frame) const {
  const auto found = tasks_.find(frame);
  return program_->node(found == tasks_.end() ? 0 : found->second.node);
}

std::string RunArtist::name_of(FrameId frame) const {
  const auto& name = node_of(frame).name;
  return name.empty() ? "the workflow" : name;
}

// The task itself, or the block around it whose arrows speak for it.
FrameId RunArtist::speaker_of(FrameId frame) const {
  for (auto found = tasks_.find(frame); found != tasks_.end();
       found = tasks_.find(found->second.parent))
    if (!program_->node(found->second.node).arrows.empty()) return found->first;
  return frame;
}

// A version that is not known any more: its tasks are drawn as far as the numbers say something.
void RunArtist::go_on_under(const std::string& digest) {
  program_ = &last_;
  if (digest == last_.digest || !find_) return;
  kept_ = find_(digest);
  if (kept_) program_ = kept_.get();
}

void RunArtist::draw(const Migrated& body) {
  std::erase_if(tasks_, [&](const auto& entry) { return !body.nodes.contains(entry.second.node); });
  for (auto& [frame, task] : tasks_) task.node = body.nodes.at(task.node);
  go_on_under(body.digest);
  note("moved to version " + body.workflow.version + because(body.by, body.reason));
}

void RunArtist::draw(const InstanceStarted& body) {
  go_on_under(body.digest);
  started_ = now_;
  picture_.title =
      (program_->title.empty() ? program_->ref.name : program_->title) + ", run " + body.id.text();
  note("started " + format_time(now_));
}

void RunArtist::draw(const TaskStarted& body) {
  tasks_[body.frame] =
      Task{.node = body.node, .parent = body.parent, .since = now_, .request_id = {}};
}

void RunArtist::draw(const ActivityScheduled& body) {
  tasks_[body.frame].attempts = body.attempt;
}

void RunArtist::draw(const AttemptStarted& body) {
  tasks_[body.frame].attempts = body.attempt;
}

void RunArtist::draw(const AttemptFailed& body) {
  // What was asked; no answer is drawn that did not come.
  auto arrows = arrows_of(*program_, node_of(speaker_of(body.frame)));
  const auto asked = first_answer(arrows);
  for (std::size_t i = 0; i < asked; ++i) picture_.lines.emplace_back(std::move(arrows[i]));
  const auto& problem = body.failure.problem;
  std::string text = name_of(body.frame) + ", attempt " + std::to_string(body.attempt) + ": " +
                     std::to_string(problem.status) + " " + problem.title;
  if (problem.extensions.is_object() && problem.extensions.contains("requestId") &&
      problem.extensions["requestId"].is_string())
    text += " (" + problem.extensions["requestId"].get<std::string>() + ")";
  if (body.uncounted) {
    ++tasks_[body.frame].uncounted;
    text += ", not counted";
  }
  if (body.unsettled) text += "\nwhether it took effect is unknown";
  if (body.retry_at > 0) text += "\nagain in " + format_duration(body.retry_at - now_);
  note(text);
}

void RunArtist::draw(const TaskParked& body) {
  note(name_of(body.frame) + " is parked: " + std::string(machine::name_of(body.reason)));
}

void RunArtist::draw(const TaskLetGo& body) {
  note(name_of(body.frame) + " is let go");
}

void RunArtist::draw(const TaskReturned& body) {
  const auto uncounted = tasks_[body.frame].uncounted;
  Task& speaker = tasks_[speaker_of(body.frame)];
  speaker.attempts = body.attempt;
  speaker.uncounted = std::min(uncounted, body.attempt);  // 0: an operator gave the result
  speaker.request_id = body.request_id;
}

// A task is drawn when it is done, so that its time and its attempts stand beside it.
void RunArtist::draw(const TaskCompleted& body) {
  const auto found = tasks_.find(body.frame);
  if (found == tasks_.end()) return;
  const Task& task = found->second;
  auto arrows = arrows_of(*program_, program_->node(task.node));
  if (arrows.empty()) return;
  std::string text =
      "+" + format_duration(now_ - started_) + ", took " + format_duration(now_ - task.since);
  if (task.attempts > 1) text += ", attempt " + std::to_string(task.attempts - task.uncounted);
  if (task.uncounted > 0) text += ", tried " + std::to_string(task.attempts) + " times";
  if (!task.request_id.empty()) text += ", " + task.request_id;
  arrows[std::min(first_answer(arrows), arrows.size() - 1)].text += " (" + text + ")";
  for (auto& arrow : arrows) picture_.lines.emplace_back(std::move(arrow));
}

void RunArtist::draw(const TimerStarted& body) {
  note(name_of(body.frame) + ": waits " + format_duration(body.due_at - now_) + ", until " +
       format_time(body.due_at));
}

void RunArtist::draw(const IterationStarted& body) {
  note(name_of(body.frame) + ": item " + std::to_string(body.index + 1));
}

void RunArtist::draw(const ErrorCaught& body) {
  std::string text = name_of(body.frame) + ": caught " + std::to_string(body.error.status) + " " +
                     body.error.title + " of " + name_of(body.source);
  if (body.retry_at > 0) text += "\nagain in " + format_duration(body.retry_at - now_);
  note(text);
}

void RunArtist::draw(const ListenStarted& body) {
  note(name_of(body.frame) + ": waits for an event");
}

void RunArtist::draw(const EventConsumed& body) {
  note(name_of(body.frame) + ": heard " + body.event_id + " after " +
       format_duration(now_ - tasks_[body.frame].since));
}

void RunArtist::draw(const InstanceFaulted& body) {
  note("faulted at " + name_of(body.frame) + ": " + std::to_string(body.error.status) + " " +
       body.error.title);
}

void RunArtist::draw(const InstanceCompleted&) {
  note("completed after " + format_duration(now_ - started_));
}

void RunArtist::draw(const InstanceSuspended& body) {
  note("suspended" + because(body.by, body.reason));
}

void RunArtist::draw(const InstanceResumed& body) {
  note("resumed" + because(body.by, body.reason));
}

void RunArtist::draw(const InstanceCancelled& body) {
  const std::string how = body.at_once ? "terminated" : "cancelled";
  note(how + because(body.by, body.reason));
}

void RunArtist::draw(const CancelStarted& body) {
  note("is being cancelled" + because(body.by, body.reason));
}

void RunArtist::draw(const CompensationStarted& body) {
  note("undoes " + program_->node(body.node).name);
}

void RunArtist::draw(const TaskDropped& body) {
  note(name_of(body.frame) + " has had no effect");
}

void RunArtist::draw(const TaskRetried& body) {
  note(name_of(body.frame) + " begins again" + because(body.by, body.reason));
}

void RunArtist::draw(const TaskSkippedByOperator& body) {
  note(name_of(body.frame) + " was skipped" + because(body.by, body.reason));
}

void RunArtist::draw(const Rewound& body) {
  const auto& target =
      body.next == definition::no_node ? name_of(body.frame) : program_->node(body.next).name;
  note("rewound to " + target + because(body.by, body.reason));
}

}  // namespace sequent::diagram
