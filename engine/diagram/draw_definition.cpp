#include "engine/diagram/draw_definition.hpp"

namespace sequent::diagram {
namespace {

using namespace definition;

std::string text_of_duration(const Duration& duration) {
  return duration.expression ? "a time that is computed" : format_duration(duration.fixed_ms);
}

// `when` as it stands in the document.
std::string condition_of(const Node& node, const std::string& name) {
  const Json& list = node.definition.value("switch", Json::array());
  for (const auto& item : list)
    if (item.contains(name)) return item[name].value("when", "otherwise");
  return "otherwise";
}

std::string target_of(const Program& program, const Flow& flow) {
  switch (flow.kind) {
    case Flow::Kind::continue_:
      return "go on";
    case Flow::Kind::exit:
      return "leave the block";
    case Flow::Kind::end:
      return "end";
    case Flow::Kind::task:
      return program.node(flow.task).name;
  }
  return {};
}

std::string events_of(const Program& program, const EventStrategy& strategy) {
  std::string types;
  for (const auto index : strategy.filters) {
    const auto& type = program.filters.at(index).type;
    if (type.empty() || types.find(type) != std::string::npos) continue;
    types += (types.empty()                               ? ""
              : strategy.mode == EventStrategy::Mode::all ? " and "
                                                          : " or ") +
             type;
  }
  return types.empty() ? "any event" : types;
}

class Artist {
 public:
  explicit Artist(const Program& program) : program_{program} {
    picture_.title = program.title.empty() ? program.ref.name : program.title;
    picture_.participants = program.participants;
    // Switches and waits stand over whoever owns the sequence: the participant behind the caller.
    const auto& known = program.participants;
    owner_ = known.size() > 1 ? known[1] : known.empty() ? std::string{engine_name} : known[0];
  }

  Picture run() {
    draw_all(std::get<DoTask>(program_.node(0).body).tasks);
    complete_participants(picture_);
    return std::move(picture_);
  }

 private:
  void draw_all(const std::vector<NodeIndex>& tasks) {
    for (const auto index : tasks) draw(program_.node(index));
  }

  void draw(const Node& node) {
    if (node.if_) open(Open::Block::optional, node.definition.value("if", "a condition"));
    for (auto& arrow : arrows_of(program_, node)) picture_.lines.emplace_back(std::move(arrow));
    std::visit([&](const auto& body) { draw_body(node, body); }, node.body);
    if (node.if_) close();
    if (node.then.kind == Flow::Kind::end) note(node.name + ": the run ends here");
    if (node.then.kind == Flow::Kind::task) note("go on at " + target_of(program_, node.then));
  }

  void draw_body(const Node&, const DoTask& body) { draw_all(body.tasks); }
  void draw_body(const Node& node, const SwitchTask& body) {
    std::string text = node.name;
    for (const auto& one : body.cases)
      text += "\n" + condition_of(node, one.name) + ": " + target_of(program_, one.then);
    note(text);
  }
  void draw_body(const Node& node, const ForTask& body) {
    open(Open::Block::loop, node.name + ": for each " + body.each);
    draw_all(body.tasks);
    close();
  }
  void draw_body(const Node& node, const ForkTask& body) {
    for (std::size_t i = 0; i < body.branches.size(); ++i) {
      const std::string& label = program_.node(body.branches[i]).name;
      if (i == 0) {
        open(Open::Block::parallel,
             node.name + (body.compete ? ", the first wins: " : ": ") + label);
      } else {
        picture_.lines.emplace_back(Branch{Open::Block::parallel, label});
      }
      draw(program_.node(body.branches[i]));
    }
    if (!body.branches.empty()) close();
  }
  void draw_body(const Node& node, const TryTask& body) {
    if (body.retry) open(Open::Block::loop, node.name + ": tried again after an error");
    draw_all(body.tasks);
    if (body.retry) close();
    if (body.catch_tasks.empty()) return;
    open(Open::Block::optional, node.name + ": an error came");
    draw_all(body.catch_tasks);
    close();
  }
  void draw_body(const Node& node, const RaiseTask&) {
    const Json error = node.definition.value("raise", Json::object()).value("error", Json());
    const std::string title = error.is_object() ? error.value("title", "") : std::string{};
    note(node.name + ": refused" + (title.empty() ? "" : ", " + title));
  }
  void draw_body(const Node& node, const WaitTask& body) {
    note(node.name + ": waits " + text_of_duration(body.duration));
  }
  void draw_body(const Node& node, const ListenTask& body) {
    note(node.name + ": waits for " + events_of(program_, body.to));
    draw_all(body.tasks);
  }
  void draw_body(const Node&, const FunctionTask& body) {
    if (body.task != no_node) draw(program_.node(body.task));
  }
  void draw_body(const Node&, const SetTask&) {}
  void draw_body(const Node&, const EmitTask&) {}
  void draw_body(const Node&, const RunWorkflowTask&) {}
  void draw_body(const Node&, const CallTask&) {}

  void open(Open::Block block, std::string label) {
    picture_.lines.emplace_back(Open{block, std::move(label)});
  }
  void close() { picture_.lines.emplace_back(Close{}); }
  void note(std::string text) { picture_.lines.emplace_back(Note{owner_, std::move(text)}); }

  const Program& program_;
  Picture picture_;
  std::string owner_;
};

Arrow to_itself(std::string text) {
  return Arrow{std::string{engine_name}, std::string{engine_name}, std::move(text)};
}

// A block with arrows speaks for its tasks.
bool inside_of_arrows(const Program& program, const Node& node) {
  for (auto parent = node.parent; parent != no_node; parent = program.node(parent).parent)
    if (!program.node(parent).arrows.empty()) return true;
  return false;
}

}  // namespace

Picture draw_definition(const Program& program) {
  return Artist{program}.run();
}

std::vector<Arrow> arrows_of(const Program& program, const Node& node) {
  if (!node.arrows.empty()) return node.arrows;
  if (inside_of_arrows(program, node)) return {};
  if (const auto* call = std::get_if<CallTask>(&node.body)) {
    const auto& spec = call->activity;
    const bool inside = spec.in_store || spec.provider.empty();
    Arrow arrow = to_itself(node.name + ": " + spec.name);
    if (!inside) arrow.to = spec.provider;
    return {arrow};
  }
  if (const auto* run = std::get_if<RunWorkflowTask>(&node.body))
    return {to_itself(node.name + ": run " + run->workflow.workflow_namespace + "/" +
                      run->workflow.name)};
  if (std::holds_alternative<EmitTask>(node.body)) return {to_itself(node.name + ": emit")};
  return {};
}

void complete_participants(Picture& picture) {
  const auto want = [&](const std::string& name) {
    auto& known = picture.participants;
    if (std::find(known.begin(), known.end(), name) == known.end()) known.push_back(name);
  };
  for (const auto& line : picture.lines) {
    if (const auto* arrow = std::get_if<Arrow>(&line)) {
      want(arrow->from);
      want(arrow->to);
    } else if (const auto* note = std::get_if<Note>(&line)) {
      want(note->over);
    }
  }
}

}  // namespace sequent::diagram
