#include "cli/sequences.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <thread>

#include "cli/scenario_files.hpp"
#include "engine/definition/workflow_name.hpp"
#include "engine/diagram/page.hpp"
#include "engine/diagram/trace.hpp"

namespace sequent::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view introduction =
    "# The trace table\n\n"
    "Written by `sequent diagram workflows --write docs`; do not edit. Each arrow of each source "
    "diagram, by its\nnumber there; the workflow and task that carries it out, or the word that it "
    "is "
    "the caller's own step;\nand the scenario of `sequent crashtest` that shows it. "
    "[diagrams.md](diagrams.md) has the rules.\n\n";

/// Which scenario is the first to show what.
struct Shown {
  std::map<std::string, std::string> tasks;  // JSON Pointer -> scenario
  std::map<definition::ArrowPlace, std::string> callers;
};

bool has_arrows(const definition::Program& program) {
  return !program.client_arrows.empty() ||
         std::any_of(program.nodes.begin(), program.nodes.end(),
                     [](const auto& node) { return !node.arrows.empty(); });
}

// Whether there is nothing left that a further scenario could be the first to show.
bool all_shown(const definition::Program& program, const Shown& shown) {
  return std::all_of(program.nodes.begin(), program.nodes.end(), [&](const auto& node) {
    return node.arrows.empty() || shown.tasks.contains(node.pointer);
  });
}

Result<void> take_callers(const definition::Program& program, const Subject& subject,
                          const crashtest::Scenario& scenario, Shown& shown) {
  for (const auto& step : scenario.steps)
    for (const auto& place : step.arrows) {
      const bool known = std::any_of(
          program.client_arrows.begin(), program.client_arrows.end(), [&](const auto& arrow) {
            return std::find(arrow.places.begin(), arrow.places.end(), place) != arrow.places.end();
          });
      if (!known)
        return fail(ErrorCode::invalid_definition,
                    subject.scenarios.file + ":" + std::to_string(step.line) + ": step " +
                        step.name + " plays arrow " + std::to_string(place.diagram) + "." +
                        std::to_string(place.number) + ", which is none of " +
                        workflow_name(program.ref) + "'s document.metadata.clientArrows.");
      shown.callers.emplace(place, scenario.name);
    }
  return {};
}

Result<Shown> play(const Checked& workflow) {
  const definition::Program& program = *workflow.program;
  Shown shown;
  if (!has_arrows(program)) return shown;
  const auto subject = read_subject(workflow.file, 1);
  if (!subject) return std::unexpected(subject.error());
  const auto programs = std::make_shared<crashtest::Programs>(1);
  for (const auto& scenario : subject->scenarios.scenarios) {
    if (auto taken = take_callers(program, *subject, scenario, shown); !taken)
      return std::unexpected(taken.error());
    if (all_shown(program, shown)) continue;
    const auto tasks =
        crashtest::tasks_shown(subject->scenarios, scenario, subject->deployments, programs);
    if (!tasks) return std::unexpected(tasks.error());
    for (const auto& done : *tasks)
      if (done.workflow == workflow_name(program.ref))
        shown.tasks.emplace(done.task, scenario.name);
  }
  return shown;
}

// One workflow's scenarios one after the other, the workflows side by side.
Result<std::map<std::string, Shown>> play_all(const std::vector<Checked>& workflows, int jobs) {
  std::vector<std::optional<Result<Shown>>> played(workflows.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < workflows.size(); i = next++)
      played[i].emplace(play(workflows[i]));
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 1; i < jobs; ++i) threads.emplace_back(work);
    work();
  }
  std::map<std::string, Shown> by_name;
  for (std::size_t i = 0; i < workflows.size(); ++i) {
    if (!*played[i]) return std::unexpected(played[i]->error());
    by_name[workflow_name(workflows[i].program->ref)] = std::move(**played[i]);
  }
  return by_name;
}

Result<void> fill_in(diagram::Carrier& carrier, const Shown& shown) {
  const auto name = carrier.workflow.substr(carrier.workflow.find('/') + 1);
  std::string scenario;
  if (carrier.task.empty()) {
    const auto found = shown.callers.find(carrier.place);
    if (found != shown.callers.end()) scenario = found->second;
  } else {
    const auto found = shown.tasks.find(carrier.task);
    if (found == shown.tasks.end())
      return fail(ErrorCode::conflict, "No scenario of " + carrier.workflow +
                                           " completes the task " + carrier.task +
                                           ", so nothing shows the arrow that it carries out: add "
                                           "one to its scenarios.");
    scenario = found->second;
  }
  if (!scenario.empty()) carrier.shown_by = "crashtest: " + name + "/" + scenario;
  return {};
}

}  // namespace

Result<std::string> trace_table(const std::vector<Checked>& workflows, int jobs) {
  std::vector<definition::ProgramPtr> programs;
  std::map<std::string, std::string> documents;  // title -> folder, which has the document's name
  for (const auto& workflow : workflows) {
    programs.push_back(workflow.program);
    const auto folder = fs::absolute(workflow.file).parent_path().filename().string();
    for (const auto& title : workflow.program->diagrams) documents.emplace(title, folder);
  }
  auto shown = play_all(workflows, jobs);
  if (!shown) return std::unexpected(shown.error());
  auto diagrams = diagram::trace(programs);
  for (auto& diagram : diagrams) {
    diagram.document = documents[diagram.title];
    for (auto& row : diagram.rows)
      for (auto& carrier : row.carriers)
        if (auto filled = fill_in(carrier, (*shown)[carrier.workflow]); !filled)
          return std::unexpected(filled.error());
  }
  return std::string{introduction} + diagram::trace_markdown(diagrams);
}

Result<std::vector<Page>> workflow_pages(const std::vector<Checked>& workflows,
                                         const std::string& folder) {
  std::vector<Page> pages;
  for (const auto& workflow : workflows) {
    Page page;
    page.path = "sequences/" + workflow.program->ref.name + ".md";
    const bool taken = std::any_of(pages.begin(), pages.end(),
                                   [&](const Page& other) { return other.path == page.path; });
    if (taken)
      return fail(ErrorCode::conflict, workflow.file + ": another workflow has the name " +
                                           workflow.program->ref.name +
                                           ", and both would be drawn in " + page.path + ".");
    const auto source =
        fs::absolute(workflow.file)
            .lexically_normal()
            .lexically_relative((fs::absolute(folder) / "sequences").lexically_normal());
    page.text = diagram::page(*workflow.program, source.generic_string());
    pages.push_back(std::move(page));
  }
  return pages;
}

}  // namespace sequent::cli
