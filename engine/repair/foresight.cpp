#include "engine/repair/foresight.hpp"

#include "engine/machine/codec.hpp"
#include "engine/machine/decide.hpp"
#include "engine/repair/edit.hpp"
#include "engine/repair/pool.hpp"

namespace sequent::repair {
namespace {

namespace asio = boost::asio;
using machine::Event;
using runtime::RepairBatch;
using runtime::RunDetails;

bool is_over(const machine::State& state) {
  return state.status == machine::Status::completed || state.status == machine::Status::cancelled;
}

std::vector<InstanceId> awaited_children(const machine::State& state) {
  std::vector<InstanceId> children;
  for (const auto& [id, frame] : state.frames)
    if (const auto* child = std::get_if<machine::ChildState>(&frame.detail);
        child != nullptr && child->await && frame.phase == machine::Phase::child)
      children.push_back(child->id);
  return children;
}

Error no_task(const std::string& task) {
  return {.code = ErrorCode::not_found,
          .detail = "The workflow has no task \"" + task +
                    "\", or several with that name: give its pointer."};
}

/// Of the task that the action names. 0 = it names none.
Result<machine::FrameId> frame_of(const RunDetails& run, const std::string& task) {
  if (task.empty()) return machine::FrameId{0};
  const auto node = run.program->find(task);
  if (node == definition::no_node) return std::unexpected(no_task(task));
  if (const auto* frame = standing(run, task)) return frame->id;
  return fail(ErrorCode::wrong_state,
              "The task " + run.program->node(node).pointer + " is not under way in this run.");
}

Result<Event> retry_of(const RunDetails& run, const RepairBatch& batch) {
  const auto task = text_of(batch.arguments, "task");
  const auto frame = frame_of(run, task);
  if (!frame) return std::unexpected(frame.error());
  machine::RetryAsked asked;
  asked.frame = *frame;
  if (batch.arguments.contains("input"))
    asked.input = machine::make_value(batch.arguments["input"]);
  if (batch.arguments.contains("patch")) {
    auto edit = edited_input(run, task, batch.arguments["patch"]);
    if (!edit) return std::unexpected(edit.error());
    asked.input = machine::make_value(std::move(edit->after));
  }
  return Event{std::move(asked)};
}

Result<Event> skip_of(const RunDetails& run, const RepairBatch& batch) {
  const auto frame = frame_of(run, text_of(batch.arguments, "task"));
  if (!frame) return std::unexpected(frame.error());
  machine::SkipAsked asked;
  asked.frame = *frame;
  asked.output = machine::make_value(batch.arguments.value("output", Json()));
  return Event{std::move(asked)};
}

// To where the run has been, in a block that is under way. The data it had there is of no matter here.
Result<Event> rewind_of(const RunDetails& run, const RepairBatch& batch) {
  const auto task = text_of(batch.arguments, "task");
  const auto node = run.program->find(task);
  if (node == definition::no_node) return std::unexpected(no_task(task));
  machine::RewindAsked asked;
  asked.node = node;
  asked.data = machine::make_value(Json());
  for (const auto& [id, frame] : run.state.frames)
    if (frame.node == run.program->node(node).parent) asked.frame = id;
  return Event{std::move(asked)};
}

Result<Event> event_of(const RunDetails& run, const RepairBatch& batch) {
  if (batch.action == "retry") return retry_of(run, batch);
  if (batch.action == "skip") return skip_of(run, batch);
  if (batch.action == "rewind") return rewind_of(run, batch);
  if (batch.action == "suspend") return Event{machine::SuspendAsked{}};
  if (batch.action == "resume") return Event{machine::ResumeAsked{}};
  return Event{machine::CancelAsked{}};
}

/// The machine's own answer, on a state that is thrown away. What would come after the action is of no
/// matter, so that the secrets and limits that it would need are not the installation's.
Result<void> tried(RunDetails run, const RepairBatch& batch, Timestamp now) {
  const auto event = event_of(run, batch);
  if (!event) return std::unexpected(event.error());
  machine::Surroundings surroundings;
  surroundings.runtime = Json::object();
  surroundings.secrets = [](const definition::Program&) { return Json::object(); };
  const auto records = machine::decide(*run.program, run.state, *event, now, 0, surroundings);
  if (!records) return std::unexpected(records.error());
  return {};
}

}  // namespace

Result<std::vector<Effect>> effects_since(runtime::Engine& engine, runtime::RunQueries& runs,
                                          const InstanceId& id, const std::string& task) {
  const auto summary = runs.find(id);
  if (!summary) return fail(ErrorCode::not_found, "There is no run " + id.text() + ".");
  const auto program = engine.program(summary->digest);
  if (!program) return fail(ErrorCode::internal, "The definition of the run is not deployed.");
  const auto target = program->find(task);
  if (target == definition::no_node) return std::unexpected(no_task(task));
  Effects effects{*program, target};
  constexpr std::size_t page = 500;
  std::uint64_t seq = 0;
  while (true) {
    const auto texts = runs.journal(id, seq, page);
    if (texts.empty()) return effects.list();
    for (const auto& text : texts) {
      const auto records = machine::decode(text);
      if (!records) return std::unexpected(records.error());
      effects.hear(*records);
      seq = records->back().seq;
    }
  }
}

asio::awaitable<Result<std::vector<ToBeUndone>>> undone_by_cancelling(runtime::Engine& engine,
                                                                      InstanceId id) {
  constexpr std::size_t most_runs = 100;  // that are looked at; the engine cancels them all
  std::vector<InstanceId> runs{id};
  std::vector<ToBeUndone> list;
  for (std::size_t i = 0; i < runs.size() && i < most_runs; ++i) {
    auto reading = engine.read(runs[i]);
    const auto run = co_await std::move(reading);
    if (!run && i == 0) co_return std::unexpected(run.error());
    if (!run || is_over(run->state) || run->state.cancelling) continue;
    std::vector<ToBeUndone> own;
    for (auto& effect : machine::to_undo(*run->program, run->state))
      own.push_back({std::move(effect), runs[i]});
    list.insert(list.begin(), own.begin(), own.end());
    const auto children = awaited_children(run->state);
    runs.insert(runs.end(), children.begin(), children.end());
  }
  co_return list;
}

asio::awaitable<Foreseen> foresee(ForesightPorts ports, RepairBatch batch, InstanceId id) {
  Foreseen foreseen;
  if (batch.action == "migrate") {
    auto looking = ports.engine.preview_migration(id, text_of(batch.arguments, "version"));
    const auto preview = co_await std::move(looking);
    if (!preview) foreseen.refused = preview.error();
    co_return foreseen;
  }
  auto reading = ports.engine.read(id);
  Result<RunDetails> run = co_await std::move(reading);
  if (!run) {
    foreseen.refused = run.error();
    co_return foreseen;
  }
  const Result<void> fits = tried(*std::move(run), batch, ports.now);
  if (!fits) {
    foreseen.refused = fits.error();
    co_return foreseen;
  }
  if (batch.action == "rewind") {
    auto look = [&ports, &batch, &id] {
      return effects_since(ports.engine, ports.runs, id, text_of(batch.arguments, "task"));
    };
    auto looking = on_pool(ports.pool, std::move(look));
    auto effects = co_await std::move(looking);
    if (effects) foreseen.effects = *std::move(effects);
    if (!effects) foreseen.refused = effects.error();
  } else if (batch.action == "cancel") {
    auto looking = undone_by_cancelling(ports.engine, id);
    const auto undone = co_await std::move(looking);
    if (!undone) foreseen.refused = undone.error();
    if (undone)
      for (const auto& each : *undone)
        foreseen.effects.push_back({each.effect.task, "is undone by " + each.effect.by, 1});
  }
  co_return foreseen;
}

}  // namespace sequent::repair
