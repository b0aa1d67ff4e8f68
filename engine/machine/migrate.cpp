#include "engine/machine/migrate.hpp"

#include <algorithm>
#include <charconv>

#include "engine/definition/workflow_name.hpp"
#include "engine/machine/command.hpp"

namespace sequent::machine {
namespace {

using definition::CallTask;
using definition::EmitTask;
using definition::ForkTask;
using definition::ListenTask;
using definition::RunWorkflowTask;
using definition::SetTask;
using definition::SwitchTask;

/// A pointer without the numbers of the lists: "/do/0/pay/try/1/charge" is "/do/pay/try/charge". What
/// follows a number is a name, even one of digits.
std::string names_in(const std::string& pointer) {
  std::string names;
  bool after_number = false;
  for (std::size_t begin = 0; begin < pointer.size();) {
    const auto end = std::min(pointer.find('/', begin + 1), pointer.size());
    const auto part = pointer.substr(begin, end - begin);
    const bool digits = part.find_first_not_of("0123456789", 1) == std::string::npos;
    after_number = digits && !after_number;
    if (!after_number) names += part;
    begin = end;
  }
  return names;
}

std::map<std::string, NodeIndex> by_names(const Program& program) {
  std::map<std::string, NodeIndex> nodes;
  for (NodeIndex i = 0; i < program.nodes.size(); ++i) {
    const auto [known, fresh] = nodes.emplace(names_in(program.nodes[i].pointer), i);
    if (!fresh) known->second = no_node;  // which one is meant is not known
  }
  return nodes;
}

bool same_filter(const definition::EventFilter& a, const definition::EventFilter& b) {
  return a.type == b.type &&
         std::ranges::equal(a.correlations, b.correlations,
                            [](const auto& x, const auto& y) { return x.name == y.name; });
}

/// The holes that are filled when a request leaves, over arguments that are frozen: they must yield
/// the same under both versions.
bool same_late_part(const Program& from, const CallTask& a, const Program& to, const CallTask& b) {
  const auto one = late_part(from, a, Json());
  const auto other = late_part(to, b, Json());
  return std::ranges::equal(one.holes, other.holes, [&](const auto& x, const auto& y) {
    return x.at == y.at &&
           from.expressions->source(x.expression) == to.expressions->source(y.expression);
  });
}

/// "/do/2/thank" stands at 2 in the list "/do"; the only task of a function in no list ("").
struct Place {
  std::string list;
  std::size_t number = 0;
};
Place place_of(const std::string& pointer) {
  Place place;
  const auto name = pointer.rfind('/');
  if (name == std::string::npos || name == 0) return place;
  const auto number = pointer.rfind('/', name - 1);
  const auto end = pointer.data() + name;
  const auto read = std::from_chars(pointer.data() + number + 1, end, place.number);
  if (read.ec == std::errc{} && read.ptr == end) place.list = pointer.substr(0, number);
  return place;
}

/// Collects the mapping, and every reason against it.
class Mapper {
 public:
  Mapper(const Program& from, const State& state, const Program& to)
      : from_(from), state_(state), to_(to), known_(by_names(to)) {}

  Result<Mapping> map() {
    for (const auto& [id, frame] : state_.frames) {
      map_frame(frame);
      if (!frame.undo.empty()) need_undoing(frame.node);  // once it is over
    }
    for (const auto& done : state_.undoable) need_undoing(done.node);
    for (const auto& [key, memory] : state_.keys)
      if (!memory.undo.empty()) need_undoing(memory.node);
    if (state_.response_node != 0) (void)find(state_.response_node);
    if (!findings_.empty()) return std::unexpected(error());
    for (const auto& [id, frame] : state_.frames) {
      check_path(frame);
      check_order(frame);
    }
    check_repeats();
    check_undoing();
    if (!findings_.empty()) return std::unexpected(error());
    return std::move(mapping_);
  }

 private:
  void object(const definition::Node& node, std::string message, std::string hint = "") {
    findings_.push_back(
        {.message = std::move(message), .pointer = node.pointer, .hint = std::move(hint)});
  }

  [[nodiscard]] Error error() const {
    const auto& ref = to_.ref;
    Error error{.code = ErrorCode::wrong_state,
                .detail = "Run " + state_.id.text() + " cannot go on under version " + ref.version +
                          " of " + workflow_name(ref) + "."};
    error.findings = findings_;
    for (const auto& finding : findings_)
      error.detail += " " + finding.pointer + ": " + finding.message + ".";
    return error;
  }

  /// no_node: the new version has no such task.
  NodeIndex find(NodeIndex node) {
    const auto known = known_.find(names_in(from_.node(node).pointer));
    if (known == known_.end() || known->second == no_node) return no_node;
    if (from_.node(node).body.index() != to_.node(known->second).body.index()) return no_node;
    mapping_.nodes[node] = known->second;
    return known->second;
  }

  void need(NodeIndex node) {
    if (find(node) != no_node) return;
    const auto& old = from_.node(node);
    const auto known = known_.find(names_in(old.pointer));
    if (known == known_.end() || known->second == no_node)
      object(old, "the new version has no task with this name in this place",
             "Rewind it to a task that both have first, or let it end under its own version.");
    else
      object(old, "the new version has a task of another kind there");
  }

