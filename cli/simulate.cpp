// `simulate --seeds N`: the runtime in simulated worlds, one for each seed, until one breaks.
#include "cli/commands.hpp"
#include "simulation/simulation.hpp"

namespace sequent::cli {
namespace {

std::string command_of(const simulation::SeedOutcome& outcome, const SimulateOptions& options) {
  return "sequent simulate --seed " + std::to_string(outcome.seed) + " --runs " +
         std::to_string(options.runs) + (options.no_rewinds ? " --no-rewinds" : "") +
         (options.one_node ? " --one-node" : "") +
         (options.no_keys_and_times ? " --no-keys-and-times" : "") +
         (options.no_outages ? " --no-outages" : "") +
         (options.no_migrations ? " --no-migrations" : "") +
         (options.no_undoing ? " --no-undoing" : "") + " --verbose";
}

Json json_of(const simulation::SeedOutcome& outcome, const SimulateOptions& options) {
  Json json{{"seed", outcome.seed},       {"digest", outcome.digest},
            {"runs", outcome.runs},       {"completed", outcome.completed},
            {"faulted", outcome.faulted}, {"cancelled", outcome.cancelled},
            {"objects", outcome.objects}, {"nodes", outcome.lives},
            {"moves", outcome.moves},     {"undone", outcome.undone},
            {"steps", outcome.steps},     {"ok", outcome.breaches.empty()}};
  json["breaches"] = Json::array();
  for (const auto& breach : outcome.breaches)
    json["breaches"].push_back({{"invariant", breach.invariant}, {"detail", breach.detail}});
  if (!outcome.breaches.empty()) json["repeat"] = command_of(outcome, options);
  return json;
}

std::string line_of(const simulation::SeedOutcome& outcome) {
  return "seed " + std::to_string(outcome.seed) + ": " + std::to_string(outcome.runs) + " runs (" +
         std::to_string(outcome.completed) + " completed, " + std::to_string(outcome.faulted) +
         " faulted, " + std::to_string(outcome.cancelled) + " cancelled), " +
         std::to_string(outcome.objects) + " objects made, " + std::to_string(outcome.moves) +
         " moves, " + std::to_string(outcome.undone) + " undone, " + std::to_string(outcome.lives) +
         " nodes, " + std::to_string(outcome.steps) + " steps, trace " +
         outcome.digest.substr(0, 16);
}

void report_breaches(const Session& session, const simulation::SeedOutcome& outcome,
                     const SimulateOptions& options) {
  const auto& terminal = session.terminal;
  for (const auto& breach : outcome.breaches)
    terminal.error(terminal.paint_error(Style::bad, "seed " + std::to_string(outcome.seed) +
                                                        " breaks \"" + breach.invariant + "\": ") +
                   printable(breach.detail));
  terminal.error("repeat it: " + command_of(outcome, options));
}

}  // namespace

int run_simulate(const Session& session, const SimulateOptions& options) {
  const std::uint64_t first = options.seed.value_or(options.first);
  const std::uint64_t count = options.seed ? 1 : options.seeds;
  constexpr std::uint64_t progress_every = 500;
  std::uint64_t broken = 0, runs = 0, objects = 0, nodes = 0, moves = 0, undone = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto outcome = simulation::simulate({.seed = first + i,
                                               .runs = options.runs,
                                               .rewinds = !options.no_rewinds,
                                               .cluster = !options.one_node,
                                               .keys_and_times = !options.no_keys_and_times,
                                               .outages = !options.no_outages,
                                               .migrations = !options.no_migrations,
                                               .undoing = !options.no_undoing});
    runs += outcome.runs;
    objects += outcome.objects;
    nodes += static_cast<std::uint64_t>(outcome.lives);
    moves += outcome.moves;
    undone += outcome.undone;
    const bool breaks = !outcome.breaches.empty();
    if (options.verbose)
      for (const auto& line : outcome.trace) session.terminal.out(line);
    if (session.json && (breaks || options.verbose || options.seed)) {
      session.terminal.json_line(json_of(outcome, options));
    } else if (!session.json && (options.verbose || options.seed)) {
      session.terminal.out(line_of(outcome));
    }
    if (breaks) {
      ++broken;
      report_breaches(session, outcome, options);
      if (!options.keep_going) break;
    }
    if (!session.json && !options.verbose && (i + 1) % progress_every == 0)
      session.terminal.out(std::to_string(i + 1) + " of " + std::to_string(count) + " seeds, " +
                           std::to_string(broken) + " broken");
  }
  if (session.json) {
    session.terminal.json_line(Json{{"seeds", count},
                                    {"broken", broken},
                                    {"runs", runs},
                                    {"objects", objects},
                                    {"nodes", nodes},
                                    {"moves", moves},
                                    {"undone", undone}});
  } else if (broken == 0) {
    session.terminal.out(session.terminal.paint(
        Style::good, "no invariant broke: " + std::to_string(count) + " seeds, " +
                         std::to_string(runs) + " runs, " + std::to_string(objects) +
                         " objects made, " + std::to_string(moves) +
                         " runs moved to another version, " + std::to_string(undone) +
                         " effects undone, " + std::to_string(nodes) + " nodes"));
  }
  return broken == 0 ? done : failed;
}

}  // namespace sequent::cli
