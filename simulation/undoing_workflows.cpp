// The definitions with effects that a cancellation undoes. What has been done says so to the provider
// (`undoable`), and what undoes it names the object that it takes back (`undoes`).
#include <array>

#include "simulation/workflows.hpp"

namespace sequent::simulation {
namespace {

struct Named {
  const char* name;
  const char* tasks;
};

// Before, within and after calls of each kind; while it listens; by a task, a block and a workflow.
constexpr const char* booking = R"([
  {"charge": {"call": "shop.charge", "metadata": {"compensate": "uncharge"},
              "with": {"op": "charge", "run": "${ $workflow.id }", "at": [], "undoable": true}}},
  {"book": {"call": "shop.book", "metadata": {"compensate": "simulation/release:1.0.0"},
            "with": {"op": "book", "run": "${ $workflow.id }", "at": [], "undoable": true}}},
  {"hear": {"listen": {"to": {"one": {"with": {"type": "go.booking"},
    "correlate": {"run": {"from": "${ .data.run }", "expect": "${ $workflow.id }"}}}}}}},
  {"deliver": {"call": "shop.once", "metadata": {"compensate": "unblock"},
               "with": {"op": "deliver", "run": "${ $workflow.id }", "at": [], "undoable": true}}},
  {"pause": {"wait": {"seconds": 25}}},
  {"keep": {"call": "records.put",
            "with": {"op": "keep", "run": "${ $workflow.id }", "at": []}}}])";

// Iterations and branches, a call that its author gave up, and calls that lost a race.
constexpr const char* tour = R"([
  {"each": {"for": {"each": "item", "at": "index", "in": "${ $workflow.input.items }"}, "do": [
    {"charge": {"call": "shop.charge", "metadata": {"compensate": "unbook"},
                "with": {"op": "charge", "run": "${ $workflow.id }", "at": ["${ $index }"],
                         "undoable": true}}},
    {"pause": {"wait": {"seconds": 5}}}]}},
  {"side": {"fork": {"branches": [
    {"left": {"call": "shop.book", "metadata": {"compensate": "uncharge"},
              "with": {"op": "left", "run": "${ $workflow.id }", "at": [], "undoable": true}}},
    {"right": {"do": [
      {"later": {"wait": {"seconds": 20}}},
      {"rest": {"call": "shop.charge", "metadata": {"compensate": "simulation/release:1.0.0"},
                "with": {"op": "rest", "run": "${ $workflow.id }", "at": [],
                         "undoable": true}}}]}}]}}},
  {"guarded": {"try": [
    {"limited": {"call": "shop.charge", "timeout": {"after": {"seconds": 3}},
                 "metadata": {"compensate": "uncharge"},
                 "with": {"op": "limited", "run": "${ $workflow.id }", "at": [],
                          "undoable": true}}}],
    "catch": {"errors": {"with": {"status": 408}}, "do": [{"note": {"set": {"late": true}}}]}}},
  {"race": {"fork": {"compete": true, "branches": [
    {"fast": {"call": "shop.charge", "metadata": {"compensate": "uncharge"},
              "with": {"op": "fast", "run": "${ $workflow.id }", "at": [], "undoable": true}}},
    {"slow": {"call": "shop.book", "metadata": {"compensate": "unblock"},
              "with": {"op": "slow", "run": "${ $workflow.id }", "at": [], "undoable": true}}},
    {"clock": {"wait": {"seconds": 3}}}]}}},
  {"hear": {"listen": {"to": {"one": {"with": {"type": "go.tour"},
    "correlate": {"run": {"from": "${ .data.run }", "expect": "${ $workflow.id }"}}}}}}}])";

// Its output is what it has made: whoever runs it can undo that.
constexpr const char* leaf = R"([
  {"before": {"wait": {"seconds": 2}}},
  {"charge": {"call": "shop.charge", "metadata": {"compensate": "unbook"},
              "with": {"op": "charge", "run": "${ $workflow.id }", "at": [], "undoable": true}}},
  {"after": {"wait": {"seconds": 8}}}])";

