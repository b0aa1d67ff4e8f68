#include "engine/diagram/draw_run.hpp"

#include "engine/diagram/draw_definition.hpp"
#include "engine/machine/state.hpp"

namespace sequent::diagram {

using namespace machine;

namespace {

std::string because(const std::string& by, const std::string& reason) {
  return (by.empty() ? "" : " by " + by) + (reason.empty() ? "" : ": " + reason);
}

// A call is drawn when it ended, so that its attempts and its time stand beside it; a block's own
// arrows come before those of its tasks.
bool drawn_at_its_end(const definition::Node& node) {
  return std::holds_alternative<definition::CallTask>(node.body) ||
         std::holds_alternative<definition::RunWorkflowTask>(node.body) ||
         std::holds_alternative<definition::EmitTask>(node.body);
}

}  // namespace

RunArtist::RunArtist(const definition::Program& program) : program_{program} {
  picture_.participants = program.participants;
  const auto& known = program.participants;
  owner_ = known.size() > 1 ? known[1] : known.empty() ? std::string{engine_name} : known[0];
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
  return program_.node(found == tasks_.end() ? 0 : found->second.node);
}

std::string RunArtist::name_of(FrameId frame) const {
  const auto& name = node_of(frame).name;
  return name.empty() ? "the workflow" : name;
}

void RunArtist::draw_arrows(const Task& task) {
  for (auto& arrow : arrows_of(program_, program_.node(task.node)))
    picture_.lines.emplace_back(std::move(arrow));
}

void RunArtist::draw(const InstanceStarted& body) {
  started_ = now_;
  picture_.title =
      (program_.title.empty() ? program_.ref.name : program_.title) + ", run " + body.id.text();
  note("started " + format_time(now_));
}

void RunArtist::draw(const TaskStarted& body) {
  Task task{.node = body.node, .since = now_};
  if (!drawn_at_its_end(program_.node(body.node))) draw_arrows(task);
  tasks_[body.frame] = task;
}

void RunArtist::draw(const ActivityScheduled& body) {
  tasks_[body.frame].attempts = body.attempt;
}

void RunArtist::draw(const AttemptStarted& body) {
  tasks_[body.frame].attempts = body.attempt;
}

void RunArtist::draw(const AttemptFailed& body) {
  draw_arrows(tasks_[body.frame]);
  const auto& problem = body.failure.problem;
  std::string text = name_of(body.frame) + ", attempt " + std::to_string(body.attempt) + ": " +
                     std::to_string(problem.status) + " " + problem.title;
  if (problem.extensions.is_object() && problem.extensions.contains("requestId") &&
      problem.extensions["requestId"].is_string())
    text += " (" + problem.extensions["requestId"].get<std::string>() + ")";
  if (body.unsettled) text += "\nwhether it took effect is unknown";
  if (body.retry_at > 0) text += "\nagain in " + format_duration(body.retry_at - now_);
  note(text);
}

void RunArtist::draw(const TaskParked& body) {
  note(name_of(body.frame) + " is parked: " + std::string(machine::name_of(body.reason)));
}

void RunArtist::draw(const TaskCompleted& body) {
  const auto found = tasks_.find(body.frame);
  if (found == tasks_.end() || !drawn_at_its_end(program_.node(found->second.node))) return;
  const auto before = picture_.lines.size();
  draw_arrows(found->second);
  std::string text = format_duration(now_ - found->second.since);
  if (found->second.attempts > 1) text += ", attempt " + std::to_string(found->second.attempts);
  if (picture_.lines.size() == before) return;
  std::get<Arrow>(picture_.lines.back()).text += " (" + text + ")";
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
  note("cancelled" + because(body.by, body.reason));
}

void RunArtist::draw(const TaskRetried& body) {
  note(name_of(body.frame) + " begins again" + because(body.by, body.reason));
}

void RunArtist::draw(const TaskSkippedByOperator& body) {
  note(name_of(body.frame) + " was skipped" + because(body.by, body.reason));
}

void RunArtist::draw(const Rewound& body) {
  const auto& target =
      body.next == definition::no_node ? name_of(body.frame) : program_.node(body.next).name;
  note("rewound to " + target + because(body.by, body.reason));
}

}  // namespace sequent::diagram
