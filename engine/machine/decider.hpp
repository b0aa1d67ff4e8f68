#pragma once
// One call of decide(): the working state of it, and the steps that every kind of task shares. The
// kinds themselves are in tasks/, one file each.
#include <deque>
#include <expected>
#include <string>

#include "engine/machine/decide.hpp"

namespace sequent::machine {

using definition::Node;
using definition::Program;
using expression::ExpressionId;
using expression::Scope;
using expression::Template;

template <class T>
using Evaluated = std::expected<T, Problem>;

/// What an expression may see where it stands; pointers are borrowed, null = not available there.
struct Here {
  const Node* node = nullptr;  // null = the workflow itself
  const Json* raw_input = nullptr;
  const Json* input = nullptr;
  const Json* raw_output = nullptr;
  const Json* output = nullptr;
  Timestamp started_at = 0;
  FrameId frame = 0;                // variables of its enclosing loops and catches
  const Json* variables = nullptr;  // further ones, which win
};

/// Evaluates expressions of one program for one instance. Reads state, changes nothing.
class Evaluator {
 public:
  Evaluator(const Program& program, const State& state, Timestamp now,
            const Surroundings& surroundings)
      : program_(program), state_(state), now_(now), surroundings_(surroundings) {}

  [[nodiscard]] Evaluated<Json> value(ExpressionId id, const Json& dot, const Here& here) const;
  /// jq's truth: everything but false and null.
  [[nodiscard]] Evaluated<bool> truth(ExpressionId id, const Json& dot, const Here& here) const;
  /// `bind_secrets` false leaves markers where an expression names a secret.
  [[nodiscard]] Evaluated<Json> fill(const Template& source, const Json& dot, const Here& here,
                                     bool bind_secrets = true) const;
  /// What the holes of `late` see beside `.`, the clock and the secrets, as it is now: filled in
  /// later, they must yield the same but for the secrets.
  [[nodiscard]] Evaluated<Json> freeze(const Template& late, const Here& here) const;
  [[nodiscard]] Evaluated<Json> fill_late(const Template& late, const Json& dot, const Here& here,
                                          const Json& frozen) const;
  [[nodiscard]] Evaluated<DurationMs> duration(const definition::Duration& duration,
                                               const Json& dot, const Here& here) const;
  /// A time, or a duration from when the task began; 0 = null.
  [[nodiscard]] Evaluated<Timestamp> moment(definition::ExpressionId expression, const Json& dot,
                                            const Here& here) const;

 private:
  struct Arguments;
  [[nodiscard]] Evaluated<Scope> scope(const expression::Needs& needs, const std::string& source,
                                       const Here& here, bool bind_secrets,
                                       Arguments& arguments) const;
  const Program& program_;
  const State& state_;
  Timestamp now_;
  const Surroundings& surroundings_;
};

/// Checks a value against an optional schema; `what` names it in the message ("input of the task").
[[nodiscard]] Evaluated<void> check_schema(const definition::DataFilter& filter, const Json& value,
                                           std::string_view what);

/// `what` names it in the message.
[[nodiscard]] Problem value_too_large(const std::string& what, std::size_t limit);
/// The holes of a call's arguments that name secrets, over what is filled in already.
[[nodiscard]] Template late_part(const Program& program, const definition::CallTask& task,
                                 Json filled);

class Decider {
 public:
  Decider(const Program& program, State& state, Timestamp now, std::uint64_t random,
          const Surroundings& surroundings)
      : program(program),
        state(state),
        now(now),
        surroundings(surroundings),
        evaluator(program, state, now, surroundings),
        random_(random) {}

  const Program& program;
  State& state;
  const Timestamp now;
  const Surroundings& surroundings;
  const Evaluator evaluator;
  Records records;

  /// The only way that anything changes: the record is applied and kept.
  void emit(RecordBody body);
  [[nodiscard]] std::uint64_t random();
  [[nodiscard]] bool running() const { return state.status == Status::running; }
  [[nodiscard]] Frame& frame(FrameId id) { return state.frames.at(id); }
  [[nodiscard]] Frame* find(FrameId id);
  [[nodiscard]] const Node& node_of(const Frame& frame) const { return program.node(frame.node); }
  [[nodiscard]] Here here(const Frame& frame) const;

