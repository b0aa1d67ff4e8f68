// Deleting a version of a workflow: what it would change, and whether it may.
#include "engine/definition/workflow_name.hpp"
#include "engine/runtime/cluster.hpp"
#include "engine/runtime/engine_impl.hpp"

namespace sequent::runtime {
namespace {

namespace asio = boost::asio;
using definition::Program;

std::string route_of(const Program& program) {
  return program.http ? program.http->method + " " + program.http->path : "";
}

bool keeps_time(const Program& program) {
  const auto& schedule = program.schedule;
  return schedule.every || schedule.after || !schedule.cron.empty();
}

/// What starts of the workflow find when its highest version goes.
void note_starts(const Program& gone, const Program* next, std::vector<std::string>& effects) {
  const std::string follower = next == nullptr ? "" : full_name(next->ref);
  if (next != nullptr)
    effects.push_back(follower +
                      " is the highest version then: it takes the starts that name none");
  const auto route = route_of(gone), next_route = next == nullptr ? "" : route_of(*next);
  if (!route.empty() && route != next_route) effects.push_back(route + " is bound no more");
  if (!next_route.empty()) effects.push_back(next_route + " is answered by " + follower);
  if (keeps_time(gone) && (next == nullptr || !keeps_time(*next)))
    effects.emplace_back("its schedule ends");
  if (next != nullptr && keeps_time(*next))
    effects.push_back("the schedule of " + follower + " begins anew");
  if (gone.schedule.on && (next == nullptr || !next->schedule.on))
    effects.emplace_back("events start it no more");
  if (next != nullptr && next->schedule.on) effects.push_back("events start " + follower);
}

/// Workflows that run it as a child, and will fault there.
void note_parents(const Catalogue& catalogue, const Program& gone, const Program* next,
                  std::vector<std::string>& effects) {
  for (const auto& parent : catalogue.all()) {
    if (parent->digest == gone.digest) continue;
    for (const auto& node : parent->nodes) {
      const auto* run = std::get_if<definition::RunWorkflowTask>(&node.body);
      if (run == nullptr || run->workflow.workflow_namespace != gone.ref.workflow_namespace ||
          run->workflow.name != gone.ref.name)
        continue;
      const auto& version = run->workflow.version;
      const bool any = version.empty() || version == "latest";
      if (version != gone.ref.version && !(any && next == nullptr)) continue;
      effects.push_back(full_name(parent->ref) + " runs it as a child (" + node.pointer +
                        "), which will fault");
    }
  }
}

std::vector<std::string> effects_of(const Catalogue& catalogue, const Program& gone,
                                    const ProgramPtr& next) {
  std::vector<std::string> effects;
  const bool highest = !next || compare_versions(gone.ref.version, next->ref.version) > 0;
  if (highest) note_starts(gone, next.get(), effects);
  note_parents(catalogue, gone, next.get(), effects);
  return effects;
}

}  // namespace

asio::awaitable<Result<Deletion>> Engine::delete_definition(WorkflowRef ref, bool confirmed,
                                                            DeployCheck check) {
  const auto impl = impl_;
  std::function<Result<Deletion>()> job = [impl, ref = std::move(ref), confirmed,
                                           check = std::move(check)]() -> Result<Deletion> {
    auto& node = *impl->node;
    const std::lock_guard one_at_a_time{impl->deploying};
    if (node.cluster != nullptr) (void)impl->learn(true);
    const auto catalogue = node.definitions.catalogue();
    Deletion deletion;
    deletion.program = ref.version.empty() ? nullptr : catalogue->find(ref);
    if (!deletion.program || deletion.program->ref.version != ref.version)
      return fail(ErrorCode::not_found, "There is no version " + ref.version + " of " +
                                            workflow_name(ref) +
                                            ": it was never deployed, or is deleted.");
    deletion.live = node.ports.definitions.live_runs(ref);
    if (!deletion.live.empty()) return deletion;
    const auto next = catalogue->highest_but(ref);
    const bool highest = next && compare_versions(ref.version, next->ref.version) > 0;
    // What the next one binds may be another workflow's by now.
    if (highest && check)
      if (auto fit = check(*next); !fit) return std::unexpected(std::move(fit.error()));
    deletion.effects = effects_of(*catalogue, *deletion.program, next);
    if (!deletion.effects.empty() && !confirmed) return deletion;
    const Timestamp now = node.ports.clock.now();
    auto removed = node.ports.definitions.remove(
        {.ref = ref, .successor = highest ? next->ref.version : "", .at = now});
    if (!removed) return std::unexpected(std::move(removed.error()));
    deletion.live = std::move(*removed);
    if (!deletion.live.empty()) return deletion;
    deletion.done = true;
    if (highest) node.definitions.add(DeployedProgram{.program = next, .deployed_at = now});
    node.definitions.retire({deletion.program});
    node.schedules->refresh();
    if (node.cluster != nullptr) node.cluster->deployed();
    return deletion;
  };
  return on_reads<Deletion>(impl_->node, std::move(job));
}

}  // namespace sequent::runtime
