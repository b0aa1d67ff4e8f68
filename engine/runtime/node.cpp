#include "engine/runtime/node.hpp"

#include "base/assert.hpp"
#include "base/digest.hpp"
#include "engine/runtime/cluster.hpp"
#include "engine/runtime/partition.hpp"
#include "engine/runtime/schedules.hpp"

namespace sequent::runtime {
namespace {

machine::Surroundings surroundings_of(const EngineConfig& config) {
  machine::Surroundings surroundings;
  surroundings.runtime = Json::object();
  surroundings.runtime["name"] = "sequent";
  surroundings.runtime["version"] = "0.1.0";
  surroundings.limits = config.limits;
  const auto lookup = config.secret;
  surroundings.secrets =
      [lookup](const definition::Program& program) -> std::expected<Json, std::string> {
    Json secrets = Json::object();
    for (const auto& name : program.secrets) {
      auto secret = lookup ? lookup(name) : std::nullopt;
      if (!secret) return std::unexpected(name);
      secrets[name] = std::move(*secret);
    }
    return secrets;
  };
  return surroundings;
}

// Two processes of one configuration must never take each other's leases for their own.
std::string name_of_process(const EngineConfig& config, const Ports& ports,
                            const EngineParts& parts) {
  if (ports.store.exchange() == nullptr) return config.node;
  constexpr std::size_t digits = 12;
  const auto drawn = parts.random(ports.store.partitions())->next();
  return config.node + "~" + sha256_hex(std::to_string(drawn)).substr(0, digits);
}

}  // namespace

void HealthBoard::store_failed(std::string why) {
  const std::lock_guard lock{mutex_};
  store_broken_ = std::move(why);
}
void HealthBoard::store_works() {
  const std::lock_guard lock{mutex_};
  store_broken_.clear();
}
void HealthBoard::degrade(PartitionId partition, std::string why) {
  const std::lock_guard lock{mutex_};
  broken_[partition] = std::move(why);
}
void HealthBoard::recover(PartitionId partition) {
  const std::lock_guard lock{mutex_};
  broken_.erase(partition);
}
bool HealthBoard::degraded() const {
  const std::lock_guard lock{mutex_};
  return !broken_.empty() || !store_broken_.empty();
}
std::string HealthBoard::detail() const {
  const std::lock_guard lock{mutex_};
  if (broken_.empty()) return store_broken_;
  return broken_.begin()->second + " (" + std::to_string(broken_.size()) + " partitions recover)";
}

Node::Node(EngineConfig config_in, Ports ports_in, boost::asio::any_io_executor executor_in,
           EngineParts parts_in)
    : config(std::move(config_in)),
      ports(ports_in),
      executor(std::move(executor_in)),
      parts(std::move(parts_in)),
      self(name_of_process(config, ports, parts)),
      surroundings(surroundings_of(config)),
      calls(std::make_shared<CallLimit>(config.max_in_flight)),
      watches(std::make_shared<WatchHub>(executor, *parts.alarms, ports.clock)) {
  SEQUENT_ASSERT((ports.store.exchange() == nullptr) == (parts.cluster == nullptr));
  if (config.lease_ttl_ms == 0) config.lease_ttl_ms = ports.store.usual_lease_ms();
}

std::shared_ptr<Partition> Node::partition(PartitionId id) const {
  const std::shared_lock lock{mutex_};
  return id < table_.size() ? table_[id] : nullptr;
}

std::vector<std::shared_ptr<Partition>> Node::partitions() const {
  const std::shared_lock lock{mutex_};
  return owned_;
}

std::shared_ptr<Partition> Node::next_partition() {
  const std::shared_lock lock{mutex_};
  if (owned_.empty()) return nullptr;
  return owned_[turn_.fetch_add(1, std::memory_order_relaxed) % owned_.size()];
}

std::size_t Node::owned() const {
  const std::shared_lock lock{mutex_};
  return owned_.size();
}

std::optional<Epoch> Node::leadership() const {
  if (cluster == nullptr) return Epoch{0};
  const auto first = partition(0);
  if (first == nullptr || !tenure->leased()) return std::nullopt;
  return first->epoch();
}

void Node::adopt(const std::vector<Lease>& leases) {
  std::vector<std::shared_ptr<Partition>> dropped, gained;
  const bool led = leads();
  const auto old_term = leadership();
  {
    const std::unique_lock lock{mutex_};
    auto old = std::exchange(table_, {});
    table_.resize(ports.store.partitions());
    owned_.clear();
    for (const auto& lease : leases) {
      if (lease.partition >= table_.size()) continue;
      std::shared_ptr<Partition> partition;
      if (lease.partition < old.size()) partition = old[lease.partition];
      if (partition == nullptr || partition->epoch() != lease.epoch) {
        partition = std::make_shared<Partition>(shared_from_this(), lease);
        gained.push_back(partition);
      } else {
        old[lease.partition] = nullptr;
      }
      table_[lease.partition] = partition;
      owned_.push_back(partition);
    }
    for (auto& partition : old)
      if (partition) dropped.push_back(std::move(partition));
  }
  for (const auto& partition : dropped) partition->drop(Leaving::taken_over);
  tenure->confirm();
  for (const auto& partition : gained) partition->recover();
  if (outages && !gained.empty()) outages->adopted();
  if (cluster == nullptr) return;
  if (!gained.empty()) cluster->gained();
  if (leads() != led) schedules->refresh();
  if (const auto term = leadership(); term && term != old_term) begins_to_lead.ring();
}

void Node::retain(const std::vector<Lease>& leases) {
  for (const auto& partition : partitions()) {
    const auto same = [&](const Lease& lease) {
      return lease.partition == partition->id() && lease.epoch == partition->epoch();
    };
    if (std::ranges::any_of(leases, same)) continue;
    forget(partition->id());
    partition->drop(Leaving::taken_over);
  }
  tenure->confirm();
}

void Node::forget(PartitionId id) {
  const std::unique_lock lock{mutex_};
  if (id >= table_.size() || table_[id] == nullptr) return;
  std::erase(owned_, table_[id]);
  table_[id] = nullptr;
}

void Node::let_go(const std::shared_ptr<Partition>& partition) {
  forget(partition->id());
  const std::unique_lock lock{mutex_};
  leaving_ = partition;
}

std::shared_ptr<Partition> Node::leaving() const {
  const std::shared_lock lock{mutex_};
  return leaving_;
}

void Node::has_left() {
  const std::unique_lock lock{mutex_};
  leaving_ = nullptr;
}

std::vector<std::shared_ptr<Partition>> Node::all_partitions() const {
  const std::shared_lock lock{mutex_};
  auto all = owned_;
  if (leaving_) all.push_back(leaving_);
  return all;
}

void Node::forget_all() {
  const std::unique_lock lock{mutex_};
  leaving_ = nullptr;
  table_.clear();
  owned_.clear();
}

void Node::watch_providers() {
  if (ports.health == nullptr) return;
  const auto weak = weak_from_this();
  auto owned_ids = [weak] {
    std::vector<PartitionId> ids;
    if (const auto node = weak.lock())
      for (const auto& partition : node->partitions()) ids.push_back(partition->id());
    return ids;
  };
  auto call_let_go = [weak](const InstanceId& id, std::uint32_t frame) {
    const auto node = weak.lock();
    const auto owner = node ? node->partition(id.partition()) : nullptr;
    if (owner) owner->let_go(id, frame);
  };
  outages = std::make_shared<Outages>(Outages::Setting{.node = self,
                                                       .executor = executor,
                                                       .clock = ports.clock,
                                                       .store = *ports.health,
                                                       .reads = *parts.reads,
                                                       .alarms = *parts.alarms,
                                                       .rules = config.outages,
                                                       .shared = ports.store.exchange() != nullptr,
                                                       .owned = std::move(owned_ids),
                                                       .let_go = std::move(call_let_go)});
}

void Node::deliver(std::vector<StoredMessage> messages) {
  std::map<PartitionId, std::vector<StoredMessage>> by_partition;
  for (auto& message : messages) by_partition[message.to.partition()].push_back(std::move(message));
  for (auto& [id, list] : by_partition) {
    const auto owner = partition(id);
    if (!owner) {
      if (cluster != nullptr) cluster->mail(list);
    } else if (committers.size() == 1) {
      // Whoever has just routed them is the one who writes what they lead to: nobody can have taken
      // them yet.
      owner->take_messages(std::move(list));
    } else {
      for (const auto& message : list) owner->look_for_messages_of(message.to);
    }
  }
}

void Node::wait(const InstanceId& id, Until until, Timestamp deadline,
                Reply<Result<WaitResult>> reply) {
  if (const auto owner = partition(id.partition()))
    return owner->wait(id, until, deadline, std::move(reply));
  if (cluster != nullptr) return cluster->wait(id, until, deadline, std::move(reply));
  reply(std::unexpected(elsewhere(id)));
}

Error Node::elsewhere(const InstanceId& id) const {
  Error error;
  error.code = ErrorCode::unavailable;
  error.retry_after_seconds = 1;
  error.detail = stopping ? "This node is stopping. Run " + id.text() +
                                " keeps its id: ask for it again in a moment."
                          : "Another node has run " + id.text() +
                                ", or is about to take it: ask again in a moment.";
  return error;
}

}  // namespace sequent::runtime
