#include "tests/chaos/checks.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace sequent::chaos {
namespace {

constexpr DurationMs runs_look_ms = 500;
constexpr DurationMs longest_between_kills_ms = 42'000;
constexpr int most_pages = 10'000, most_complaints = 5;
constexpr const char* ended = "('completed', 'faulted', 'cancelled')";

std::int64_t number(World& world, const std::string& sql) {
  const auto text = world.database().query(sql);
  return text.empty() ? 0 : std::stoll(text);
}

struct Run {
  std::string workflow, status;
  bool child = false;
};

// Through the API, as an operator lists them.
std::map<std::string, Run> all_runs(World& world) {
  std::map<std::string, Run> runs;
  std::string cursor;
  for (int page = 0; page < most_pages; ++page) {
    const auto json =
        world.web.get(world.url(0) + "/api/v1/runs?limit=500&cursor=" + net::percent_encode(cursor))
            .json();
    if (!json.is_object() || !json.contains("items"))
      throw std::runtime_error("the nodes no longer list their runs: " + json.dump());
    for (const auto& run : json["items"]) {
      const auto& workflow = run["workflow"];
      runs[run["id"]] = {
          workflow["namespace"].get<std::string>() + "/" + workflow["name"].get<std::string>(),
          run["status"], run["parent"].is_string()};
    }
    if (!json.contains("cursor") || !json["cursor"].is_string() || json["cursor"] == "") break;
    cursor = json["cursor"];
  }
  return runs;
}

}  // namespace

void Summary::expect(const std::string& what, std::int64_t actual, std::int64_t expected) {
  tell(what, std::to_string(actual));
  if (actual != expected)
    wrong_.push_back(what + ": expected " + std::to_string(expected) + ", got " +
                     std::to_string(actual));
}

void Summary::expect_at_least(const std::string& what, std::int64_t actual, std::int64_t least) {
  tell(what, std::to_string(actual));
  if (actual < least)
    wrong_.push_back(what + ": expected at least " + std::to_string(least) + ", got " +
                     std::to_string(actual));
}

void Summary::tell(const std::string& what, const std::string& value) {
  std::printf("  %-70s %s\n", what.c_str(), value.c_str());
  std::fflush(stdout);
}

bool await_the_end(World& world, DurationMs ms) {
  const auto end = monotonic_ms() + ms;
  const std::string open =
      std::string{"SELECT count(*) FROM sequent.instance WHERE status NOT IN "} + ended;
  while (monotonic_ms() < end) {
    world.database().tend();
    if (number(world, open) == 0) return true;
    pause_ms(runs_look_ms);
  }
  return false;
}

void check_callers(World& world, const Load& load, Summary& summary) {
  const auto runs = all_runs(world);
  const auto heard = load.heard();
  const auto wrong = load.wrong();
  const auto figures = load.figures();
  summary.tell("requests, of these sent again, events, waits, disturbed runs, payments",
               std::to_string(figures.requests) + ", " + std::to_string(figures.repeated) + ", " +
                   std::to_string(figures.events) + ", " +
                   std::to_string(figures.waited_elsewhere) + ", " + std::to_string(figures.acted) +
                   ", " + std::to_string(figures.paid));
  for (std::size_t i = 0; i < wrong.size() && i < most_complaints; ++i)
    std::printf("    %s\n", wrong[i].c_str());
  summary.expect("callers that were refused, or heard something wrong",
                 static_cast<std::int64_t>(wrong.size()), 0);
  std::int64_t twice = 0, lost = 0, open = 0;
  for (const auto& [key, ids] : heard) {
    twice += ids.size() > 1 ? 1 : 0;
    for (const auto& id : ids) lost += runs.contains(id) ? 0 : 1;
  }
  summary.expect_at_least("keys of starts that were answered",
                          static_cast<std::int64_t>(heard.size()), 1);
  summary.expect("keys that were answered with two runs", twice, 0);
  summary.expect("runs a caller heard of which are gone", lost, 0);
  std::map<std::string, int> there;
  for (const auto& [id, run] : runs) {
    if (!run.child) ++there[run.workflow];
    if (run.status == "completed") continue;
    if (++open <= most_complaints)
      std::printf("    %s %s is %s\n", id.c_str(), run.workflow.c_str(), run.status.c_str());
  }
  summary.tell("runs", std::to_string(runs.size()));
  summary.expect("runs that are not completed", open, 0);
  for (const auto& [workflow, count] : load.expected_runs())
    if (!workflow.empty()) summary.expect("runs of " + workflow, there[workflow], count);
}

