#include "engine/runtime/node.hpp"

#include "engine/runtime/partition.hpp"

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
      surroundings(surroundings_of(config)),
      calls(std::make_shared<CallLimit>(config.max_in_flight)),
      watches(std::make_shared<WatchHub>(executor, *parts.alarms, ports.clock)) {
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

void Node::adopt(const std::vector<Lease>& leases) {
  std::vector<std::shared_ptr<Partition>> dropped, gained;
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
  for (const auto& partition : gained) partition->recover();
}

void Node::forget(PartitionId id) {
  const std::unique_lock lock{mutex_};
  if (id >= table_.size() || table_[id] == nullptr) return;
  std::erase(owned_, table_[id]);
  table_[id] = nullptr;
}

void Node::forget_all() {
  const std::unique_lock lock{mutex_};
  table_.clear();
  owned_.clear();
}

void Node::deliver(std::vector<StoredMessage> messages) {
  std::map<PartitionId, std::vector<StoredMessage>> by_partition;
  for (auto& message : messages) by_partition[message.to.partition()].push_back(std::move(message));
  for (auto& [id, list] : by_partition) {
    const auto owner = partition(id);
    // A partition of another node finds its messages in the store.
    if (owner) owner->take_messages(std::move(list));
  }
}

}  // namespace sequent::runtime