  void map_frame(const Frame& frame) {
    need(frame.node);
    if (frame.next != no_node) need(frame.next);
    for (const auto& [node, visits] : frame.visits) (void)find(node);
    const auto found = mapping_.nodes.find(frame.node);
    if (found == mapping_.nodes.end()) return;
    const auto& old = from_.node(frame.node);
    const auto& now = to_.node(found->second);
    if (const auto* fork = std::get_if<ForkTask>(&old.body)) map_branches(old, *fork, now);
    if (const auto* listen = std::get_if<ListenState>(&frame.detail))
      map_filters(old, *listen, std::get<ListenTask>(now.body));
    if (const auto* activity = std::get_if<ActivityState>(&frame.detail))
      check_call(frame, *activity, old, std::get<CallTask>(now.body));
  }

  void check_call(const Frame& frame, const ActivityState& activity, const definition::Node& old,
                  const CallTask& now) {
    const auto& task = std::get<CallTask>(old.body);
    if (frame.phase == Phase::activity && state_.status == Status::running)
      object(old, "its call is under way", "Try again once it has been answered.");
    else if (is_over_for_certain(frame))
      return;
    else if (task.activity.name != now.activity.name)
      object(old, "the new version calls another activity there, and this call is not over",
             "Let it end, or skip it, under its own version.");
    else if (activity.late && !same_late_part(from_, task, to_, now))
      object(old, "the new version has other secrets in its arguments, and this call is not over",
             "Let it end, or skip it, under its own version.");
  }

  /// The next call of the task is another one.
  [[nodiscard]] static bool is_over_for_certain(const Frame& frame) {
    const auto* activity = std::get_if<ActivityState>(&frame.detail);
    return activity != nullptr && !activity->unsettled && frame.phase == Phase::faulted;
  }

  // The outputs of branches are kept by their places.
  void map_branches(const definition::Node& old, const ForkTask& fork,
                    const definition::Node& now) {
    const auto& branches = std::get<ForkTask>(now.body).branches;
    const auto same = std::ranges::equal(fork.branches, branches, [&](NodeIndex a, NodeIndex b) {
      return names_in(from_.node(a).pointer) == names_in(to_.node(b).pointer);
    });
    if (!same) object(old, "the new version has other branches there, or in another order");
  }

  void map_filters(const definition::Node& old, const ListenState& listen, const ListenTask& now) {
    const auto& task = std::get<ListenTask>(old.body);
    const auto pair = [&](const std::vector<std::uint32_t>& a,
                          const std::vector<std::uint32_t>& b) {
      if (a.size() != b.size()) return false;
      for (std::size_t i = 0; i < a.size(); ++i) {
        if (!same_filter(from_.filters.at(a[i]), to_.filters.at(b[i]))) return false;
        mapping_.filters[a[i]] = b[i];
      }
      return true;
    };
    const bool same = task.to.mode == now.to.mode && task.foreach_ == now.foreach_ &&
                      pair(task.to.filters, now.to.filters) &&
                      pair(task.to.until_filters, now.to.until_filters);
    if (!same && !listen.closed)
      object(old, "it listens for other events in the new version",
             "Rewind it to an earlier task first, or let it end under its own version.");
  }

  // Idempotency keys and the ids of children are made from the path: what has been sent under one
  // must not be sent under another.
  void check_path(const Frame& frame) {
    const auto& body = from_.node(frame.node).body;
    const bool calls =
        std::holds_alternative<CallTask>(body) || std::holds_alternative<RunWorkflowTask>(body);
    if (!calls || frame.phase == Phase::entered) return;
    if (is_over_for_certain(frame)) return;
    for (auto id = frame.id; id != 0; id = state_.frames.at(id).parent)
      if (has_moved(state_.frames.at(id).node)) {
        object(from_.node(frame.node),
               "what it has begun is known by its place, which the new version changes",
               "Let it end, or skip it, under its own version.");
        return;
      }
  }

  [[nodiscard]] bool has_moved(NodeIndex node) const {
    return from_.node(node).pointer != to_.node(mapping_.nodes.at(node)).pointer;
  }

  // What has been done stays done: it must not come again because it stands later now.
  void check_order(const Frame& frame) {
    const auto at = frame.child == 0 ? frame.next : state_.frames.at(frame.child).node;
    if (at == no_node || frame.phase != Phase::block) return;
    for (const auto& [node, visits] : frame.visits) {
      const auto known = mapping_.nodes.find(node);
      const auto& body = from_.node(node).body;
      if (node == at || known == mapping_.nodes.end() || std::holds_alternative<SetTask>(body) ||
          std::holds_alternative<SwitchTask>(body))
        continue;
      if (is_before(from_.node(node), from_.node(at)) &&
          is_before(to_.node(mapping_.nodes.at(at)), to_.node(known->second)))
        object(from_.node(node),
               "it is done, and the new version does it after " + from_.node(at).name +
                   ", where the run is: it would come again",
               "Let the run end under its own version.");
    }
  }

