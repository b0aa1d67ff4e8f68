// What operators do to a run. Each is an event that is planned where the run lives, so that names
// become frames of the state as it is then.
#include "engine/machine/apply.hpp"
#include "engine/machine/codec.hpp"
#include "engine/runtime/engine_impl.hpp"
#include "engine/runtime/partition.hpp"

namespace sequent::runtime {
namespace {

namespace asio = boost::asio;
using machine::Event;
using machine::FrameId;

asio::awaitable<Result<void>> act_on(Result<std::shared_ptr<Partition>> partition, InstanceId id,
                                     Partition::Plan plan) {
  auto begin = [partition = std::move(partition), id,
                plan = std::move(plan)](Reply<Result<void>> reply) mutable {
    if (!partition) return reply(std::unexpected(partition.error()));
    (*partition)->act(id, std::move(plan), std::move(reply));
  };
  return ask<Result<void>>(std::move(begin));
}

// Of several frames of one task (iterations, branches) the one that stands still is meant.
int urgency(const machine::Frame& frame) {
  switch (frame.phase) {
    case machine::Phase::faulted:
      return 3;
    case machine::Phase::parked:
      return 2;
    case machine::Phase::backoff:
      return 1;
    default:
      return 0;
  }
}

/// 0 = the task that stands still. errors  not_found: no such task; wrong_state: it is not under way
Result<FrameId> frame_of(const Resident& run, const std::string& task) {
  if (task.empty()) return FrameId{0};
  const auto node = run.program->find(task);
  if (node == definition::no_node)
    return fail(ErrorCode::not_found, "The workflow has no task \"" + task +
                                          "\", or several with that name: give its pointer.");
  FrameId best = 0;
  int most = -1;
  for (const auto& [id, frame] : run.state.frames) {
    if (frame.node != node || urgency(frame) < most) continue;
    best = id;
    most = urgency(frame);
  }
  if (best != 0) return best;
  return fail(ErrorCode::wrong_state,
              "The task " + run.program->node(node).pointer + " is not under way in this run.");
}

/// Which block entered `node`, if the record says that it was entered.
std::optional<FrameId> entered(const machine::Record& record, machine::NodeIndex node) {
  if (const auto* started = std::get_if<machine::TaskStarted>(&record.body))
    if (started->node == node) return started->parent;
  if (const auto* skipped = std::get_if<machine::TaskSkipped>(&record.body))
    if (skipped->node == node) return skipped->parent;
  return std::nullopt;
}

// The journal, folded up to just before the task was entered last: then its block had the data that
// the task will see again.
Result<machine::RewindAsked> find_rewind(Node& node, const InstanceId& id,
                                         const std::string& task) {
  const auto summary = node.ports.runs.find(id);
  if (!summary) return fail(ErrorCode::not_found, "There is no run " + id.text() + ".");
  const auto program = node.definitions.catalogue()->find(summary->digest);
  if (!program) return fail(ErrorCode::internal, "The definition of the run is not deployed.");
  const auto target = program->find(task);
  if (target == definition::no_node)
    return fail(ErrorCode::not_found, "The workflow has no task \"" + task +
                                          "\", or several with that name: give its pointer.");
  constexpr std::size_t page = 500;
  machine::State state;
  std::optional<machine::RewindAsked> found;
  while (true) {
    const auto texts = node.ports.runs.journal(id, state.seq, page);
    const auto before = state.seq;
    for (const auto& text : texts) {
      const auto records = machine::decode(text);
      if (!records) return std::unexpected(records.error());
      for (const auto& record : *records) {
        if (record.seq <= state.seq) continue;
        const auto block = entered(record, target);
        const auto frame = block ? state.frames.find(*block) : state.frames.end();
        if (frame != state.frames.end()) {
          found.emplace();
          found->frame = *block;
          found->node = target;
          found->data = frame->second.data;
          found->context = state.context;
        }
        machine::apply(state, record);
      }
    }
    if (state.seq == before) break;
  }
  const auto fit = machine::fits(*program, state);
  if (!fit) return std::unexpected(fit.error());
  if (found) return *found;
  return fail(ErrorCode::wrong_state,
              "The run has never come to " + program->node(target).pointer + ".");
}

}  // namespace

asio::awaitable<Result<void>> Engine::suspend(InstanceId id, Action action) {
  auto plan = [action](const Resident&) -> Result<Event> {
    return Event{machine::SuspendAsked{action.reason, action.by}};
  };
  return act_on(impl_->owner(id), id, std::move(plan));
}

asio::awaitable<Result<void>> Engine::resume(InstanceId id, Action action) {
  auto plan = [action](const Resident&) -> Result<Event> {
    return Event{machine::ResumeAsked{action.reason, action.by}};
  };
  return act_on(impl_->owner(id), id, std::move(plan));
}

asio::awaitable<Result<void>> Engine::cancel(InstanceId id, Action action) {
  auto plan = [action](const Resident&) -> Result<Event> {
    return Event{machine::CancelAsked{action.reason, action.by}};
  };
  return act_on(impl_->owner(id), id, std::move(plan));
}

asio::awaitable<Result<void>> Engine::retry(InstanceId id, std::string task,
                                            std::optional<Json> input, Action action) {
  auto plan = [task = std::move(task), input = std::move(input),
               action](const Resident& run) mutable -> Result<Event> {
    const auto frame = frame_of(run, task);
    if (!frame) return std::unexpected(frame.error());
    machine::RetryAsked asked;
    asked.frame = *frame;
    if (input) asked.input = machine::make_value(std::move(*input));
    asked.reason = action.reason;
    asked.by = action.by;
    return Event{std::move(asked)};
  };
  return act_on(impl_->owner(id), id, std::move(plan));
}

asio::awaitable<Result<void>> Engine::skip(InstanceId id, std::string task, Json output,
                                           Action action) {
  auto plan = [task = std::move(task), output = std::move(output),
               action](const Resident& run) mutable -> Result<Event> {
    const auto frame = frame_of(run, task);
    if (!frame) return std::unexpected(frame.error());
    machine::SkipAsked asked;
    asked.frame = *frame;
    asked.output = machine::make_value(std::move(output));
    asked.reason = action.reason;
    asked.by = action.by;
    return Event{std::move(asked)};
  };
  return act_on(impl_->owner(id), id, std::move(plan));
}

namespace {

asio::awaitable<Result<void>> rewind_on(std::shared_ptr<Node> node,
                                        Result<std::shared_ptr<Partition>> partition, InstanceId id,
                                        std::string task, Engine::Action action) {
  std::function<Result<machine::RewindAsked>()> look =
      [node, id, task = std::move(task)]() -> Result<machine::RewindAsked> {
    return find_rewind(*node, id, task);
  };
  auto looking = on_reads<machine::RewindAsked>(node, std::move(look));
  Result<machine::RewindAsked> found = co_await std::move(looking);
  if (!found) co_return std::unexpected(found.error());
  found->reason = action.reason;
  found->by = action.by;
  Partition::Plan plan = [asked = *found](const Resident& run) -> Result<Event> {
    if (run.state.frames.contains(asked.frame)) return Event{asked};
    return fail(ErrorCode::wrong_state,
                "The block that holds the task is over: retry a task that is under way instead.");
  };
  auto acting = act_on(partition, id, std::move(plan));
  const Result<void> done = co_await std::move(acting);
  co_return done;
}

}  // namespace

asio::awaitable<Result<void>> Engine::rewind(InstanceId id, std::string task, Action action) {
  return rewind_on(impl_->node, impl_->owner(id), id, std::move(task), std::move(action));
}

}  // namespace sequent::runtime
