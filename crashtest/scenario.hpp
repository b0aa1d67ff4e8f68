#pragma once
// A scenario says how a workflow is tried: what callers ask, what the world does meanwhile, and what
// must have come of it. Scenarios stand in `NAME.scenarios.yaml` beside the workflow NAME.yaml;
// docs/crashtest.md describes the format.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "engine/definition/program.hpp"
#include "engine/expression/template.hpp"

namespace sequent::crashtest {

/// A request to the engine or to a provider's stand-in, its expressions not filled in yet.
struct Request {
  std::string to = "engine";  // or the name of a stand-in
  /// shape  {method, path, headers: {name: text}, body?: anything | form?: {name: text}}
  expression::Template content;
  std::optional<int> status;  // of the answer; any 2xx when absent
  /// Whether the answer must be the same in every trial. Those to starts and events tell how far a
  /// run is, or that the event was there before; what became of the run is compared instead.
  bool compared = true;
  // An operator's action on a run: asked again, 409 says that it was done before.
  bool on_run = false;
};

struct Step {
  std::string name;     // its answer is `.NAME` in later expressions
  std::string pointer;  // into the scenario file
  int line = 0;
  std::vector<Request> requests;               // several: all at the same moment (`together`)
  std::vector<std::string> names;              // of the requests, in order
  DurationMs wait = 0;                         // instead of requests: so much time goes by
  std::vector<definition::ArrowPlace> arrows;  // of the workflow's callers, that this step plays
};

struct Scenario {
  std::string name;
  std::string description;
  int line = 0;
  std::vector<Step> steps;
  std::optional<expression::ExpressionId> expect;  // a condition on the observation
  bool live = false;  // also for a world that is shared with other scenarios (`sequent play`)
  std::optional<expression::ExpressionId> live_expect;  // there; `expect` when absent
};

struct ScenarioFile {
  std::string file;
  std::string workflow;            // path, as named relative to this process
  std::vector<std::string> needs;  // paths of further workflows that are deployed too
  std::vector<std::string> fresh;  // ids that each play in a shared world has of its own
  std::vector<Scenario> scenarios;
  std::shared_ptr<const expression::ExpressionSet> expressions;  // null: there are none
};

/// `interpreters`: how many trials evaluate at the same time.
/// errors  invalid_definition with one finding, with file, line and pointer, for each mistake
[[nodiscard]] Result<ScenarioFile> read_scenarios(std::string_view text, const std::string& file,
                                                  const std::vector<std::string>& stand_ins,
                                                  int interpreters);

/// The scenario file that belongs to a workflow file: checkout.yaml -> checkout.scenarios.yaml.
[[nodiscard]] std::string scenario_file_of(const std::string& workflow_file);
/// True for names such as checkout.scenarios.yaml, which hold no workflow.
[[nodiscard]] bool is_scenario_file(std::string_view file);

}  // namespace sequent::crashtest