void check_amounts(World& world, const Load& load, const StormReport& storm, DurationMs length,
                   Summary& summary) {
  const auto& plan = load.plan();
  const std::int64_t visits = plan.most_visits;
  summary.expect("visits", load.visits(), visits);
  summary.expect("runs that two events woke",
                 number(world,
                        "SELECT count(*) FROM sequent.record WHERE collection = "
                        "'chaos-signals'"),
                 visits);
  summary.expect("events that were delivered",
                 number(world,
                        "SELECT count(*) FROM sequent.event WHERE source = 'chaos' AND "
                        "state = 'delivered'"),
                 2 * visits);
  std::int64_t timers = 0;
  for (std::size_t node = 0; node < node_count; ++node)
    timers += world.figure(node, "sequent_timers_total");
  summary.expect_at_least("timers that fired", timers,
                          visits + static_cast<std::int64_t>(plan.tickers) * plan.ticks);
  const auto& met = storm.visits_under_way;
  summary.expect_at_least("kills of the database", static_cast<std::int64_t>(met.size()),
                          std::max<std::int64_t>(1, length / longest_between_kills_ms));
  summary.expect_at_least("visits under way at a kill, at least",
                          met.empty() ? 0 : std::ranges::min(met), 1);
}

void check_zombie(const StormReport& storm, Summary& summary) {
  if (!storm.zombie) return summary.expect("nodes that stood still amid their calls", 0, 1);
  const auto& zombie = *storm.zombie;
  summary.expect_at_least("calls under way when a node was frozen", zombie.in_flight, 1);
  summary.expect_at_least("partitions that it wrote just before", zombie.partitions, 1);
  summary.expect("of these, written by others while it was frozen", zombie.followed,
                 zombie.partitions);
  summary.expect_at_least("calls that others repeated, and Stripe answered from their key",
                          zombie.repeated, 1);
  summary.expect("objects of each of these keys", static_cast<std::int64_t>(zombie.most_objects),
                 1);
  summary.expect_at_least("partitions that it believed to have", zombie.owned, 1);
  summary.expect_at_least("partitions that it had lost when it woke up, by its own figures",
                          zombie.owned - zombie.owned_least, (zombie.owned + 1) / 2);
}

void check_providers(World& world, Summary& summary, std::int64_t least_repeated) {
  std::int64_t keys = 0, ambiguous = 0, duplicates = 0, replayed = 0;
  for (const auto& [name, address] : world.providers()) {
    const auto calls = world.web.get(address + "/_sandbox/calls").json();
    if (!calls.is_object()) throw std::runtime_error("no list of calls from " + address);
    for (const auto& key : calls["idempotencyKeys"]) {
      ++keys;
      replayed += key.value("replayed", 0);
      auto effects = key["effects"].get<std::vector<std::string>>();
      std::ranges::sort(effects);
      const auto rest = std::ranges::unique(effects);
      if (rest.begin() - effects.begin() > 1) ++ambiguous;
    }
    duplicates += static_cast<std::int64_t>(calls["duplicateEffects"].size());
    if (!calls["duplicateEffects"].empty())
      std::printf("    %s: %s\n", name.c_str(),
                  calls["duplicateEffects"].dump().substr(0, 600).c_str());
  }
  summary.tell("idempotency keys that providers saw", std::to_string(keys));
  summary.expect_at_least("requests that they answered from a key", replayed, least_repeated);
  summary.expect("keys with two different effects", ambiguous, 0);
  summary.expect("effects that were asked for twice under different keys", duplicates, 0);
}

