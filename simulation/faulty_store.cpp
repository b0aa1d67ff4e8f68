#include "simulation/faulty_store.hpp"

namespace sequent::simulation {

using namespace runtime;

namespace {
constexpr DurationMs slowest_commit_ms = 4'000;
}

void FaultyStore::maybe_fail(int permille, const char* what) {
  if (dead_) throw StoreFailure("the process is dead", false);
  if (cut_) throw StoreFailure("the store can't be reached", false);
  if (!parts_.dice.chance(permille)) return;
  parts_.notebook.note(std::string("store fails: ") + what);
  throw StoreFailure(what, parts_.dice.chance(200));
}

Result<Membership> FaultyStore::acquire(const Renewal& renewal) {
  node_ = renewal.node;
  maybe_fail(parts_.weather.lease_fails, "acquire");
  return parts_.store.acquire(renewal);
}

void FaultyExchange::tell(std::span<const Note> notes) {
  store_.fail_exchange("tell");
  exchange_.tell(notes);
}

void FaultyExchange::listen(const std::string& node, std::function<void(std::string)> heard) {
  exchange_.listen(node, std::move(heard));
}

void FaultyExchange::post(std::span<const Parcel> parcels) {
  store_.fail_exchange("post");
  exchange_.post(parcels);
}

std::vector<Parcel> FaultyExchange::collect(const std::string& node,
                                            std::span<const PartitionId> partitions,
                                            std::size_t limit) {
  store_.fail_exchange("collect");
  return exchange_.collect(node, partitions, limit);
}

std::vector<StoredCircuit> FaultyHealth::circuits(std::int64_t after) {
  store_.fail_health("circuits");
  return health_.circuits(after);
}

std::vector<std::int64_t> FaultyHealth::put_circuits(std::span<const StoredCircuit> circuits) {
  store_.fail_health("put circuits");
  auto revisions = health_.put_circuits(circuits);
  store_.fail_health("put circuits, answer lost");
  return revisions;
}

std::vector<ParkedPlace> FaultyHealth::parked(const definition::CircuitId& circuit,
                                              std::span<const PartitionId> partitions,
                                              std::optional<ParkedPlace> after, std::size_t limit) {
  store_.fail_health("parked");
  return health_.parked(circuit, partitions, after, limit);
}

std::vector<ParkedCount> FaultyHealth::parked_counts(Timestamp risk_before) {
  store_.fail_health("parked counts");
  return health_.parked_counts(risk_before);
}

void FaultyStore::give_back(const std::string& node, const Lease& lease) {
  maybe_fail(parts_.weather.lease_fails, "give back");
  parts_.store.give_back(node, lease);
}

void FaultyStore::release(const std::string& node) {
  maybe_fail(0, "release");
  parts_.store.release(node);
}

std::vector<BatchResult> FaultyStore::commit(std::span<const Batch> batches) {
  const auto& weather = parts_.weather;
  auto& dice = parts_.dice;
  if (!dead_ && dice.chance(weather.commit_slow))
    parts_.scheduler.pass(dice.between(100, slowest_commit_ms));
  if (!dead_ && dice.chance(weather.crash_before_commit)) {
    parts_.crash();
    throw StoreFailure("the process dies before its commit", false);
  }
  maybe_fail(weather.commit_fails, "commit");
  auto results = parts_.store.commit(batches);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (results[i].fenced)
      parts_.notebook.note("fenced");
    else
      parts_.witness.wrote(batches[i].partition, batches[i].epoch, node_);
    for (std::size_t j = 0; j < results[i].changes.size(); ++j)
      if (!results[i].changes[j].taken) parts_.witness.committed(batches[i].changes[j]);
  }
  if (dice.chance(weather.crash_after_commit)) {
    parts_.crash();
    throw StoreFailure("the process dies after its commit", false);
  }
  maybe_fail(weather.commit_answer_lost, "commit, answer lost");
  return results;
}

std::vector<RoutedEvent> FaultyStore::route(std::span<const IncomingEvent> events) {
  maybe_fail(parts_.weather.route_fails, "route");
  auto routed = parts_.store.route(events);
  for (const auto& one : routed)
    parts_.notebook.note("routed " + std::to_string(one.id) + (one.duplicate ? " again" : "") +
                         " to " + std::to_string(one.messages.size()));
  maybe_fail(parts_.weather.route_fails, "route, answer lost");
  return routed;
}

std::vector<std::pair<std::int64_t, Json>> FaultyStore::unrouted(std::int64_t after,
                                                                 std::size_t limit) {
  maybe_fail(parts_.weather.read_fails, "unrouted");
  return parts_.store.unrouted(after, limit);
}

void FaultyStore::settle_event(std::int64_t id) {
  maybe_fail(parts_.weather.route_fails, "settle");
  parts_.store.settle_event(id);
}

std::size_t FaultyStore::expire_events(Timestamp now, std::size_t limit) {
  maybe_fail(parts_.weather.lease_fails, "expire");
  return parts_.store.expire_events(now, limit);
}

std::optional<StoredInstance> FaultyStore::load(const InstanceId& id) {
  maybe_fail(parts_.weather.read_fails, "load");
  return parts_.store.load(id);
}

std::vector<Store::Due> FaultyStore::due(PartitionId partition, Timestamp before,
                                         std::optional<Due> after, std::size_t limit) {
  maybe_fail(parts_.weather.read_fails, "due");
  return parts_.store.due(partition, before, after, limit);
}

std::vector<InstanceId> FaultyStore::with_messages(PartitionId partition,
                                                   std::optional<InstanceId> after,
                                                   std::size_t limit) {
  maybe_fail(parts_.weather.read_fails, "with_messages");
  return parts_.store.with_messages(partition, after, limit);
}

}  // namespace sequent::simulation
