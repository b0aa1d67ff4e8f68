#include "simulation/workflows.hpp"

namespace sequent::simulation {
namespace {

constexpr int longest_wait_s = 120;

Json seconds(std::int64_t count) {
  return Json{{"seconds", count}};
}

bool makes_object(const Json& call) {
  return call["call"] == "shop.charge" || call["call"] == "shop.once" ||
         call["call"] == "shop.book";
}

/// One random document under construction.
class Maker {
 public:
  Maker(Dice& dice, const WorkflowShape& shape) : dice_(dice), shape_(shape) {}

  Json list(int depth) {
    const auto count = tasks_ < shape_.budget ? dice_.between(1, shape_.max_tasks) : 1;
    Json tasks = Json::array();
    for (std::int64_t i = 0; i < count; ++i) {
      const auto name = fresh("task");
      ++tasks_;
      Json body = task(name, tasks_ < shape_.budget ? depth : shape_.max_depth);
      if (dice_.chance(100)) body["if"] = dice_.chance(700) ? yes() : no();
      if (dice_.chance(100)) body["export"] = Json{{"as", "${ . }"}};
      tasks.push_back(Json{{name, std::move(body)}});
    }
    return tasks;
  }

 private:
  static std::string yes() { return "${ $workflow.input.yes }"; }
  static std::string no() { return "${ $workflow.input.no }"; }
  std::string fresh(const std::string& stem) { return stem + std::to_string(++last_); }

  Json task(const std::string& name, int depth) {
    const bool nests = depth < shape_.max_depth;
    switch (dice_.below(nests ? 14 : 8)) {
      case 0:
      case 1:
      case 2:
        return call(name);
      case 3:
        return Json{{"set", {{"from", name}, {"kept", "${ $workflow.input.items }"}}}};
      case 4:
        return Json{{"wait", seconds(dice_.between(1, longest_wait_s))}};
      case 5:
        return shape_.events ? listen(name) : call(name);
      case 6:
        return shape_.events ? emit(name) : call(name);
      case 7:
        return shape_.children.empty() ? call(name) : child();
      case 8:
        // One loop in another would make runs of thousands of records, and show nothing new.
        return indexes_.empty() ? loop(depth) : call(name);
      case 9:
        return fork(depth);
      case 10:
      case 11:
        return attempt(name, depth);
      case 12:
        return choice(depth);
      default:
        return Json{{"do", list(depth + 1)}};
    }
  }

  Json call(const std::string& name) {
    Json arguments{{"op", name}, {"run", "${ $workflow.id }"}, {"at", Json::array()}};
    for (const auto& index : indexes_) arguments["at"].push_back("${ $" + index + " }");
    Json body{{"call", dice_.pick(shape_.calls)}, {"with", std::move(arguments)}};
    if (shape_.undoing && makes_object(body) && dice_.chance(600)) {
      body["with"]["undoable"] = true;
      body["metadata"] = Json{{"compensate", dice_.pick(undoers())}};
    }
    return body;
  }

  Json listen(const std::string& name) {
    const auto filter = [&](const std::string& type) {
      return Json{
          {"with", {{"type", type}}},
          {"correlate", {{"run", {{"from", "${ .data.run }"}, {"expect", "${ $workflow.id }"}}}}}};
    };
    const auto first = "go." + name, second = "stop." + name;
    Json to;
    switch (dice_.below(4)) {
      case 0:
        to["one"] = filter(first);
        break;
      case 1:
        to["all"] = Json::array({filter(first), filter(second)});
        break;
      case 2:
        to["any"] = Json::array({filter(first), filter(second)});
        break;
      default:
        to["any"] = Json::array({filter(first)});
        to["until"] = Json{{"one", filter(second)}};
    }
    Json body{{"listen", {{"to", std::move(to)}}}};
    if (dice_.chance(300)) {
      const auto at = fresh("at");
      indexes_.push_back(at);
      body["foreach"] = Json{{"item", fresh("item")}, {"at", at}};
      body["foreach"]["do"] = Json::array({Json{{fresh("each"), call(fresh("effect"))}}});
      indexes_.pop_back();
    }
    return body;
  }

  Json emit(const std::string& name) {
    return Json{{"emit",
                 {{"event",
                   {{"with",
                     {{"source", "https://simulation.example"},
                      {"type", dice_.chance(500) ? "made.anything" : "made." + name},
                      {"data", {{"run", "${ $workflow.id }"}}}}}}}}}};
  }

  Json child() {
    Json workflow{{"namespace", "simulation"},
                  {"name", dice_.pick(shape_.children)},
                  {"version", "1.0.0"},
                  {"input", "${ $workflow.input }"}};
    Json run{{"workflow", std::move(workflow)}};
    if (dice_.chance(250)) run["await"] = false;
    return Json{{"run", std::move(run)}};
  }

  Json loop(int depth) {
    const auto item = fresh("item"), at = fresh("at");
    indexes_.push_back(at);
    Json body{{"for", {{"each", item}, {"at", at}, {"in", "${ $workflow.input.items }"}}},
              {"do", list(depth + 1)}};
    indexes_.pop_back();
    return body;
  }

  Json fork(int depth) {
    Json branches = Json::array();
    const auto count = dice_.between(1, 3);
    for (std::int64_t i = 0; i < count; ++i) {
      const auto name = fresh("branch");
      if (dice_.chance(500)) {
        branches.push_back(Json{{name, call(name)}});
      } else {
        branches.push_back(Json{{name, {{"do", list(depth + 1)}}}});
      }
    }
    return Json{{"fork", {{"compete", dice_.chance(300)}, {"branches", std::move(branches)}}}};
  }

