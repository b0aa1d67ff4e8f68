#include "engine/machine/migrate.hpp"

#include <algorithm>
#include <set>

#include "engine/machine/command.hpp"

namespace sequent::machine {
namespace {

using definition::CallTask;
using definition::ForkTask;
using definition::FunctionTask;
using definition::ListenTask;
using definition::RunWorkflowTask;

constexpr std::uint32_t every_event = UINT32_MAX;  // filter of a task that takes any event

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

/// Collects the mapping, and every reason against it.
class Mapper {
 public:
  Mapper(const Program& from, const State& state, const Program& to)
      : from_(from), state_(state), to_(to), known_(by_names(to)) {}

  Result<Mapping> map() {
    for (const auto& [id, frame] : state_.frames) map_frame(frame);
    if (state_.response_node != 0) (void)find(state_.response_node);
    if (!findings_.empty()) return std::unexpected(error());
    for (const auto& [id, frame] : state_.frames) check_path(frame);
    check_open_keys();
    if (!findings_.empty()) return std::unexpected(error());
    return std::move(mapping_);
  }

 private:
  void object(const definition::Node& node, std::string message, std::string hint = "") {
    findings_.push_back({.message = std::move(message),
                         .pointer = node.pointer,
                         .line = node.line,
                         .hint = std::move(hint)});
  }

  [[nodiscard]] Error error() const {
    const auto& ref = to_.ref;
    Error error{.code = ErrorCode::wrong_state,
                .detail = "Run " + state_.id.text() + " cannot go on under version " + ref.version +
                          " of " + ref.workflow_namespace + "/" + ref.name + "."};
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
    if (std::holds_alternative<ActivityState>(frame.detail)) {
      if (frame.phase == Phase::activity)
        object(old, "its call is under way", "Try again once it has been answered.");
      else if (std::get<CallTask>(old.body).activity.name !=
                   std::get<CallTask>(now.body).activity.name &&
               frame.phase != Phase::faulted)
        object(old, "the new version calls another activity there, and this call is not over");
    }
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
    if (const auto* activity = std::get_if<ActivityState>(&frame.detail);
        activity != nullptr && !activity->unsettled && frame.phase == Phase::faulted)
      return;  // it has failed for certain: the next call is another one
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

  // A block that is under way may begin again (a `try`, a repair): then its calls must come again
  // under the keys that they had, which are made from their places.
  void check_open_keys() {
    const auto open = [](const auto& memory) { return memory.second.unsettled; };
    if (std::ranges::none_of(state_.keys, open)) return;
    for (NodeIndex i = 0; i < from_.nodes.size(); ++i) {
      const auto& old = from_.nodes[i];
      if (!std::holds_alternative<CallTask>(old.body) || !is_inside_live_block(i)) continue;
      const auto now = known_.find(names_in(old.pointer));
      if (now == known_.end() || now->second == no_node) continue;  // it never comes again
      if (to_.node(now->second).pointer == old.pointer) continue;
      object(old,
             "the block that it belongs to is under way and may begin again, and the new version "
             "changes the place of this call, which its idempotency key is made of",
             "Keep its place, or wait until the run has left the block.");
      return;
    }
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
    return fail(ErrorCode::wrong_state, "A run of " + old.workflow_namespace + "/" + old.name +
                                            " can only go on under another version of it, not as " +
                                            now.workflow_namespace + "/" + now.name + ".");
  if (from.digest == to.digest)
    return fail(ErrorCode::wrong_state, "The run is under version " + now.version + " already.");
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
