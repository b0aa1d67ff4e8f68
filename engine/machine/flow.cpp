// How tasks follow each other: entering, completing, `then`, blocks, and the end of the workflow.
#include "base/assert.hpp"
#include "base/digest.hpp"
#include "base/overloaded.hpp"
#include "engine/machine/answer.hpp"
#include "engine/machine/apply.hpp"
#include "engine/machine/decider.hpp"
#include "engine/machine/undo.hpp"

namespace sequent::machine {

using definition::Flow;

void Decider::emit(RecordBody body) {
  Record record{.seq = state.seq + 1, .at = now, .body = std::move(body)};
  apply(state, record);
  records.push_back(std::move(record));
}

std::uint64_t Decider::random() {  // splitmix64: one number comes in, as many as needed go out
  random_ += 0x9E3779B97F4A7C15ULL;
  auto z = random_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

Frame* Decider::find(FrameId id) {
  const auto found = state.frames.find(id);
  return found == state.frames.end() ? nullptr : &found->second;
}

Here Decider::here(const Frame& frame) const {
  return {.node = &program.node(frame.node),
          .raw_input = frame.raw_input.get(),
          .input = frame.input.get(),
          .started_at = frame.started_at,
          .frame = frame.id};
}

bool is_ready(const Frame& frame) {
  return frame.phase == Phase::entered || frame.phase == Phase::returned ||
         (frame.phase == Phase::block && frame.child == 0);
}

void Decider::find_ready() {
  ready_.clear();
  for (const auto& [id, frame] : state.frames)
    if (is_ready(frame)) ready_.push_back(id);
}

bool Decider::journal_is_full() const {
  // What a full journal has done can still be undone.
  const auto most = surroundings.limits.max_records;
  return state.seq >= (state.cancelling ? 2 * most : most);
}

void Decider::run() {
  const auto& limits = surroundings.limits;
  while (!ready_.empty() && running()) {
    if (journal_is_full()) {
      fault_workflow(
          make_problem(ErrorKind::runtime, "the journal reached its limit of " +
                                               std::to_string(limits.max_records) +
                                               " records; split the workflow into children"));
      return;
    }
    // What is left over is found again by the Continued event.
    if (steps_ >= limits.max_steps_per_event) return;
    const auto id = ready_.front();
    ready_.pop_front();
    if (const auto* next = find(id); next != nullptr && is_ready(*next)) {
      ++steps_;
      step(id);
    }
  }
}

void Decider::step(FrameId id) {
  auto& current = frame(id);
  if (current.phase == Phase::entered) return begin(id);
  if (current.phase == Phase::returned) return complete(id, current.data);
  SEQUENT_ASSERT(current.phase == Phase::block && current.child == 0);
  if (id == 1 && state.cancelling) return undo_next();
  if (current.next == no_node) return block_over(id);
  start_task(id, current.next);
}

void Decider::begin(FrameId id) {
  if (undone_by_workflow(state, frame(id))) return begin_undoing_workflow(id);
  const auto kinds = overloaded{
      [&](const definition::DoTask& task) {
        enter_block(id, task.tasks.empty() ? no_node : task.tasks.front());
      },
      [&](const definition::SetTask&) { begin_set(id); },
      [&](const definition::SwitchTask&) { begin_switch(id); },
      [&](const definition::ForTask&) { begin_for(id); },
      [&](const definition::ForkTask&) { begin_fork(id); },
      [&](const definition::TryTask&) { begin_try(id, 1); },
      [&](const definition::RaiseTask&) { begin_raise(id); },
      [&](const definition::WaitTask&) { begin_wait(id); },
      [&](const definition::ListenTask&) { begin_listen(id); },
      [&](const definition::EmitTask&) { begin_emit(id); },
      [&](const definition::RunWorkflowTask&) { begin_child(id); },
      [&](const definition::CallTask&) { begin_call(id); },
      [&](const definition::FunctionTask&) { begin_function(id); },
  };
  std::visit(kinds, node_of(frame(id)).body);
}

void Decider::enter_block(FrameId id, NodeIndex first, Value data) {
  emit(BlockEntered{.frame = id, .next = first, .data = std::move(data)});
  make_ready(id);
}

void Decider::block_over(FrameId id) {
  const auto& body = node_of(frame(id)).body;
  if (id == 1) return finish(frame(id).data);
  if (std::holds_alternative<definition::ForTask>(body)) return next_iteration(id, false);
  if (std::holds_alternative<definition::ListenTask>(body)) return event_iteration_over(id);
  complete(id, frame(id).data);
}

std::expected<Value, Problem> Decider::workflow_input(const Value& raw) {
  if (const auto valid = check_schema(program.input, *raw, "the workflow's input"); !valid)
    return std::unexpected(valid.error());
  if (!program.input.transform) return nullptr;
  auto input = evaluator.fill(*program.input.transform, *raw, Here{});
  if (!input) return std::unexpected(input.error());
  return make_value(std::move(*input));
}

std::expected<Value, Problem> Decider::task_input(const Node& node, const Value& raw,
                                                  const Here& here) {
  if (const auto valid = check_schema(node.input, *raw, "the task's input"); !valid)
    return std::unexpected(valid.error());
  if (!node.input.transform) return nullptr;
  auto transformed = evaluator.fill(*node.input.transform, *raw, here);
  if (!transformed) return std::unexpected(transformed.error());
  return make_value(std::move(*transformed));
}

void Decider::start_task(FrameId parent_id, NodeIndex index, std::uint32_t ordinal) {
  const auto& node = program.node(index);
  auto& parent = frame(parent_id);
  const auto in_block = parent.phase == Phase::block;
  const Value raw = in_block ? parent.data : parent.input;
  const Here at{.node = &node, .raw_input = raw.get(), .started_at = now, .frame = parent_id};

  std::optional<Problem> failed;
  if (node.if_) {
    const auto wanted = evaluator.truth(*node.if_, *raw, at);
    if (wanted && !*wanted) {
      emit(TaskSkipped{.parent = parent_id, .node = index, .ordinal = ordinal, .next = node.next});
      return in_block ? make_ready(parent_id) : branch_over(parent_id, ordinal);
    }
    if (!wanted) failed = wanted.error();
  }
  TaskStarted started{
      .frame = state.last_frame + 1, .parent = parent_id, .node = index, .ordinal = ordinal};
  if (const auto seen = parent.visits.find(index); seen != parent.visits.end())
    started.visit = seen->second;
  if (!failed) {
    auto input = task_input(node, raw, at);
    if (input)
      started.input = std::move(*input);
    else
      failed = input.error();
  }
  if (!failed && node.timeout) {
    const auto limit = evaluator.duration(*node.timeout, *raw, at);
    if (limit)
      started.timeout_at = now + *limit;
    else
      failed = limit.error();
  }
  if (state.cancelling && parent_id == 1) {
    started.undoes = state.undoable.back().occurrence;
  } else if (!state.cancelling && node.compensation) {
    started.undo = path_to(started);
    if (!failed) failed = too_much_to_undo();
  }
  if (!failed && node.succeed_before && node.succeed_before->expression) {
    const auto before = evaluator.moment(*node.succeed_before->expression, *raw, at);
    if (before)
      started.succeed_before = *before;
    else
      failed = before.error();
  }
  const auto id = started.frame;
  emit(std::move(started));
  if (failed) return raise(id, std::move(*failed));
  make_ready(id);
}

namespace {

/// What the enclosing block runs after a task, by its `then`.
NodeIndex follow(const Node& node, const Flow& then) {
  switch (then.kind) {
    case Flow::Kind::continue_:
      return node.next;
    case Flow::Kind::task:
      return then.task;
    case Flow::Kind::exit:
    case Flow::Kind::end:
      return no_node;
  }
  return no_node;
}

}  // namespace

void Decider::complete(FrameId id, Value raw_output, const Flow* then) {
  const auto& current = frame(id);
  if (current.settling) return settled(id, std::move(raw_output));
  if (undone_by_workflow(state, current)) return undone(id, std::move(raw_output));
  const auto& node = node_of(current);
  auto at = here(current);
  at.raw_output = raw_output.get();
  TaskCompleted completed{.frame = id};

  Value output = raw_output;
  if (node.output.transform) {
    auto transformed = evaluator.fill(*node.output.transform, *raw_output, at);
    if (!transformed) return raise(id, transformed.error());
    output = make_value(std::move(*transformed));
  }
  if (const auto valid = check_schema(node.output, *output, "the task's output"); !valid)
    return raise(id, valid.error());
  at.output = output.get();
  if (node.export_.transform) {
    auto context = evaluator.fill(*node.export_.transform, *output, at);
    if (!context) return raise(id, context.error());
    if (const auto valid = check_schema(node.export_, *context, "the exported context"); !valid)
      return raise(id, valid.error());
    completed.context = make_value(std::move(*context));
  }
  const auto& flow = then != nullptr ? *then : node.then;
  if (state.cancelling && (!current.undoes.empty() || flow.kind == Flow::Kind::end))
    return undone(id, std::move(output), std::move(completed.context));
  if (output != current.data) completed.output = output;
  completed.next = follow(node, flow);
  completed.end = flow.kind == Flow::Kind::end;
  completed.respond = node.responds && !state.cancelling;
  if (completed.respond) {
    for (const auto& request : state.requests)
      if (request.open) completed.answered.push_back(request.id);
    if (node.answer) {
      const auto declared = evaluator.fill(*node.answer, *output, at, false);
      if (!declared) return raise(id, declared.error());
      auto answer = make_answer(*declared, *output);
      if (!answer) return raise(id, answer.error());
      completed.answer = make_value(std::move(*answer));
    } else if (!completed.answered.empty()) {
      completed.answer = make_value(plain_answer(*output));
    }
  }
  const auto parent = current.parent;
  const auto ordinal = current.ordinal;
  emit(std::move(completed));
  if (flow.kind == Flow::Kind::end) return finish(output);
  if (frame(parent).phase == Phase::branches) return branch_over(parent, ordinal);
  make_ready(parent);
}

void Decider::finish(Value output) {
  const Here at{};
  if (program.output.transform) {
    auto transformed = evaluator.fill(*program.output.transform, *output, at);
    if (!transformed) return fault_workflow(transformed.error());
    output = make_value(std::move(*transformed));
  }
  if (const auto valid = check_schema(program.output, *output, "the workflow's output"); !valid)
    return fault_workflow(valid.error());
  emit(InstanceCompleted{.output = std::move(output)});
}

namespace {

std::string path_below(const Program& program, const State& state, FrameId parent_id,
                       NodeIndex node, std::uint32_t visit) {
  auto path = path_of(program, state, parent_id);
  const auto& parent = state.frames.at(parent_id);
  const auto& base = program.node(parent.node).pointer;
  const auto& pointer = program.node(node).pointer;
  // Pointers nest, so the child's tail says which list and which task of it.
  path += pointer.starts_with(base) ? pointer.substr(base.size()) : pointer;
  if (const auto* loop = std::get_if<LoopState>(&parent.detail))
    path += "[" + std::to_string(loop->index) + "]";
  if (const auto* listen = std::get_if<ListenState>(&parent.detail))
    path += "[" + std::to_string(listen->iterated) + "]";
  if (visit != 0) path += "#" + std::to_string(visit);
  return path;
}

}  // namespace

std::string path_of(const Program& program, const State& state, FrameId id) {
  const auto& frame = state.frames.at(id);
  if (frame.parent == 0) return {};
  if (frame.settling) return frame.undo;  // where it was before all around it was cancelled
  // No path of the workflow's own tasks begins like this: what undoes has keys of its own.
  if (!frame.undoes.empty()) return "!" + frame.undoes + "!" + program.node(frame.node).pointer;
  return path_below(program, state, frame.parent, frame.node, frame.visit);
}

/// Where a task that tries over starts another child, that one is another effect.
std::string Decider::path_to(const TaskStarted& started) const {
  auto path = path_below(program, state, started.parent, started.node, started.visit);
  if (std::holds_alternative<definition::RunWorkflowTask>(program.node(started.node).body))
    path += tries_above(state, started.parent);
  return path;
}

std::string tries_above(const State& state, FrameId id) {
  std::string tries;
  for (; id != 0; id = state.frames.at(id).parent)
    if (const auto* attempt = std::get_if<TryState>(&state.frames.at(id).detail);
        attempt != nullptr && attempt->attempt > 1)
      tries += "^" + std::to_string(attempt->attempt);
  return tries;
}

std::string idempotency_key(const Program& program, const State& state, const Frame& frame) {
  auto material = state.id.text();
  material += path_of(program, state, frame.id);
  material += '~';
  material += std::to_string(frame.generation);
  return "sq_" + sha256_hex(material).substr(0, 40);
}

}  // namespace sequent::machine
