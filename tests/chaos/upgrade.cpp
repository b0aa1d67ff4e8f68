// A rolling upgrade: nodes of two releases side by side on one schema, under load.
#include <set>
#include <stdexcept>

#include "tests/chaos/stories.hpp"

namespace sequent::chaos {
namespace {

constexpr int upgrade_customers = 16;
constexpr DurationMs slow_provider_ms = 300, mixed_ms = 5'000, release_serves_ms = 180'000,
                     load_ends_ms = 180'000, release_look_ms = 100;

class Upgrade {
 public:
  Upgrade(World& world, Summary& summary) : world_(world), summary_(summary) {}

  [[nodiscard]] std::int64_t version() {
    return std::stoll(world_.database().query("SELECT max(number) FROM sequent.migration"));
  }

  // kill -9: to stop in order is easier.
  void restart(std::size_t node, const std::string& program) {
    world_.kill_node(node);
    if (!program.empty()) world_.install(node, program);
    world_.start_node(node);
    const auto end = monotonic_ms() + release_serves_ms;
    while (!world_.serves(node) && world_.node_runs(node) && monotonic_ms() < end)
      go_on(release_look_ms);
    if (!world_.serves(node))
      throw std::runtime_error("node " + std::to_string(node + 1) +
                               " does not serve: " + world_.log_of(node));
  }

  void go_on(DurationMs ms) {
    const auto end = monotonic_ms() + ms;
    while (monotonic_ms() < end) {
      world_.database().tend();
      pause_ms(release_look_ms);
    }
  }

  // Both times: what is on its way between two commits is not stuck.
  void check_nothing_stuck() {
    const auto before = stuck();
    go_on(mixed_ms);
    std::int64_t still = 0;
    for (const auto& run : stuck()) still += before.contains(run) ? 1 : 0;
    summary_.expect("runs that nothing will wake, amid both releases", still, 0);
  }

  // Since the first of them was applied.
  void check_written_by(const std::string& what, std::size_t node, std::int64_t migration) {
    const auto count = world_.database().query(
        "SELECT count(*) FROM audit.written WHERE writer = '" + world_.writer(node) +
        "' AND at > (SELECT applied_at FROM sequent.migration WHERE number = " +
        std::to_string(migration) + ")");
    summary_.expect_at_least("commits on the new schema by " + what, std::stoll(count), 1);
  }

  void check_refused(std::size_t node) {
    world_.kill_node(node);
    world_.start_node(node);
    const auto end = monotonic_ms() + release_serves_ms;
    while (world_.node_runs(node) && monotonic_ms() < end) go_on(release_look_ms);
    summary_.expect("a node that is too old for the schema goes on", world_.node_runs(node) ? 1 : 0,
                    0);
    const bool said =
        world_.whole_log_of(node).find("A newer release has migrated it") != std::string::npos;
    summary_.expect("and it says why", said ? 1 : 0, 1);
  }

 private:
  std::set<std::string> stuck() {
    const auto json = world_.web.get(world_.url(0) + "/api/v1/runs?stuck=true&limit=500").json();
    if (!json.is_object() || !json.contains("items"))
      throw std::runtime_error("the nodes list no runs: " + json.dump());
    std::set<std::string> ids;
    for (const auto& run : json["items"]) ids.insert(run["id"]);
    return ids;
  }

  World& world_;
  Summary& summary_;
};

void prove(World& world, Load& load, bool all_ended, Summary& summary) {
  summary.expect("every run ended", all_ended ? 1 : 0, 1);
  check_callers(world, load, summary);
  check_providers(world, summary);
  check_writers(world, 2, summary);
  check_journals(world, summary);
}

}  // namespace

void tell_of_an_upgrade(World& world, const Releases& releases, Summary& summary) {
  Upgrade upgrade{world, summary};
  for (const char* name : {"stripe", "auth"}) world.slow_provider(name, slow_provider_ms);
  const auto known = upgrade.version();
  LoadPlan plan;
  plan.customers = upgrade_customers;
  plan.ticks = 60;
  Load load{world, plan};
  load.begin();
  upgrade.go_on(mixed_ms);

  upgrade.restart(2, releases.next);  // migrates under the load of the others
  summary.expect("migrations that the next release brought", upgrade.version() - known, 1);
  upgrade.go_on(mixed_ms);
  upgrade.restart(1, "");  // dies, and comes back as what it was
  summary.expect("a node of this release says that the schema is newer",
                 world.whole_log_of(1).find("newer") != std::string::npos ? 1 : 0, 1);
  upgrade.check_nothing_stuck();
  upgrade.check_written_by("the next release", 2, known + 1);
  upgrade.check_written_by("a node of this one that was there before", 0, known + 1);
  upgrade.check_written_by("a node of this one that was started on it", 1, known + 1);
  upgrade.restart(0, releases.next);
  upgrade.go_on(mixed_ms);
  load.close();
  load.end_by(monotonic_ms() + load_ends_ms);
  const bool ended = await_the_end(world, load_ends_ms);
  load.join();
  const bool all_ended =
      await_the_end(world, load_ends_ms) && ended;  // webhooks of the last payments
  prove(world, load, all_ended, summary);

  world.kill_node(1);
  upgrade.restart(2, releases.after_next);
  summary.expect("migrations of both releases", upgrade.version() - known, 2);
  upgrade.restart(0, "");
  summary.expect("a node of the next release works beside the one after it",
                 world.serves(0) && world.serves(2) ? 1 : 0, 1);
  upgrade.check_refused(1);
  summary.expect("and it left the schema alone", upgrade.version() - known, 2);
}

}  // namespace sequent::chaos
