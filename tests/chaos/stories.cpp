#include "tests/chaos/stories.hpp"

#include <stdexcept>

namespace sequent::chaos {
namespace {

constexpr int of_each = 20;
constexpr DurationMs provider_ms = 900, under_way_ms = 1'200, ends_ms = 120'000,
                     serves_ms = 180'000;

struct Started {
  std::string workflow, run;
};

// `first_user`: of as many users as runs, none of whom has bought before.
std::vector<Started> start_some(World& world, const std::string& marker, int first_user) {
  std::vector<Started> started;
  const auto start = [&](const std::string& workflow, const std::string& key, const Json& input) {
    net::Headers headers;
    headers.set("Idempotency-Key", key);
    const auto reply = world.web.send(
        "POST", world.url(started.size() % node_count) + "/api/v1/workflows/" + workflow + "/runs",
        input.dump(), headers);
    if (reply.status / 100 != 2)
      throw std::runtime_error(workflow + " was not started: " + reply.body);
    started.push_back({workflow, reply.headers.value("Sequent-Run")});
  };
  for (int i = 0; i < of_each; ++i) {
    const auto key = marker + "-" + std::to_string(i);
    const int user = first_user + i;
    if (!world.register_user(user)) throw std::runtime_error("no user was registered");
    start("facturation/basket-checking", "basket-" + key,
          {{"token", "token-user-" + std::to_string(user)}, {"userId", user}});
    start("connect/account-create", "account-" + key,
          {{"type", "express"},
           {"country", "FR"},
           {"email", key + "@example.com"},
           {"capabilities", {{"transfers", {{"requested", true}}}}},
           {"metadata", {{"participant", key}}}});
    start("chaos/timers", "timers-" + key, {{"key", key}});
    start("chaos/family", "family-" + key, {{"key", key}});
  }
  return started;
}

void slow_providers(World& world) {
  for (const char* name : {"stripe", "auth"}) world.slow_provider(name, provider_ms);
}

void start_all(World& world) {
  for (std::size_t node = 0; node < node_count; ++node)
    if (!world.node_runs(node)) world.start_node(node);
  const auto end = monotonic_ms() + serves_ms;
  while (!world.everything_serves() && monotonic_ms() < end) {
    world.database().tend();
    pause_ms(100);
  }
  if (!world.everything_serves()) throw std::runtime_error("not all serve: " + world.who_ended());
}

void check_completed(World& world, const std::vector<Started>& started, Summary& summary) {
  std::int64_t completed = 0;
  for (const auto& [workflow, run] : started) {
    const auto json = world.web.get(world.url(0) + "/api/v1/runs/" + run).json();
    const bool good = json.is_object() && json.value("status", "") == "completed";
    completed += good ? 1 : 0;
    if (!good) std::printf("    %s %s: %s\n", workflow.c_str(), run.c_str(), json.dump().c_str());
  }
  summary.expect("runs that were started and are completed", completed,
                 static_cast<std::int64_t>(started.size()));
}

}  // namespace

void tell_of_a_restore(World& world, Summary& summary) {
  auto& database = world.database();
  slow_providers(world);
  auto started = start_some(world, "before-copy", 10'000);
  database.back_up();
  const auto later = start_some(world, "after-copy", 20'000);
  started.insert(started.end(), later.begin(), later.end());
  pause_ms(under_way_ms);
  const auto open =
      database.query("SELECT count(*) FROM sequent.instance WHERE waiting_kind = 'activity'");
  database.name_moment("chosen");
  // They were in flight at that moment; their effects are there, and the restored state knows nothing
  // of them.
  summary.expect_at_least("runs with a call in flight at the chosen moment", std::stoll(open), 1);
  for (std::size_t node = 0; node < node_count; ++node) world.kill_node(node);
  database.restore_to("chosen");
  summary.expect_at_least("runs that had not ended at that moment",
                          std::stoll(database.query("SELECT count(*) FROM sequent.instance WHERE "
                                                    "ended_at IS NULL")),
                          1);
  check_journals(world, summary);
  start_all(world);
  summary.expect("every run ended", await_the_end(world, ends_ms) ? 1 : 0, 1);
  check_completed(world, started, summary);
  check_providers(world, summary);
  check_journals(world, summary);
}

}  // namespace sequent::chaos
