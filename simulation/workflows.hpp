#pragma once
// Workflow definitions for simulations and property tests: a handful by hand, and random ones that
// are valid by construction. All expressions are plain paths, which need no jq.
#include <string>
#include <vector>

#include "base/json.hpp"
#include "simulation/dice.hpp"

namespace sequent::simulation {

/// `raise` tasks raise this: a run that ends with it has ended as its definition says.
inline constexpr std::string_view designed_error = "https://simulation.example/designed";

inline constexpr const char* first_version = "1.0.0";
inline constexpr const char* second_version = "1.1.0";
inline constexpr const char* releasing_name = "release";
/// Its output is the object that it has made, so that its parent can undo that.
inline constexpr const char* making_name = "leaf";

struct WorkflowShape {
  int max_depth = 3;
  int max_tasks = 4;  // in one list
  int budget = 20;    // in all; then lists become as short as they can be
  std::vector<std::string> calls = {"shop.charge", "shop.once", "shop.book", "shop.read",
                                    "records.put"};
  std::vector<std::string> children;  // workflows that `run` may name; none = no `run`
  bool events = true;                 // `listen` and `emit`
  bool undoing = false;               // calls of the shop may say what undoes them
};

/// A document (as JSON) named simulation/`name`:1.0.0. Every call names its effect in its arguments:
/// {op, run, at}: the task, the run, and the indexes of the loops around it.
/// shape  the input that it expects: {items: [...], yes: true, no: false}
[[nodiscard]] Json random_workflow(Dice& dice, const std::string& name, const WorkflowShape& shape);

/// The document as an author might have changed it, as version 1.1.0: further tasks, others gone or in
/// another order, calls with other arguments or of another activity. An effect keeps its name, so that
/// a run that moves and repeats one is found out. What undoes a task may be another then.
[[nodiscard]] Json next_version(Dice& dice, Json document, const WorkflowShape& shape);

/// The definitions by hand, by name; each covers one kind of task in a plain way.
[[nodiscard]] std::vector<Json> fixed_workflows();
/// Those that start at their times.
[[nodiscard]] std::vector<Json> scheduled_workflows();

/// Those with a business key.
[[nodiscard]] std::vector<Json> keyed_workflows();

/// Those with effects that a cancellation undoes, before with_undoers(). An effect that can be undone
/// has `undoable` among its arguments.
[[nodiscard]] std::vector<Json> undoing_workflows();
/// What undoes some of it; it is never started by itself.
[[nodiscard]] Json releasing_workflow();
/// The document with the tasks that undo what it does: calls with the object in `undoes`.
[[nodiscard]] Json with_undoers(Json document);
/// By what tasks of a document with_undoers() may be undone.
[[nodiscard]] const std::vector<std::string>& undoers();

/// An input of those with a business key: few keys, so that callers meet.
[[nodiscard]] Json keyed_input(Dice& dice);
/// An input for the others.
[[nodiscard]] Json random_input(Dice& dice);

}  // namespace sequent::simulation
