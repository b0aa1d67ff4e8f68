// What operators do to a run. Each is an event that is planned where the run lives, so that names
// become frames of the state as it is then.
#include "base/assert.hpp"
#include "engine/definition/workflow_name.hpp"
#include "engine/machine/apply.hpp"
#include "engine/machine/codec.hpp"
#include "engine/machine/migrate.hpp"
#include "engine/runtime/actions.hpp"
#include "engine/runtime/cluster.hpp"
#include "engine/runtime/engine_impl.hpp"
#include "engine/runtime/partition.hpp"

namespace sequent::runtime {
namespace {

namespace asio = boost::asio;
using machine::Event;
using machine::FrameId;

using Kind = ActionRequest::Kind;

ActionRequest request_of(Kind kind, const InstanceId& run, Engine::Action action) {
  ActionRequest request;
  request.kind = kind;
  request.run = run;
  request.reason = std::move(action.reason);
  request.by = std::move(action.by);
  request.at_seq = action.at_seq;
  return request;
}

asio::awaitable<Result<void>> act_on(std::shared_ptr<Partition> partition, InstanceId id,
                                     Partition::Plan plan) {
  // Whoever waits for the answer must not keep alive what holds the answer: a node that ends without
  // giving it would never be freed.
  auto begin = [partition = std::move(partition), id,
                plan = std::move(plan)](Reply<Result<void>> reply) mutable {
    const auto there = std::move(partition);
    there->act(id, std::move(plan), std::move(reply));
  };
  return ask<Result<void>>(std::move(begin));
}

Partition::Plan only_at(std::optional<std::uint64_t> at_seq, Partition::Plan plan) {
  if (!at_seq) return plan;
  return [at_seq, plan = std::move(plan)](const Resident& run) mutable -> Result<Event> {
    if (run.state.seq == *at_seq) return plan(run);
    return fail(ErrorCode::conflict,
                "The run has moved on since it was looked at: its journal ends "
                "at " +
                    std::to_string(run.state.seq) + ", not at " + std::to_string(*at_seq) + ".");
  };
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

/// errors  not_found: it is not deployed
Result<definition::ProgramPtr> version_of(Node& node, const definition::Program& of,
                                          const std::string& version) {
  auto ref = of.ref;
  ref.version = version;
  auto program = node.definitions.catalogue()->find(ref);
  if (program) return program;
  return fail(ErrorCode::not_found, "There is no version " + version + " of " + workflow_name(ref) +
                                        ": deploy it first.");
}

// Another node may have deployed the version a moment ago.
asio::awaitable<void> learn(std::shared_ptr<Node> node) {
  std::function<Result<bool>()> look = [node]() -> Result<bool> {
    node->learn_definitions();
    return true;
  };
  auto looking = on_reads<bool>(node, std::move(look));
  (void)co_await std::move(looking);
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
        // What came before a move to this version is numbered by another one.
        if (std::holds_alternative<machine::Migrated>(record.body)) found.reset();
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
  return fail(ErrorCode::wrong_state, "The run has never come to " + program->node(target).pointer +
                                          " (under its version " + program->ref.version + ").");
}

Partition::Plan plan_retry(ActionRequest request) {
  return [request = std::move(request)](const Resident& run) mutable -> Result<Event> {
    const auto frame = frame_of(run, request.task);
    if (!frame) return std::unexpected(frame.error());
    machine::RetryAsked asked;
    asked.frame = *frame;
    if (request.value) asked.input = machine::make_value(std::move(*request.value));
    asked.reason = request.reason;
    asked.by = request.by;
    return Event{std::move(asked)};
  };
}

Partition::Plan plan_skip(ActionRequest request) {
  return [request = std::move(request)](const Resident& run) mutable -> Result<Event> {
    const auto frame = frame_of(run, request.task);
    if (!frame) return std::unexpected(frame.error());
    machine::SkipAsked asked;
    asked.frame = *frame;
    asked.output = machine::make_value(request.value ? std::move(*request.value) : Json());
    asked.reason = request.reason;
    asked.by = request.by;
    return Event{std::move(asked)};
  };
}

Partition::Plan plan_rewind(const machine::RewindAsked& asked) {
  return [asked](const Resident& run) -> Result<Event> {
    if (run.state.frames.contains(asked.frame)) return Event{asked};
    return fail(ErrorCode::wrong_state,
                "The block that holds the task is over: retry a task that is under way instead.");
  };
}

// The node holds the plan until the run is loaded, so the plan must not hold the node.
Partition::Plan plan_migrate(const std::weak_ptr<Node>& owner, ActionRequest request) {
  return [owner, request = std::move(request)](const Resident& run) -> Result<Event> {
    const auto node = owner.lock();
    if (!node) return fail(ErrorCode::unavailable, "This node is stopping.");
    auto program = version_of(*node, *run.program, request.version);
    if (!program) return std::unexpected(program.error());
    return Event{machine::MigrateAsked{*std::move(program), request.reason, request.by}};
  };
}

Partition::Plan plan_event(Event event) {
  return [event = std::move(event)](const Resident&) -> Result<Event> { return event; };
}

Partition::Plan plan_of(const ActionRequest& request) {
  switch (request.kind) {
    case ActionRequest::Kind::suspend:
      return plan_event(machine::SuspendAsked{request.reason, request.by});
    case ActionRequest::Kind::resume:
      return plan_event(machine::ResumeAsked{request.reason, request.by});
    case ActionRequest::Kind::cancel:
      return plan_event(machine::CancelAsked{.reason = request.reason, .by = request.by});
    case ActionRequest::Kind::terminate:
      return plan_event(
          machine::CancelAsked{.reason = request.reason, .by = request.by, .at_once = true});
    case ActionRequest::Kind::retry:
      return plan_retry(request);
    case ActionRequest::Kind::skip:
      return plan_skip(request);
    case ActionRequest::Kind::rewind:   // found in the journal first
    case ActionRequest::Kind::migrate:  // needs the definitions of the node
      break;
  }
  SEQUENT_ASSERT(false);
  return {};
}

}  // namespace

asio::awaitable<Result<void>> perform(std::shared_ptr<Node> node, ActionRequest request,
                                      bool forward) {
  auto partition = node->partition(request.run.partition());
  if (!partition) {
    if (!forward || node->cluster == nullptr)
      co_return std::unexpected(node->elsewhere(request.run));
    auto begin = [node, request](Reply<Result<void>> reply) {
      node->cluster->act(request, std::move(reply));
    };
    auto asking = ask<Result<void>>(std::move(begin));
    Result<void> done = co_await std::move(asking);
    co_return done;
  }
  Partition::Plan plan;
  if (request.kind == ActionRequest::Kind::rewind) {
    std::function<Result<machine::RewindAsked>()> look = [node, request] {
      return find_rewind(*node, request.run, request.task);
    };
    auto looking = on_reads<machine::RewindAsked>(node, std::move(look));
    Result<machine::RewindAsked> found = co_await std::move(looking);
    if (!found) co_return std::unexpected(found.error());
    found->reason = request.reason;
    found->by = request.by;
    plan = plan_rewind(*found);
  } else if (request.kind == ActionRequest::Kind::migrate) {
    plan = plan_migrate(node, request);
  } else {
    plan = plan_of(request);
  }
  const bool migrates = request.kind == ActionRequest::Kind::migrate;
  auto acting = act_on(partition, request.run, only_at(request.at_seq, std::move(plan)));
  const std::weak_ptr<Node> owner = node;
  partition.reset();  // see act_on
  node.reset();
  Result<void> done = co_await std::move(acting);
  const bool unknown = !done && done.error().code == ErrorCode::not_found;
  if (!migrates || !unknown) co_return done;
  node = owner.lock();
  if (!node || node->cluster == nullptr) co_return done;
  auto learning = learn(node);
  co_await std::move(learning);
  partition = node->partition(request.run.partition());
  if (!partition) co_return std::unexpected(node->elsewhere(request.run));
  auto again = act_on(partition, request.run, only_at(request.at_seq, plan_migrate(node, request)));
  partition.reset();
  node.reset();
  done = co_await std::move(again);
  co_return done;
}

asio::awaitable<Result<void>> Engine::suspend(InstanceId id, Action action) {
  return perform(impl_->node, request_of(Kind::suspend, id, std::move(action)), true);
}

asio::awaitable<Result<void>> Engine::resume(InstanceId id, Action action) {
  return perform(impl_->node, request_of(Kind::resume, id, std::move(action)), true);
}

asio::awaitable<Result<void>> Engine::cancel(InstanceId id, Action action) {
  return perform(impl_->node, request_of(Kind::cancel, id, std::move(action)), true);
}

asio::awaitable<Result<void>> Engine::terminate(InstanceId id, Action action) {
  return perform(impl_->node, request_of(Kind::terminate, id, std::move(action)), true);
}

asio::awaitable<Result<void>> Engine::retry(InstanceId id, std::string task,
                                            std::optional<Json> input, Action action) {
  auto request = request_of(Kind::retry, id, std::move(action));
  request.task = std::move(task);
  request.value = std::move(input);
  return perform(impl_->node, std::move(request), true);
}

asio::awaitable<Result<void>> Engine::skip(InstanceId id, std::string task, Json output,
                                           Action action) {
  auto request = request_of(Kind::skip, id, std::move(action));
  request.task = std::move(task);
  request.value = std::move(output);
  return perform(impl_->node, std::move(request), true);
}

asio::awaitable<Result<void>> Engine::rewind(InstanceId id, std::string task, Action action) {
  auto request = request_of(Kind::rewind, id, std::move(action));
  request.task = std::move(task);
  return perform(impl_->node, std::move(request), true);
}

asio::awaitable<Result<void>> Engine::migrate(InstanceId id, std::string version, Action action) {
  auto request = request_of(Kind::migrate, id, std::move(action));
  request.version = std::move(version);
  return perform(impl_->node, std::move(request), true);
}

asio::awaitable<Result<MigrationPreview>> Engine::preview_migration(InstanceId id,
                                                                    std::string version) {
  const auto node = impl_->node;
  auto reading = read(id);
  const Result<RunDetails> run = co_await std::move(reading);
  if (!run) co_return std::unexpected(run.error());
  auto program = version_of(*node, *run->program, version);
  if (!program && node->cluster != nullptr) {
    auto learning = learn(node);
    co_await std::move(learning);
    program = version_of(*node, *run->program, version);
  }
  if (!program) co_return std::unexpected(program.error());
  const auto mapping = machine::map_state(*run->program, run->state, **program);
  if (!mapping) co_return std::unexpected(mapping.error());
  MigrationPreview preview;
  preview.from = run->program->ref;
  preview.to = (*program)->ref;
  for (const auto& [id_of_frame, frame] : run->state.frames) {
    if (frame.parent == 0) continue;
    preview.tasks.emplace_back(run->program->node(frame.node).pointer,
                               (*program)->node(mapping->nodes.at(frame.node)).pointer);
  }
  co_return preview;
}

}  // namespace sequent::runtime
