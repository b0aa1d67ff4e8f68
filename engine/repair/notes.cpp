#include "engine/repair/notes.hpp"

#include "base/json_difference.hpp"
#include "engine/definition/redact.hpp"
#include "engine/repair/edit.hpp"

namespace sequent::repair {
namespace {

using definition::Redactor;
using runtime::RunDetails;

// Notes are kept for good, and a batch has a note for each of its runs.
constexpr std::size_t longest_bytes = 16'384;

Json bounded(Json value) {
  const auto bytes = dump_json(value).size();
  if (bytes <= longest_bytes) return value;
  return "[" + std::to_string(bytes) + " bytes; the journal has them]";
}

std::string pointer_of(const definition::Program& program, const std::string& task) {
  const auto node = program.find(task);
  return node == definition::no_node ? task : program.node(node).pointer;
}

/// What an edit has made of the task's input; null where it did not come to that.
Json edit_of(const runtime::RepairBatch& batch, const RunDetails& run) {
  const std::string task = text_of(batch.arguments, "task");
  const auto before = input_of(run, task);
  if (!before) return nullptr;
  Json after = batch.arguments.value("input", Json());
  if (batch.arguments.contains("patch")) {
    const auto edit = edited_input(run, task, batch.arguments["patch"]);
    if (!edit) return nullptr;
    after = edit->after;
  }
  return Redactor{*run.program}.patch(json_difference(*before, after));
}

std::string version_after(const runtime::RepairBatch& batch, const RunDetails& run,
                          const runtime::Engine& engine) {
  auto ref = run.program->ref;
  ref.version = text_of(batch.arguments, "version");
  const auto program = engine.program(ref);
  return program ? program->ref.version : ref.version;
}

void tell(const runtime::RepairBatch& batch, const RunDetails& run, const runtime::Engine& engine,
          Json& after) {
  const auto& arguments = batch.arguments;
  if (const auto task = text_of(arguments, "task"); !task.empty())
    after["task"] = pointer_of(*run.program, task);
  if (arguments.contains("patch") || arguments.contains("input"))
    after["diff"] = bounded(edit_of(batch, run));
  if (batch.action == "skip")
    after["output"] = bounded(Redactor{*run.program}(arguments.value("output", Json())));
  if (batch.action == "migrate") after["version"] = version_after(batch, run, engine);
  if (batch.action != "cancel") return;
  Json undone = Json::array();
  for (const auto& effect : machine::to_undo(*run.program, run.state))
    undone.push_back(effect.task + " by " + effect.by);
  after["undoes"] = bounded(std::move(undone));
}

}  // namespace

bool looks_first(const runtime::RepairBatch& batch) {
  if (batch.action == "retry")
    return batch.arguments.contains("patch") || batch.arguments.contains("input");
  return batch.action != "suspend" && batch.action != "resume";
}

runtime::AuditEntry note_of(const runtime::RepairBatch& batch, const runtime::RepairItem& item,
                            const RunDetails* before, const runtime::Engine& engine,
                            Timestamp now) {
  const bool refused = item.state == runtime::RepairItem::State::refused;
  runtime::AuditEntry note;
  note.at = now;
  note.principal = batch.created_by;
  note.action = batch.action;
  note.target = item.run.text();
  note.reason = batch.reason;
  note.outcome = refused ? "refused: " + item.detail : "done";
  note.remote = "batch " + batch.id;
  note.before = Json{{"seq", item.seq}};
  note.after = Json{{"batch", batch.id}};
  if (before == nullptr) return note;
  note.before["status"] = machine::name_of(before->view.status);
  note.before["version"] = before->program->ref.version;
  if (!before->view.task.empty()) note.before["task"] = before->view.task;
  if (before->state.error) note.before["error"] = before->state.error->type;
  if (!refused) tell(batch, *before, engine, note.after);
  return note;
}

runtime::AuditEntry note_of_stop(const runtime::RepairBatch& batch, Waves::Stop stop,
                                 Timestamp now) {
  using State = runtime::RepairBatch::State;
  runtime::AuditEntry note;
  note.at = now;
  note.principal = "engine";
  note.action = "batch.pause";
  note.target = batch.id;
  note.reason = std::to_string(stop.failed) + " of its latest " + std::to_string(stop.outcomes) +
                " outcomes are that a run faulted or parked again, and it stops at " +
                std::to_string(batch.stop_percent) + "%";
  note.outcome = "done";
  note.remote = "batch " + batch.id;
  note.before = Json{{"state", runtime::name_of(State::running)}};
  note.after = Json{{"state", runtime::name_of(State::paused)}};
  return note;
}

}  // namespace sequent::repair