void check_weather(const std::vector<Step>& planned, const StormReport& storm, Summary& summary) {
  const auto expected = counts_of(planned);
  for (const auto& [kind, count] : expected) {
    const auto done = storm.carried_out.find(kind);
    summary.expect("carried out: " + name_of(kind),
                   done == storm.carried_out.end() ? 0 : done->second, count);
  }
}

void check_writers(World& world, int owners, Summary& summary) {
  summary.expect_at_least("commits of partitions that were audited",
                          number(world, "SELECT count(*) FROM audit.written"), 1);
  summary.expect_at_least("owners that partitions have had at most",
                          number(world,
                                 "SELECT max(owners) FROM (SELECT count(DISTINCT writer) "
                                 "AS owners FROM audit.written GROUP BY partition_id) o"),
                          owners);
  summary.expect(
      "commits by somebody who was not the owner",
      number(world,
             // An owner is a node's name and, behind "~", what tells its processes apart.
             "SELECT count(*) FROM audit.written WHERE "
             "writer <> 'sequent ' || split_part(owner, '~', 1)"),
      0);
  summary.expect("epochs with two writers",
                 number(world,
                        "SELECT count(*) FROM (SELECT 1 FROM audit.written GROUP BY "
                        "partition_id, epoch HAVING count(DISTINCT writer) > 1) e"),
                 0);
  summary.expect("commits under an epoch that had passed",
                 number(world,
                        "SELECT count(*) FROM (SELECT epoch < lag(epoch) OVER (PARTITION BY "
                        "partition_id ORDER BY number) AS passed FROM audit.written) a "
                        "WHERE passed"),
                 0);
}

void check_take_overs(World& world, const StormReport& storm,
                      std::optional<DurationMs> longest_allowed, Summary& summary) {
  std::int64_t measured = 0;
  for (const auto& death : storm.deaths) {
    // Partitions that it wrote in its last two seconds, and their first commit by somebody else.
    const std::string at = "to_timestamp(" + std::to_string(death.at) + " / 1000.0)";
    const auto answer = world.database().query(
        "WITH its AS (SELECT DISTINCT partition_id FROM audit.written WHERE writer = '" +
        death.writer + "' AND at > " + at + " - interval '2 s'), next AS (" +
        "SELECT its.partition_id, (SELECT min(at) FROM audit.written w WHERE w.partition_id = "
        "its.partition_id AND w.at > " +
        at + " AND w.writer <> '" + death.writer + "') AS at FROM its) " +
        "SELECT count(*) || ' ' || count(at) || ' ' || coalesce(round(max(extract(epoch FROM at "
        "- " +
        at + ")) * 1000), 0) FROM next");
    long long partitions = 0, taken = 0, longest = 0;
    if (std::sscanf(answer.c_str(), "%lld %lld %lld", &partitions, &taken, &longest) != 3)
      throw std::runtime_error("the audit answered: " + answer);
    measured += taken;
    summary.tell("its partitions when " + death.writer + " died, and those that went on",
                 std::to_string(partitions) + ", " + std::to_string(taken));
    summary.tell("milliseconds until the last of them had its first commit",
                 std::to_string(longest));
    if (longest_allowed) {
      summary.expect("partitions that nobody took up", partitions - taken, 0);
      summary.expect("taken up in less than " + std::to_string(*longest_allowed) + " ms",
                     longest < *longest_allowed ? 1 : 0, 1);
    }
  }
  if (longest_allowed) summary.expect_at_least("partitions whose take-over was timed", measured, 1);
}

void check_journals(World& world, Summary& summary) {
  int code = 0;
  const auto text = world.doctor("--journals", code);
  if (code != 0) std::printf("%s\n", text.c_str());
  summary.expect("`sequent doctor --journals` ends with", code, 0);
}

}  // namespace sequent::chaos
