#include "simulation/witness.hpp"

#include "engine/machine/apply.hpp"
#include "engine/machine/codec.hpp"
#include "engine/machine/command.hpp"
#include "engine/machine/decide.hpp"
#include "engine/machine/undo.hpp"
#include "engine/runtime/batch.hpp"
#include "simulation/key.hpp"
#include "simulation/workflows.hpp"

namespace sequent::simulation {
namespace {

using machine::Record;

std::string short_id(const InstanceId& id) {
  return id.text().substr(9);
}

// A permanent answer settles its call: a provider keeps refusals under the key, or the activity has
// looked. So does an author's own limit on the task, who then says what comes after it.
// Of what is idempotent nothing is ever open.
bool open_outcome(const definition::Program& program, const machine::State& state,
                  const machine::ErrorCaught& caught) {
  const auto frame = state.frames.find(caught.source);
  if (frame == state.frames.end()) return false;
  const auto* call = std::get_if<definition::CallTask>(&program.node(frame->second.node).body);
  if (call != nullptr && call->activity.idempotent) return false;
  const auto* activity = std::get_if<machine::ActivityState>(&frame->second.detail);
  if (activity == nullptr || !activity->unsettled || !activity->last_failure) return false;
  const bool limit =
      machine::same_type(caught.error.type, machine::standard_type(machine::ErrorKind::timeout));
  return !limit && activity->last_failure->outcome != machine::Outcome::permanent;
}

}  // namespace

const Witnessed* Witness::find(const InstanceId& id) const {
  const auto found = runs_.find(id);
  return found == runs_.end() ? nullptr : &found->second;
}

// Epochs only rise, and each belongs to one node: never are there two writers at once.
void Witness::wrote(PartitionId partition, Epoch epoch, const std::string& node) {
  auto& [last, writer] = writers_.try_emplace(partition, epoch, node).first->second;
  if (epoch < last || (epoch == last && node != writer))
    notebook_.breach("I3: a partition has one writer",
                     "partition " + std::to_string(partition) + ": " + node + " under epoch " +
                         std::to_string(epoch) + " after " + writer + " under " +
                         std::to_string(last));
  last = epoch;
  writer = node;
}

void Witness::committed(const runtime::InstanceChange& change) {
  ++commits_;
  auto& run = runs_[change.id];
  if (change.start) {
    run.program = programs_.at(change.start->digest);
    run.key = change.start->key;
    run.idempotency_key = change.start->idempotency_key;
    if (!run.key.empty()) check_claim(change.id, *change.start);
  }
  const bool was_over = machine::is_ended(run.state.status);
  bool acts = false;  // a move alone leaves a run where it is
  std::string line = "commit " + short_id(change.id);
  if (change.last_seq != 0) {
    const auto records = machine::decode(change.records);
    if (!records) return notebook_.breach("records can be read back", records.error().detail);
    for (const auto& record : *records) {
      line += " " + std::to_string(record.seq) + ":" + std::string(machine::kind_of(record.body));
      if (record.seq != run.state.seq + 1)
        return notebook_.breach("a run has one writer",
                                line + " after " + std::to_string(run.state.seq));
      follow(change.id, run, record);
      machine::apply(run.state, record);
      acts = acts || !std::holds_alternative<machine::Migrated>(record.body);
      if (const auto* moved = std::get_if<machine::Migrated>(&record.body)) {
        run.program = programs_.at(moved->digest);
        ++moves_;
      }
    }
  }
  const bool is_over = machine::is_ended(run.state.status);
  if (!was_over && is_over) run.ended_at = notebook_.now();
  if (was_over && acts && run.state.status != machine::Status::cancelled && !run.state.cancelling)
    check_revival(change.id, run);
  notebook_.note(line + " " + change.row.status +
                 (change.consumed_messages.empty() ? "" : " message") +
                 (change.operations.empty() ? "" : " operation"));
  check_row(change, run);
}

std::vector<InstanceId>& Witness::holders(const Witnessed& run) {
  return holders_[{run.program->ref.name, run.key}];
}

bool Witness::has_its_key(const InstanceId& id) const {
  const auto& run = runs_.at(id);
  return run.key.empty() || holders_.at({run.program->ref.name, run.key}).back() == id;
}

// A business key goes on to another run only when the last one failed, and the start wants that.
void Witness::check_claim(const InstanceId& id, const runtime::NewInstance& start) {
  auto& all = holders(runs_.at(id));
  for (const auto& other : all) {
    const auto status = runs_.at(other).state.status;
    if (runs_.at(other).state.cancelling) continue;  // it is undone beside whoever has its key
    const std::string who = short_id(id) + " beside " + short_id(other) + ", which is " +
                            std::string(machine::name_of(status)) + ", for " + start.key;
    if (!machine::is_ended(status)) notebook_.breach("one live run for each business key", who);
    if (status == machine::Status::completed || !start.restart_if_faulted)
      notebook_.breach("only what failed gives its business key up, and only when asked to", who);
  }
  all.push_back(id);
}

// An operator has retried a run that had faulted.
void Witness::check_revival(const InstanceId& id, const Witnessed& run) {
  if (!has_its_key(id))
    notebook_.breach(
        "one live run for each business key",
        short_id(id) + " goes on beside " + short_id(holders(run).back()) + " for " + run.key);
}

void Witness::follow(const InstanceId& id, Witnessed& run, const Record& record) {
  const auto status = run.state.status;
  if (status == machine::Status::completed || status == machine::Status::cancelled)
    notebook_.breach("what has ended stays ended",
                     short_id(id) + " got " + std::string(machine::kind_of(record.body)));
  if (const auto* intent = std::get_if<machine::ActivityScheduled>(&record.body)) {
    run.intents.emplace(intent->frame, intent->attempt);
    run.keyed_intents.emplace(intent->key, intent->attempt);
  }
  if (const auto* again = std::get_if<machine::AttemptStarted>(&record.body)) {
    run.intents.emplace(again->frame, again->attempt);
    const auto& detail = run.state.frames.at(again->frame).detail;
    run.keyed_intents.emplace(std::get<machine::ActivityState>(detail).key, again->attempt);
  }
  if (const auto* retried = std::get_if<machine::TaskRetried>(&record.body))
    run.edited = run.edited || retried->input != nullptr;
  if (const auto* consumed = std::get_if<machine::EventConsumed>(&record.body))
    if (++run.consumed[{consumed->frame, consumed->event_id}] > 1)
      notebook_.breach("an event is taken once",
                       short_id(id) + " took " + consumed->event_id + " again");
  follow_effects(run, record);
  follow_children(id, run, record);
  const auto* caught = std::get_if<machine::ErrorCaught>(&record.body);
  if (caught != nullptr && caught->retry_at == 0 && caught->next != machine::no_node &&
      open_outcome(*run.program, run.state, *caught))
    notebook_.breach("I9: no handler while the outcome is open",
                     short_id(id) + " at " + caught->error.instance);
}

// What its parent's task now has another child for must not act beside that one.
void Witness::follow_children(const InstanceId& id, Witnessed& run, const Record& record) {
  if (const auto* begun = std::get_if<machine::ChildStarted>(&record.body)) {
    auto& last = run.children[machine::path_of(*run.program, run.state, begun->frame)];
    if (last != InstanceId{} && last != begun->child.id) replaced_.insert(last);
    last = begun->child.id;
    replaced_.erase(last);
  }
  if (std::holds_alternative<machine::TaskRetried>(record.body) && !run.state.cancelling &&
      replaced_.contains(id))
    notebook_.breach("a child that has a successor stays ended", short_id(id));
}

void Witness::follow_effects(Witnessed& run, const Record& record) {
  const auto& state = run.state;
  if (std::holds_alternative<machine::TaskSkippedByOperator>(record.body)) {
    const auto frame = std::get<machine::TaskSkippedByOperator>(record.body).frame;
    run.spoken = run.spoken || state.cancelling || !state.frames.at(frame).undo.empty() ||
                 run.program->ref.name == releasing_name;
  }
  if (const auto* retried = std::get_if<machine::TaskRetried>(&record.body))
    run.spoken =
        run.spoken || (state.cancelling && retried->input && !retried->input->contains("output"));
  const auto* completed = std::get_if<machine::TaskCompleted>(&record.body);
  if (completed == nullptr) return;
  const auto& frame = state.frames.at(completed->frame);
  if (frame.undo.empty() || frame.nothing_done) return;
  const auto& output = completed->output ? completed->output : frame.data;
  auto occurrence = machine::occurrence_of(frame.undo, frame.generation);
  std::erase_if(run.done, [&](const auto& known) { return known.first == occurrence; });
  run.done.emplace_back(std::move(occurrence), output ? text_of(*output, "id") : "");
}

void Witness::check_row(const runtime::InstanceChange& change, const Witnessed& run) {
  const auto& state = run.state;
  const auto who = short_id(change.id);
  if (change.snapshot && *change.snapshot != machine::encode_state(state))
    notebook_.breach("a snapshot is the fold of its journal", who);
  const auto expected = runtime::row_of(*run.program, state);
  if (change.row.status != expected.status || change.row.wake_at != expected.wake_at ||
      change.row.waiting_kind != expected.waiting_kind ||
      change.row.provider != expected.provider || change.row.operation != expected.operation)
    notebook_.breach("the row says what the journal says",
                     who + " is " + expected.status + ", its row says " + change.row.status);
  for (const auto& operation : change.operations)
    if (!run.intents.contains({operation.frame, operation.attempt}))
      notebook_.breach("I1: an intent is durable before its effect", who + " " + operation.key);
}

void Witness::sent(const runtime::Attempt& attempt, int node) {
  const auto who = short_id(attempt.instance) + attempt.task;
  notebook_.note("send " + who + " " + attempt.idempotency_key + " #" +
                 std::to_string(attempt.number) + " by node " + std::to_string(node) +
                 (attempt.unsettled ? ", unsettled" : ""));
  const auto* run = find(attempt.instance);
  const auto key = without_revision(attempt.idempotency_key);
  if (run == nullptr || !run->keyed_intents.contains({key, attempt.number}))
    notebook_.breach("I1: an intent is durable before its request leaves",
                     who + " #" + std::to_string(attempt.number));
}

}  // namespace sequent::simulation