  Json attempt(const std::string& name, int depth) {
    Json tasks = list(depth + 1);
    if (dice_.chance(300)) {
      const auto limited = fresh("limited");
      Json slow = dice_.chance(500) ? call(limited) : Json{{"wait", seconds(60)}};
      slow["timeout"] = Json{{"after", seconds(dice_.between(2, 90))}};
      tasks.push_back(Json{{limited, std::move(slow)}});
    }
    // Nothing comes after it: what can't be reached is an error of the definition.
    if (dice_.chance(200)) tasks.push_back(Json{{fresh("raise"), raise(name)}});
    Json handler = Json::object();
    if (dice_.chance(600)) handler["errors"] = Json{{"with", {{"status", status()}}}};
    if (dice_.chance(500)) {
      Json retry{{"delay", seconds(dice_.between(1, 5))},
                 {"limit", {{"attempt", {{"count", dice_.between(1, 3)}}}}}};
      if (dice_.chance(300)) retry["backoff"] = Json{{"exponential", Json::object()}};
      handler["retry"] = std::move(retry);
    }
    if (dice_.chance(600) || !handler.contains("retry")) handler["do"] = list(depth + 1);
    return Json{{"try", std::move(tasks)}, {"catch", std::move(handler)}};
  }

  int status() { return dice_.pick(std::vector<int>{402, 408, 422, 429, 503, 504}); }

  Json raise(const std::string& name) {
    Json body{{"raise",
               {{"error", {{"type", designed_error}, {"status", 422}, {"title", "as designed"}}}}}};
    body["raise"]["error"]["detail"] = "raised by " + name;
    if (dice_.chance(500)) body["if"] = dice_.chance(500) ? yes() : no();
    return body;
  }

  // The cases jump over nothing that must be reached otherwise: all of them leave the block.
  Json choice(int depth) {
    Json cases = Json::array();
    cases.push_back(
        Json{{fresh("case"), {{"when", dice_.chance(500) ? yes() : no()}, {"then", "exit"}}}});
    if (dice_.chance(200))
      cases.push_back(Json{{fresh("case"), {{"when", no()}, {"then", "end"}}}});
    Json tasks = Json::array({Json{{fresh("switch"), {{"switch", std::move(cases)}}}}});
    for (auto& each : list(depth + 1)) tasks.push_back(std::move(each));
    return Json{{"do", std::move(tasks)}};
  }

  Dice& dice_;
  const WorkflowShape& shape_;
  int last_ = 0, tasks_ = 0;
  std::vector<std::string> indexes_;
};

bool is_raise(const Json& named) {
  return named.begin()->contains("raise");
}

/// Every list of tasks that a body holds.
template <class Change>
void each_list(Json& tasks, const Change& change) {
  change(tasks);
  for (auto& named : tasks) {
    Json& body = *named.begin();
    for (const char* list : {"do", "try"})
      if (body.contains(list)) each_list(body[list], change);
    if (body.contains("catch") && body["catch"].contains("do"))
      each_list(body["catch"]["do"], change);
    if (body.contains("fork"))
      for (auto& branch : body["fork"]["branches"])
        if (branch.begin()->contains("do")) each_list((*branch.begin())["do"], change);
  }
}

}  // namespace

Json random_workflow(Dice& dice, const std::string& name, const WorkflowShape& shape) {
  Json document{
      {"document",
       {{"dsl", "1.0.3"}, {"namespace", "simulation"}, {"name", name}, {"version", "1.0.0"}}}};
  document["do"] = Maker(dice, shape).list(0);
  return document;
}

Json next_version(Dice& dice, Json document, const WorkflowShape& shape) {
  document["document"]["version"] = second_version;
  int added = 0;
  Json& root = document["do"];
  each_list(root, [&](Json& tasks) {
    for (auto& named : tasks) {
      Json& body = *named.begin();
      if (body.contains("metadata") && dice.chance(200))
        body["metadata"]["compensate"] = dice.pick(undoers());
      if (!body.contains("call") || !body["with"].contains("op")) continue;
      if (dice.chance(500)) body["with"]["edition"] = 2;
      if (dice.chance(150) && body["call"] != "records.put") body["call"] = "shop.charge";
    }
    const auto note = [&] { return Json{{"note" + std::to_string(++added), {{"set", "${ . }"}}}}; };
    if (dice.chance(200)) tasks.insert(tasks.begin(), note());
    // What follows a `raise` would never be reached.
    if (dice.chance(400) && !is_raise(tasks.back())) tasks.push_back(note());
  });
  if (root.size() > 2 && dice.chance(200) && !is_raise(root.back())) {
    const auto at = dice.below(root.size() - 1);
    std::swap(root[at], root[at + 1]);
  }
  if (root.size() > 1 && dice.chance(100)) root.erase(dice.below(root.size()));
  if (dice.chance(500) && !is_raise(root.back())) {
    const auto name = "added" + std::to_string(++added);
    root.push_back(
        Json{{name,
              {{"call", dice.pick(shape.calls)},
               {"with", {{"op", name}, {"run", "${ $workflow.id }"}, {"at", Json::array()}}}}}});
  }
  return document;
}

Json keyed_input(Dice& dice) {
  return Json{{"order", "order-" + std::to_string(dice.between(1, 3))},
              {"amount", dice.chance(850) ? 100 : 250},
              {"no", false}};
}

Json random_input(Dice& dice) {
  Json items = Json::array();
  const auto count = dice.between(0, 4);
  for (std::int64_t i = 0; i < count; ++i) items.push_back(dice.between(1, 100));
  return Json{{"items", std::move(items)}, {"yes", true}, {"no", false}};
}

}  // namespace sequent::simulation
