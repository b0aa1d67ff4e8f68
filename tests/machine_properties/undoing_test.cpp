// Cancellations at any moment: what has been done is undone, once, the last first.
#include <catch2/catch.hpp>

#include "engine/machine/undo.hpp"
#include "simulation/workflows.hpp"
#include "tests/machine_properties/player.hpp"

using namespace sequent;
using namespace sequent::machine;
using sequent::testing::compile_document;
using sequent::testing::Player;

namespace {

constexpr int most_moves = 400;
constexpr int most_mends = 200;

Json undo_call(const std::string& name) {
  return Json{
      {"call", "shop.book"},
      {"with", {{"op", name}, {"run", "${ $workflow.id }"}, {"at", Json::array({"${ .task }"})}}}};
}

// By a task, by several, by one that does not always want to, by a workflow.
const std::vector<std::string> undoers{"undoCall", "undoBlock", "undoPerhaps",
                                       "simulation/sequence:1.0.0"};

void say_what_undoes(Json& tasks, simulation::Dice& dice) {
  for (auto& entry : tasks) {
    Json& task = entry.begin().value();
    const bool call = task.contains("call"), child = task.contains("run");
    if (dice.chance(call || child ? 700 : 100))
      task["metadata"] = Json{{"compensate", dice.pick(undoers)}};
    for (const char* list : {"do", "try"})
      if (task.contains(list)) say_what_undoes(task[list], dice);
    if (task.contains("fork")) say_what_undoes(task["fork"]["branches"], dice);
    if (task.contains("catch") && task["catch"].contains("do"))
      say_what_undoes(task["catch"]["do"], dice);
    if (task.contains("foreach")) say_what_undoes(task["foreach"]["do"], dice);
  }
}

Json undoable_document(std::uint64_t seed) {
  simulation::Dice dice(seed);
  simulation::WorkflowShape shape;
  shape.children = {"sequence"};
  Json document = simulation::random_workflow(dice, "random", shape);
  say_what_undoes(document["do"], dice);
  Json perhaps = undo_call("undoPerhaps");
  perhaps["if"] = "${ .task | length % 2 == 0 }";
  const Json block{{"do", Json::array({Json{{"undoFirst", undo_call("undoFirst")}},
                                       Json{{"undoPause", {{"wait", {{"seconds", 1}}}}}},
                                       Json{{"undoLast", undo_call("undoLast")}}})}};
  document["do"].push_back(Json{{"over", {{"set", {{"over", true}}}, {"then", "end"}}}});
  const auto add = [&document](const std::string& name, Json task) {
    if (document.dump().find("\"compensate\":\"" + name + "\"") == std::string::npos) return;
    document["do"].push_back(Json{{name, std::move(task)}});
  };
  add("undoCall", undo_call("undoCall"));
  add("undoBlock", block);
  add("undoPerhaps", perhaps);
  return document;
}

struct Undone {
  std::vector<std::string> done, undone;  // occurrences, in order
  bool to_the_end = false;
};

/// As the journal alone tells it.
Undone undone_in(const Records& journal) {
  struct Task {
    std::string undo;
    std::uint32_t generation = 0;
    bool nothing_done = false;
  };
  Undone out;
  std::map<FrameId, Task> tasks;
  for (const auto& record : journal) {
    if (const auto* started = std::get_if<TaskStarted>(&record.body)) {
      const auto generation =
          started->settling ? started->generation : tasks[started->parent].generation;
      tasks[started->frame] = {.undo = started->undo, .generation = generation};
    } else if (const auto* retried = std::get_if<TaskRetried>(&record.body)) {
      if (retried->frame != 0) tasks[retried->frame].generation = retried->generation;
      tasks[retried->frame].nothing_done = false;
    } else if (const auto* skipped = std::get_if<TaskSkippedByOperator>(&record.body)) {
      tasks[skipped->frame].nothing_done = skipped->output->is_null();
    } else if (const auto* completed = std::get_if<TaskCompleted>(&record.body)) {
      const auto& task = tasks[completed->frame];
      if (task.undo.empty() || task.nothing_done) continue;
      const auto occurrence = occurrence_of(task.undo, task.generation);
      std::erase(out.done, occurrence);
      out.done.push_back(occurrence);
    } else if (const auto* begun = std::get_if<CompensationStarted>(&record.body)) {
      out.undone.push_back(begun->undoes);
    } else if (const auto* cancelled = std::get_if<InstanceCancelled>(&record.body)) {
      out.to_the_end = !cancelled->at_once;
    }
  }
  return out;
}

}  // namespace

TEST_CASE("a run that is cancelled at any moment undoes each effect once, the last first",
          "[properties]") {
  std::size_t undone = 0, settled = 0, ended = 0;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    const auto program = compile_document(undoable_document(seed));
    for (std::uint64_t chance = 1; chance <= 2; ++chance) {
      CAPTURE(seed, chance);
      simulation::Dice dice(seed * 1'000 + chance);
      Player player(program, seed * 10 + chance, false);
      player.start();
      const auto moment = dice.below(40);
      for (std::size_t i = 0; i < moment && player.step(); ++i) {
      }
      player.cancel();
      int mends = 0;
      for (int i = 0; i < most_moves; ++i) {
        if (player.step()) continue;
        if (++mends > most_mends || !player.mend()) break;
      }
      const auto told = undone_in(player.journal());
      if (player.state().status != Status::cancelled || !told.to_the_end) continue;
      ++ended;
      undone += told.undone.size();
      settled += player.state().cancelling ? 1U : 0U;
      REQUIRE(std::vector(told.done.rbegin(), told.done.rend()) == told.undone);
      CHECK(player.state().undoable.empty());
      CHECK(player.state().undoable_bytes == 0);
      if (!player.had_its_word()) CHECK(player.doubtful().empty());
    }
  }
  // It must have been about something.
  CHECK(ended > 20);
  CHECK(undone > 20);
  CHECK(settled > 10);
}
