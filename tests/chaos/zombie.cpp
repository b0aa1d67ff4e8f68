#include "tests/chaos/zombie.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace sequent::chaos {
namespace {

constexpr int calls_amid = 20;
constexpr DurationMs slow_stripe_ms = 900, call_ms = 5'000, wakes_ms = 4'000, figures_look_ms = 20;
constexpr const char* account_workflow = "connect/account-create";

}  // namespace

void Zombie::freeze() {
  world_.slow_provider("stripe", slow_stripe_ms);
  start_calls();
  const auto end = monotonic_ms() + call_ms;
  while (world_.figure(node_, "sequent_activities_in_flight") == 0 && monotonic_ms() < end)
    pause_ms(figures_look_ms);
  writer_ = world_.writer(node_);
  before_ = keys_of_stripe();
  report_.owned = world_.figure(node_, "sequent_partitions");
  report_.in_flight = world_.figure(node_, "sequent_activities_in_flight");
  world_.freeze_node(node_, true);
  frozen_at_ = wall_ms();
}

// A node makes the ids of its starts for partitions of its own, so the calls are this one's.
void Zombie::start_calls() {
  for (int i = 0; i < calls_amid; ++i) {
    const auto key = "zombie-" + std::to_string(i);
    net::Headers headers;
    headers.set("Idempotency-Key", key);
    const Json input{{"type", "express"},
                     {"country", "FR"},
                     {"email", key + "@example.com"},
                     {"capabilities", {{"transfers", {{"requested", true}}}}},
                     {"metadata", {{"participant", key}}}};
    const auto reply = world_.web.send(
        "POST", world_.url(node_) + "/api/v1/workflows/" + account_workflow + "/runs", input.dump(),
        headers);
    if (reply.status / 100 != 2)
      throw std::runtime_error("the node that is to be frozen started nothing: " + reply.body);
    load_.remember(account_workflow, key, reply.headers.value("Sequent-Run"));
  }
}

std::map<std::string, Zombie::Key> Zombie::keys_of_stripe() {
  const auto calls_seen = world_.web.get(world_.provider("stripe") + "/_sandbox/calls").json();
  if (!calls_seen.is_object()) throw std::runtime_error("Stripe's stand-in lists no calls");
  std::map<std::string, Key> keys;
  for (const auto& key : calls_seen["idempotencyKeys"]) {
    auto& seen = keys[key.value("account", "") + " " + key.value("key", "")];
    seen.replayed = key.value("replayed", 0);
    const auto objects = key["effects"].get<std::vector<std::string>>();
    seen.objects = {objects.begin(), objects.end()};
  }
  return keys;
}

void Zombie::thaw() {
  for (const auto& [name, key] : keys_of_stripe()) {
    const auto more = key.replayed - before_[name].replayed;
    if (more <= 0) continue;
    report_.repeated += more;
    report_.most_objects = std::max(report_.most_objects, key.objects.size());
  }
  const std::string at = "to_timestamp(" + std::to_string(frozen_at_) + " / 1000.0)";
  const auto answer = world_.database().query(
      "WITH its AS (SELECT DISTINCT partition_id FROM audit.written WHERE writer = '" + writer_ +
      "' AND at > " + at + " - interval '2 s') SELECT count(*) || ' ' || count(*) FILTER (WHERE " +
      "EXISTS (SELECT 1 FROM audit.written w WHERE w.partition_id = its.partition_id AND w.at > " +
      at + " AND w.writer <> '" + writer_ + "')) FROM its");
  long long partitions = 0, followed = 0;
  if (std::sscanf(answer.c_str(), "%lld %lld", &partitions, &followed) != 2)
    throw std::runtime_error("the audit answered: " + answer);
  report_.partitions = partitions;
  report_.followed = followed;
  world_.slow_provider("stripe", 0);
  world_.freeze_node(node_, false);
  report_.owned_least = report_.owned;
  const auto end = monotonic_ms() + wakes_ms;
  while (monotonic_ms() < end && report_.owned_least > 0) {
    if (const auto text = world_.web.get(world_.url(node_) + "/metrics").body; !text.empty())
      report_.owned_least = std::min(report_.owned_least, figure_in(text, "sequent_partitions"));
    pause_ms(figures_look_ms);
  }
}

}  // namespace sequent::chaos