// A child that is cut off undoes by itself; one that is completed is undone by its parent.
constexpr const char* agency = R"([
  {"charge": {"call": "shop.once", "metadata": {"compensate": "uncharge"},
              "with": {"op": "charge", "run": "${ $workflow.id }", "at": [], "undoable": true}}},
  {"child": {"run": {"workflow": {"namespace": "simulation", "name": "leaf", "version": "1.0.0"}},
             "metadata": {"compensate": "uncharge"}}},
  {"pair": {"fork": {"branches": [
    {"one": {"run": {"workflow": {"namespace": "simulation", "name": "booking",
                                  "version": "1.0.0"}}}},
    {"two": {"call": "shop.charge", "metadata": {"compensate": "unblock"},
             "with": {"op": "two", "run": "${ $workflow.id }", "at": [], "undoable": true}}}]}}},
  {"pause": {"wait": {"seconds": 30}}},
  {"book": {"call": "shop.book", "metadata": {"compensate": "simulation/release:1.0.0"},
            "with": {"op": "book", "run": "${ $workflow.id }", "at": [], "undoable": true}}}])";

// Only a cancellation undoes: what faults keeps what it has done.
constexpr const char* failing = R"([
  {"charge": {"call": "shop.charge", "metadata": {"compensate": "uncharge"},
              "with": {"op": "charge", "run": "${ $workflow.id }", "at": [], "undoable": true}}},
  {"pause": {"wait": {"seconds": 40}}},
  {"book": {"call": "shop.book", "metadata": {"compensate": "simulation/release:1.0.0"},
            "with": {"op": "book", "run": "${ $workflow.id }", "at": [], "undoable": true}}},
  {"raise": {"raise": {"error": {"type": "https://simulation.example/designed", "status": 422,
                                 "title": "as designed"}}}}])";

// Cancelled, it gives its business key up before it is undone.
constexpr const char* order = R"([
  {"charge": {"call": "shop.charge", "metadata": {"compensate": "unblock"},
              "with": {"op": "charge", "run": "${ $workflow.id }", "at": [], "undoable": true}}},
  {"pause": {"wait": {"seconds": 15}}},
  {"book": {"call": "shop.book", "metadata": {"compensate": "uncharge"},
            "with": {"op": "book", "run": "${ $workflow.id }", "at": [], "undoable": true}}},
  {"last": {"wait": {"seconds": 60}}}])";

constexpr std::array<Named, 5> texts{{{"booking", booking},
                                      {"tour", tour},
                                      {making_name, leaf},
                                      {"agency", agency},
                                      {"failing", failing}}};

/// `done`: where what it undoes is found.
Json undo_call(const char* activity, const std::string& done) {
  const auto object = "${ " + done + ".id }";
  return Json{{"call", activity},
              {"with",
               {{"op", "undo"},
                {"run", "${ " + done + ".made.run }"},
                {"at", Json::array({object})},
                {"undoes", object}}}};
}

Json document_of(const char* name, Json tasks) {
  return Json{
      {"document",
       {{"dsl", "1.0.3"}, {"namespace", "simulation"}, {"name", name}, {"version", first_version}}},
      {"do", std::move(tasks)}};
}

}  // namespace

const std::vector<std::string>& undoers() {
  static const std::vector<std::string> all{"uncharge", "unbook", "unblock",
                                            "simulation/release:1.0.0"};
  return all;
}

std::vector<Json> undoing_workflows() {
  std::vector<Json> all;
  for (const auto& text : texts) all.push_back(document_of(text.name, Json::parse(text.tasks)));
  all.push_back(document_of("undoneOrder", Json::parse(order)));
  all.back()["document"]["metadata"] = {{"key", ".order"}};
  return all;
}

Json releasing_workflow() {
  Json tasks = Json::array();
  tasks.push_back(Json{{"before", {{"wait", {{"seconds", 1}}}}}});
  tasks.push_back(Json{{"free", undo_call("shop.charge", "$workflow.input.output")}});
  tasks.push_back(Json{{"after", {{"wait", {{"seconds", 1}}}}}});
  return document_of(releasing_name, std::move(tasks));
}

Json with_undoers(Json document) {
  const auto text = dump_json(document);
  Json block = Json::array();
  block.push_back(Json{{"breathe", {{"wait", {{"seconds", 1}}}}}});
  block.push_back(Json{{"unblockCall", undo_call("shop.once", ".output")}});
  Json tasks = Json::array();
  tasks.push_back(Json{{"all", {{"do", document["do"]}, {"then", "end"}}}});
  const auto add = [&](const std::string& name, Json task) {
    if (text.find("\"compensate\":\"" + name + "\"") == std::string::npos) return;
    tasks.push_back(Json{{name, std::move(task)}});
  };
  add("uncharge", undo_call("shop.charge", ".output"));
  add("unbook", undo_call("shop.book", ".output"));
  add("unblock", Json{{"do", std::move(block)}});
  document["do"] = std::move(tasks);
  return document;
}

}  // namespace sequent::simulation