  // flow.cpp: how tasks follow each other
  void make_ready(FrameId id) { ready_.push_back(id); }
  void find_ready();  // every frame that can run on by itself
  void run();         // runs on until all wait, the instance ends, or the budget is spent
  void start_task(FrameId parent, NodeIndex node, std::uint32_t ordinal = 0);
  /// A task's raw output is known: transform, export, and go where `then` says.
  void complete(FrameId id, Value raw_output, const definition::Flow* then = nullptr);
  void finish(Value output);  // the workflow is over
  /// After the workflow's `input.from`; null pointer = as it is.
  [[nodiscard]] std::expected<Value, Problem> workflow_input(const Value& raw);
  [[nodiscard]] bool journal_is_full() const;
  void enter_block(FrameId id, NodeIndex first, Value data = nullptr);

  // faults.cpp
  /// An error at a task: the nearest `try` that wants it takes it, or the instance faults.
  /// `faulted_child`: whose fault it was; a `try` that starts over begins that one again.
  void raise(FrameId id, Problem problem, DurationMs at_least_ms = 0, bool including_self = false,
             const InstanceId& faulted_child = {});
  /// Who would take an error of this task: nobody, a `try` that tries again, or a handler.
  enum class Taker : std::uint8_t { nobody, retry, handler };
  [[nodiscard]] Taker taker_of(FrameId id, const Problem& problem);
  void fault_workflow(Problem problem);

  // tasks/: entering (`begin_`), and what happens when a block or an answer is over
  void begin_set(FrameId id);
  void begin_switch(FrameId id);
  void begin_for(FrameId id);
  void next_iteration(FrameId id, bool first);
  void begin_fork(FrameId id);
  void branch_over(FrameId fork, std::uint32_t ordinal);
  void begin_try(FrameId id, std::uint32_t attempt);
  void begin_raise(FrameId id);
  void begin_wait(FrameId id);
  void begin_listen(FrameId id);
  /// True when a listening task took it. `held`: its place, from 1, among the held events.
  bool offer_event(const Value& event, std::uint32_t held = 0);
  void offer_held_events();
  /// Nobody can take it now. Past the limits it is not kept: the run faults, if it has not already.
  void hold_event(const Value& event);
  void listen_on(FrameId id);  // iterate the queue, or end when nothing more is wanted
  void event_iteration_over(FrameId id);
  void begin_emit(FrameId id);
  void begin_child(FrameId id);
  [[nodiscard]] InstanceId child_of(FrameId id) const;
  [[nodiscard]] std::string place_of(FrameId id) const;
  void begin_call(FrameId id);
  void begin_function(FrameId id);
  void activity_failed(FrameId id, std::uint32_t attempt, const Failure& failure, bool unsettled,
                       bool provider_open);
  void try_again(FrameId id);  // the next attempt of an activity
  void go_again(FrameId id);   // a parked one: the attempt that has not left yet, or the next

  // compensation.cpp: what a cancellation undoes, and how
  void cancel(const CancelAsked& asked);
  /// A task that settles has come to its end.
  void settled(FrameId id, Value raw_output);
  void drop(FrameId id);  // it had no effect
  void call_settles(AttemptFailed failed, bool provider_open);

 private:
  void ask_what_became();
  void undo_next();
  /// What undoes is over, wherever in it that was said.
  void undone(FrameId id, Value output, Value context = nullptr);
  void begin_undoing_workflow(FrameId id);
  [[nodiscard]] std::string path_to(const TaskStarted& started) const;
  [[nodiscard]] std::optional<Problem> too_much_to_undo() const;
  void step(FrameId id);
  void begin(FrameId id);
  void block_over(FrameId id);
  [[nodiscard]] std::expected<Value, Problem> task_input(const Node& node, const Value& raw,
                                                         const Here& here);
  struct Catch;
  [[nodiscard]] std::optional<Catch> catcher(FrameId from, const Problem& problem,
                                             DurationMs at_least_ms, bool including_self);

  std::deque<FrameId> ready_;
  std::uint32_t steps_ = 0;
  std::uint64_t random_;
};

/// Which tries around a task are not in their first attempt: "^2"; "" = none.
[[nodiscard]] std::string tries_above(const State& state, FrameId parent);
/// How long a call waits before its next attempt: full jitter, never sooner than it was asked to.
[[nodiscard]] DurationMs call_backoff(const definition::CallRetryPolicy& policy,
                                      std::uint32_t attempt, std::uint64_t random,
                                      DurationMs asked);
/// Can this frame run on by itself?
[[nodiscard]] bool is_ready(const Frame& frame);
/// Idempotency key of a frame: the same for every attempt, node and restart.
[[nodiscard]] std::string idempotency_key(const Program& program, const State& state,
                                          const Frame& frame);

}  // namespace sequent::machine
