// Three nodes on one PostgreSQL with a standby, customers, and whatever can go wrong; then the proof
// that nothing was lost, repeated or written by two.
//   chaos SEQUENT [--seconds N] [--seed N] [--weather any|story|database|restore|upgrade] [--customers N] [--visits N]
// `--kinds all` refuses a seed whose weather lacks a kind. `--weather upgrade` needs the releases to
// come: --next PROGRAM --after-next PROGRAM (next_release.cmake).
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>

#include "tests/chaos/checks.hpp"
#include "tests/chaos/stories.hpp"

namespace sequent::chaos {
namespace {

namespace fs = std::filesystem;

constexpr DurationMs end_ms = 180'000;  // of calm, until all runs must have ended
constexpr DurationMs answer_ms = 150;  // of a provider, in random weather

constexpr int visits_a_second = 16;  // of database weather

// The last two are no weather: they are told in order.
const std::vector<std::string> weathers{"any", "story", "database", "restore", "upgrade"};

struct Options {
  std::string program, weather = "any";
  int seconds = 60, customers = 24;
  std::optional<int> visits;                // none: as many as there is time for
  DurationMs longest_take_over_ms = 7'000;  // docs/cluster.md
  std::uint64_t seed = 1;
  bool all_kinds = false;  // a seed that lacks one is refused
  Releases releases;
};

[[noreturn]] void wrong_use(const std::string& what) {
  std::fprintf(stderr,
               "%s\nusage: chaos SEQUENT [--seconds N] [--seed N] [--weather "
               "any|story|database|restore|upgrade] "
               "[--customers N] [--visits N] [--take-over MS] [--kinds all] "
               "[--next PROGRAM --after-next PROGRAM]\n",
               what.c_str());
  std::exit(2);
}

Options options_of(int count, char** words) {
  Options options;
  if (count < 2 || ::access(words[1], X_OK) != 0)
    wrong_use("expected an executable first" +
              (count < 2 ? std::string{} : ", got " + std::string{words[1]}));
  options.program = fs::absolute(words[1]).string();
  for (int i = 2; i + 1 < count; i += 2) {
    const std::string name = words[i], value = words[i + 1];
    if (name == "--weather" && std::ranges::count(weathers, value) > 0) {
      options.weather = value;
      continue;
    }
    if (name == "--next" || name == "--after-next") {
      if (::access(words[i + 1], X_OK) != 0) wrong_use("expected an executable after " + name);
      (name == "--next" ? options.releases.next : options.releases.after_next) =
          fs::absolute(value).string();
      continue;
    }
    if (name == "--kinds" && value == "all") {
      options.all_kinds = true;
      continue;
    }
    if (value.empty() || value.find_first_not_of("0123456789") != std::string::npos ||
        value.size() > 9)
      wrong_use("expected a number after " + name + ", got " + value);
    const int number = std::stoi(value);
    if (name == "--seconds")
      options.seconds = std::max(10, number);
    else if (name == "--seed")
      options.seed = static_cast<std::uint64_t>(number);
    else if (name == "--customers")
      options.customers = std::max(1, number);
    else if (name == "--visits")
      options.visits = std::max(1, number);
    else if (name == "--take-over")
      options.longest_take_over_ms = std::max(1, number);
    else
      wrong_use("there is no option " + name);
  }
  if (count % 2 != 0) wrong_use("expected a value after " + std::string{words[count - 1]});
  if (options.weather == "upgrade" &&
      (options.releases.next.empty() || options.releases.after_next.empty()))
    wrong_use("an upgrade needs the programs of --next and --after-next");
  if (options.weather == "story") options.seconds = static_cast<int>(story_ms / 1'000);
  return options;
}

std::vector<Step> weather_of(const Options& options) {
  const DurationMs length = options.seconds * 1'000LL;
  if (options.weather == "story") return story();
  if (options.weather == "database") return database_weather(options.seed, length);
  return random_weather(options.seed, length);
}

// False: there is a kind that must be there and is not.
bool foretell(const std::vector<Step>& steps, const Options& options) {
  auto counts = counts_of(steps);
  std::string there, missing;
  for (const auto kind : disturbances) {
    auto& list = counts[kind] > 0 ? there : missing;
    list += (list.empty() ? "" : ", ") + name_of(kind);
    if (counts[kind] > 0) list += " " + std::to_string(counts[kind]);
  }
  std::printf("this weather has: %s\n", there.c_str());
  if (options.weather == "any" && !missing.empty())
    std::printf("and none of: %s\n", missing.c_str());
  if (missing.empty() || !options.all_kinds) return true;
  std::printf(
      "FAILED: --kinds all, and seed %llu over %d s has none of: %s. Choose another seed, or "
      "more seconds.\n",
      static_cast<unsigned long long>(options.seed), options.seconds, missing.c_str());
  return false;
}

void tell_open_runs(World& world) {
  std::printf(
      "%s\n",
      world.database()
          .query("SELECT instance_id, status, task, waiting_kind, waiting_detail, error_title "
                 "FROM sequent.instance WHERE status NOT IN ('completed', 'cancelled') "
                 "ORDER BY instance_id LIMIT 10")
          .c_str());
  for (std::size_t node = 0; node < node_count; ++node)
    std::printf("--- node %zu\n%s\n", node + 1, world.log_of(node).c_str());
}

// The issue's own words, whatever story() says.
void check_story(const StormReport& storm, Summary& summary) {
  check_zombie(storm, summary);
  for (const auto kind : {Step::Kind::kill_node, Step::Kind::freeze_node, Step::Kind::fail_over}) {
    const auto done = storm.carried_out.find(kind);
    summary.expect("the story's " + name_of(kind),
                   done == storm.carried_out.end() ? 0 : done->second, 1);
  }
}

std::vector<std::string> proof(World& world, const Load& load, const std::vector<Step>& planned,
                               const StormReport& storm, const Options& options, bool all_ended) {
  Summary summary;
  check_weather(planned, storm, summary);
  if (options.weather == "story") check_story(storm, summary);
  summary.expect("every run ended", all_ended ? 1 : 0, 1);
  check_callers(world, load, summary);
  if (options.weather == "database")
    check_amounts(world, load, storm, options.seconds * 1'000LL, summary);
  // Among so many deaths some find a call under way, or the weather was too kind.
  constexpr int many = 10;
  auto kinds = counts_of(planned);
  const bool rough = options.weather == "any" && kinds[Step::Kind::kill_node] >= many;
  check_providers(world, summary, rough ? 1 : 0);
  // Nobody takes anything over while only the database is ill.
  check_writers(world, options.weather == "database" ? 1 : 2, summary);
  std::optional<DurationMs> longest_take_over;
  if (options.weather == "story") longest_take_over = options.longest_take_over_ms;
  check_take_overs(world, storm, longest_take_over, summary);
  check_journals(world, summary);
  return summary.wrong();
}

int verdict(World& world, const std::vector<std::string>& wrong) {
  if (wrong.empty()) return 0;
  tell_open_runs(world);
  std::printf("FAILED:\n");
  for (const auto& what : wrong) std::printf("  %s\n", what.c_str());
  return 1;
}

int run(const Options& options, const std::string& folder) {
  const auto steps = weather_of(options);
  const bool told = options.weather == "restore" || options.weather == "upgrade";
  if (!told && !foretell(steps, options)) return 1;
  World world{options.program, SEQUENT_SOURCE_DIR, folder};
  world.begin();
  if (told) {
    Summary summary;
    if (options.weather == "restore")
      tell_of_a_restore(world, summary);
    else
      tell_of_an_upgrade(world, options.releases, summary);
    return verdict(world, summary.wrong());
  }
  LoadPlan plan;
  plan.seed = options.seed;
  plan.customers = options.customers;
  plan.signals_only = options.weather == "database";
  const int usual = plan.signals_only ? options.seconds * visits_a_second : plan.most_visits;
  plan.most_visits = options.visits.value_or(usual);
  plan.ticks = options.seconds * 2;
  if (plan.signals_only) plan.spread_ms = options.seconds * 1'000LL;
  // A death that finds no call under way proves little.
  if (options.weather == "any")
    for (const auto& [name, address] : world.providers()) world.slow_provider(name, answer_ms);
  Load load{world, plan};
  load.begin();
  const auto storm =
      weather_the_storm(world, load, steps, options.seconds * 1'000LL, options.weather == "story");
  if (!storm.failure.empty()) {
    std::printf("FAILED (seed %llu): %s\n", static_cast<unsigned long long>(options.seed),
                storm.failure.c_str());
    return 1;
  }
  std::printf("calm after %d visits; now everybody may finish\n", load.visits());
  load.end_by(monotonic_ms() + end_ms);
  const bool all_ended = await_the_end(world, end_ms);
  load.join();
  const bool still = await_the_end(world, 10'000);  // webhooks of the last payments
  return verdict(world, proof(world, load, steps, storm, options, all_ended && still));
}

}  // namespace
}  // namespace sequent::chaos

int main(int count, char** words) {
  using namespace sequent::chaos;
  const auto options = options_of(count, words);
  std::string folder = (fs::temp_directory_path() / "sequent-chaos-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    std::perror("cannot make a temporary folder");
    return 1;
  }
  ::chmod(folder.c_str(), 0755);  // the database's user passes through it
  std::printf("seed %llu, %d s of %s weather, in %s\n",
              static_cast<unsigned long long>(options.seed), options.seconds,
              options.weather.c_str(), folder.c_str());
  int code = 1;
  try {
    code = run(options, folder);
  } catch (const std::exception& error) {
    std::printf("FAILED: %s\n", error.what());
  }
  if (code == 0) {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    std::printf("passed (seed %llu)\n", static_cast<unsigned long long>(options.seed));
  } else {
    std::printf("everything is kept in %s\n", folder.c_str());
  }
  return code;
}