  [[nodiscard]] static bool is_before(const definition::Node& a, const definition::Node& b) {
    const auto first = place_of(a.pointer), second = place_of(b.pointer);
    return !first.list.empty() && first.list == second.list && first.number < second.number;
  }

  // A block that is under way may begin again (a `try`, a repair): then its calls, children and
  // events must come again under the keys and ids that they had, which are made from their places.
  void check_repeats() {
    const bool open = std::ranges::any_of(
        state_.keys, [](const auto& memory) { return memory.second.unsettled; });
    for (NodeIndex i = 0; i < from_.nodes.size(); ++i) {
      const auto& old = from_.nodes[i];
      const auto* call = std::get_if<CallTask>(&old.body);
      const bool known_by_place = (call != nullptr && open) ||
                                  std::holds_alternative<RunWorkflowTask>(old.body) ||
                                  std::holds_alternative<EmitTask>(old.body);
      if (!known_by_place || !is_inside_live_block(i)) continue;
      const auto found = known_.find(names_in(old.pointer));
      if (found == known_.end() || found->second == no_node) continue;  // it never comes again
      const auto& now = to_.node(found->second);
      if (now.pointer != old.pointer)
        object(old,
               "the block that it belongs to is under way and may begin again, and the new version "
               "changes the place of this task, which its idempotency key is made of",
               "Keep its place, or wait until the run has left the block.");
      else if (call != nullptr && !same_call(*call, now))
        object(old,
               "the block that it belongs to is under way and may begin again, and the new version "
               "calls something else there, which must not go out under the key of the first call",
               "Give the task another name, or wait until the run has left the block.");
    }
  }

  /// What a task has done, or may have, must be undone by a cancellation under the new version too.
  void need_undoing(NodeIndex node) {
    const auto now = find(node);
    if (now != no_node && to_.node(now).compensation) return;
    object(from_.node(node),
           "a cancellation undoes what it has done, and the new version does not say how",
           "Keep the task and its metadata.compensate, or let the run end under its own version.");
  }

  // A cancellation asks again under the key of a call that nobody waits for any more.
  void check_undoing() {
    for (const auto& [key, memory] : state_.keys) {
      if (memory.undo.empty()) continue;
      const auto* call = std::get_if<CallTask>(&from_.node(memory.node).body);
      if (has_moved(memory.node) ||
          (call != nullptr && !same_call(*call, to_.node(mapping_.nodes.at(memory.node)))))
        object(from_.node(memory.node),
               "it is not known what became of its call, which a cancellation would ask again, and "
               "the new version changes its place or what it calls",
               "Let the run end under its own version.");
    }
  }

  [[nodiscard]] bool same_call(const CallTask& call, const definition::Node& now) const {
    const auto* other = std::get_if<CallTask>(&now.body);
    if (other == nullptr) return true;  // nothing goes out under its key
    return other->activity.name == call.activity.name && same_late_part(from_, call, to_, *other);
  }

  [[nodiscard]] bool is_inside_live_block(NodeIndex node) const {
    const auto is_live = [&](NodeIndex block) {
      return std::ranges::any_of(state_.frames,
                                 [&](const auto& entry) { return entry.second.node == block; });
    };
    // The root itself does not begin again.
    for (auto at = from_.node(node).parent; at != 0 && at != no_node; at = from_.node(at).parent)
      if (is_live(at)) return true;
    return false;
  }

  const Program& from_;
  const State& state_;
  const Program& to_;
  std::map<std::string, NodeIndex> known_;
  Mapping mapping_;
  std::vector<Finding> findings_;
};

}  // namespace

Result<Mapping> map_state(const Program& from, const State& state, const Program& to) {
  const auto& old = from.ref;
  const auto& now = to.ref;
  if (old.workflow_namespace != now.workflow_namespace || old.name != now.name)
    return fail(ErrorCode::wrong_state, "A run of " + workflow_name(old) +
                                            " can only go on under another version of it, not as " +
                                            workflow_name(now) + ".");
  if (from.digest == to.digest)
    return fail(ErrorCode::wrong_state, "The run is under version " + now.version + " already.");
  if (state.cancelling && state.status != Status::cancelled)
    return fail(ErrorCode::wrong_state,
                "The run is being cancelled: it undoes what it has done, under its own version.");
  if (state.status == Status::completed || state.status == Status::cancelled)
    return fail(ErrorCode::wrong_state,
                "The run has ended: it is " + std::string(name_of(state.status)) + ".");
  return Mapper{from, state, to}.map();
}

Result<void> on_migrate(Decider& d, const MigrateAsked& e) {
  auto mapping = map_state(d.program, d.state, *e.program);
  if (!mapping) return std::unexpected(mapping.error());
  d.emit(Migrated{.workflow = e.program->ref,
                  .digest = e.program->digest,
                  .layout = e.program->layout,
                  .nodes = std::move(mapping->nodes),
                  .filters = std::move(mapping->filters),
                  .reason = e.reason,
                  .by = e.by});
  return {};
}

}  // namespace sequent::machine
