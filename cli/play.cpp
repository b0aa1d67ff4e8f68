// `play FILE...`: scenarios over HTTP, against a running engine and the running stand-ins.
#include <algorithm>
#include <filesystem>
#include <set>

#include "cli/commands.hpp"
#include "cli/config.hpp"
#include "cli/live_player.hpp"
#include "cli/run_text.hpp"
#include "cli/workflow_files.hpp"
#include "crashtest/outside.hpp"

namespace sequent::cli {
namespace {

using crashtest::Scenario;

std::map<std::string, std::string> addresses_in(const activities::ProviderConfig& providers) {
  return {{"stripe", providers.stripe.base_url},
          {"auth", providers.auth.base_url},
          {"aws", providers.aws.base_url},
          {"flexprice", providers.flexprice.base_url},
          {"langfuse", providers.langfuse.base_url}};
}

/// errors  invalid_request: a stand-in has no address that begins with http://
Result<LiveWorld> world_of(const Session& session, const std::string& config_file) {
  const auto config = load_config(config_file, session.environment);
  if (!config) return std::unexpected(config.error());
  const auto addresses = addresses_in((*config)->providers);
  // A scenario moves money and removes customers: never at a provider itself.
  for (const auto& [name, address] : addresses)
    if (!address.starts_with("http://"))
      return fail(ErrorCode::invalid_request,
                  "Expected in " + config_file + " the address of a stand-in of " + name +
                      ", http://…, got `" + address +
                      "`; use the file that `sequent sandbox --config-out FILE` writes.");
  return LiveWorld{session, addresses};
}

// Of the first file's scenarios; another one a second later.
std::int64_t number_of_play(Timestamp now) {
  constexpr Timestamp from = 1'577'836'800'000;  // 2020: nine digits for decades
  return std::max<Timestamp>(now - from, 1'000) / 1'000;
}

struct Played {
  std::string file, scenario;
  LiveOutcome outcome;
};

// "2 completed, 1 faulted"
std::string counts_text(const Json& runs) {
  std::map<std::string, int> counts;
  for (const auto& run : runs) ++counts[text_of(run, "status")];
  std::string text;
  for (const auto& [status, count] : counts)
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + status;
  return text.empty() ? "no run" : text;
}

std::string seconds_text(DurationMs ms) {
  return std::to_string(ms / 1'000) + "." + std::to_string(ms % 1'000 / 100) + " s";
}

void print_run(const Session& session, const Json& run) {
  const auto status = text_of(run, "status");
  const auto task = text_of(run, "task");
  const bool ended = !run["endedAt"].is_null();
  std::string line = "     " + text_of(run, "id") + "  " + workflow_text(run["workflow"]) + "  " +
                     session.terminal.paint(style_of_status(status), status);
  if (!ended && !task.empty()) line += " at " + printable(task.substr(task.rfind('/') + 1));
  if (run["parent"].is_string()) line += ", child of " + text_of(run, "parent").substr(0, 8);
  session.terminal.out(line);
}

Played play_one(const Session& session, const LiveWorld& world, const Subject& subject,
                const Scenario& scenario, const std::string& file) {
  const auto& terminal = session.terminal;
  const auto title = std::filesystem::path(file).stem().string() + ", " + scenario.name;
  if (!session.json) {
    terminal.out(terminal.paint(Style::bold, title));
    if (!scenario.description.empty())
      terminal.out("     " + terminal.paint(Style::dim, printable(scenario.description)));
  }
  const OnLive tell = [&](const std::string& step, const Json& run) {
    if (session.json) return;
    if (run.is_null()) return terminal.out("  -> " + printable(step));
    print_run(session, run);
  };
  const auto caller = "play-" + std::filesystem::path(file).stem().string() + "-" + scenario.name +
                      "-" + std::to_string(session.clock.now());
  Played played;
  played.file = file;
  played.scenario = scenario.name;
  played.outcome = play_live(world, subject, scenario, caller, session.clock, tell);
  if (!session.json) {
    const bool good = !played.outcome.failure;
    terminal.out("  " + terminal.paint(good ? Style::good : Style::bad, good ? "good" : "BAD") +
                 ", " + counts_text(played.outcome.runs) + ", " +
                 seconds_text(played.outcome.took_ms));
    if (!good) report(session, *played.outcome.failure);
  }
  return played;
}

Json json_of(const Played& played) {
  return {
      {"workflow", played.file},
      {"scenario", played.scenario},
      {"runs", played.outcome.runs},
      {"milliseconds", played.outcome.took_ms},
      {"failure", played.outcome.failure ? Json(played.outcome.failure->detail) : Json(nullptr)}};
}

void print_summary(const Session& session, const std::vector<Played>& all) {
  Table table{{"SEQUENCE", "SCENARIO", "RUNS", "TOOK", "AS EXPECTED"}};
  for (const auto& played : all) {
    const bool good = !played.outcome.failure;
    const std::filesystem::path path{played.file};
    table.add({Cell{.text = (path.parent_path().filename() / path.stem()).string()},
               Cell{.text = played.scenario}, Cell{.text = counts_text(played.outcome.runs)},
               Cell{.text = seconds_text(played.outcome.took_ms)},
               Cell{.text = good ? "yes" : "no", .style = good ? Style::good : Style::bad}});
  }
  session.terminal.out("");
  table.print(session.terminal);
}

}  // namespace

int run_play(const Session& session, const PlayCommand& command) {
  const auto world = world_of(session, command.config);
  if (!world) return report(session, world.error());
  const auto files = workflow_files(command.files);
  if (!files) return report(session, files.error());
  const auto first_play = number_of_play(session.clock.now());
  bool bad = false;
  std::vector<Played> all;
  for (const auto& file : *files) {
    // Each file has ids of its own, even if it shares their names with another one.
    const auto subject = read_subject(file, 1, first_play + (&file - files->data()));
    if (!subject) {
      report(session, subject.error());
      bad = true;
      continue;
    }
    bool some = false;
    for (const auto& scenario : subject->scenarios.scenarios) {
      const bool wanted =
          command.scenario.empty() ? scenario.live : scenario.name == command.scenario;
      if (!wanted) continue;
      some = true;
      all.push_back(play_one(session, *world, *subject, scenario, file));
      bad = bad || all.back().outcome.failure;
    }
    if (!some && command.scenario.empty())
      session.terminal.error(printable(file) + ": no scenario has `live: true`");
  }
  if (all.empty() && !bad) {
    session.terminal.error(command.scenario.empty() ? "error: nothing to play"
                                                    : "error: no scenario has the name `" +
                                                          printable(command.scenario) + "`");
    return wrong_use;
  }
  if (session.json) {
    Json list = Json::array();
    for (const auto& played : all) list.push_back(json_of(played));
    session.terminal.json(list);
  } else {
    print_summary(session, all);
  }
  return bad ? failed : done;
}

}  // namespace sequent::cli
