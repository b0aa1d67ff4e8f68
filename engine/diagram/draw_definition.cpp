#include "engine/diagram/draw_definition.hpp"
#include "engine/definition/workflow_name.hpp"

#include <algorithm>
#include <cctype>

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
              : strategy.mode == EventStrategy::Mode::all ? "\nand "
                                                          : "\nor ") +
             type;
  }
  return types.empty() ? "any event" : types;
}

bool comes_before(const Arrow& caller, const Arrow& arrow) {
  for (const auto& place : caller.places)
    for (const auto& other : arrow.places)
      if (place.diagram == other.diagram && place.number < other.number) return true;
  return false;
}

class Artist {
 public:
  explicit Artist(const Program& program) : program_{program} {
    picture_.title = program.title.empty() ? program.ref.name : program.title;
    picture_.participants = program.participants;
    owner_ = owner_of(program);
    callers_ = program.client_arrows;
  }

  Picture run() {
    draw_callers([](const Arrow& arrow) { return arrow.places.empty(); });
    draw_all(std::get<DoTask>(program_.node(0).body).tasks);
    draw_callers([](const Arrow&) { return true; });
    complete_participants(picture_);
    return std::move(picture_);
  }

 private:
  void draw_all(const std::vector<NodeIndex>& tasks) {
    for (const auto index : tasks) draw(program_.node(index));
  }

  void draw(const Node& node) {
    if (node.if_) open(Open::Block::optional, node.definition.value("if", "a condition"));
    if (const auto* listen = std::get_if<ListenTask>(&node.body))
      note(node.name + ": waits for " + events_of(program_, listen->to));
    for (auto& arrow : arrows_of(program_, node)) {
      draw_callers([&](const Arrow& caller) { return comes_before(caller, arrow); });
      picture_.lines.emplace_back(std::move(arrow));
    }
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
  void draw_body(const Node&, const ListenTask& body) { draw_all(body.tasks); }
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
  void close() {
    const auto* opened = std::get_if<Open>(&picture_.lines.back());
    if (opened == nullptr) {
      picture_.lines.emplace_back(Close{});
      return;
    }
    // Nothing is drawn inside: the label says it all.
    std::string label = opened->label;
    picture_.lines.pop_back();
    note(std::move(label));
  }
  template <class Which>
  void draw_callers(const Which& which) {
    std::vector<Arrow> later;
    for (auto& arrow : callers_)
      if (which(arrow))
        picture_.lines.emplace_back(std::move(arrow));
      else
        later.push_back(std::move(arrow));
    callers_ = std::move(later);
  }
  void note(std::string text) { picture_.lines.emplace_back(Note{owner_, std::move(text)}); }

  const Program& program_;
  Picture picture_;
  std::string owner_;
  std::vector<Arrow> callers_;  // not drawn yet
};

std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// The document's name of a provider: `STRIPE` for "stripe", `Auth Service` for "auth".
std::string participant_for(const Program& program, const std::string& provider) {
  const std::string wanted = plain(provider);
  for (const auto& name : program.participants)
    if (plain(name) == wanted) return name;
  for (const auto& name : program.participants)
    if (plain(name).starts_with(wanted)) return name;
  return provider;
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
  Arrow arrow;
  arrow.from = arrow.to = owner_of(program);
  if (const auto* call = std::get_if<CallTask>(&node.body)) {
    const auto& spec = call->activity;
    arrow.text = node.name + ": " + spec.name;
    if (!spec.in_store && !spec.provider.empty())
      arrow.to = participant_for(program, spec.provider);
  } else if (const auto* run = std::get_if<RunWorkflowTask>(&node.body)) {
    arrow.text = node.name + ": run " + workflow_name(run->workflow);
  } else if (std::holds_alternative<EmitTask>(node.body)) {
    arrow.text = node.name + ": emit";
  } else {
    return {};
  }
  return {arrow};
}

std::string owner_of(const Program& program) {
  for (const auto& node : program.nodes)
    if (!node.arrows.empty()) return node.arrows.front().from;
  const auto& known = program.participants;
  // The first participant is the caller.
  return known.size() > 1 ? known[1] : known.empty() ? std::string{engine_name} : known[0];
}

std::size_t first_answer(const std::vector<Arrow>& arrows) {
  for (std::size_t i = 1; i < arrows.size(); ++i)
    for (std::size_t asked = 0; asked < i; ++asked) {
      const bool itself = arrows[i].from == arrows[i].to;
      if (!itself && arrows[asked].from == arrows[i].to && arrows[asked].to == arrows[i].from)
        return i;
    }
  return arrows.size();
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
