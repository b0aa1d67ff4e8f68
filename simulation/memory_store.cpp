#include "simulation/memory_store.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sequent::simulation {

using namespace runtime;

MemoryStore::MemoryStore(std::vector<std::string>& log, PartitionId partitions)
    : partition_count(partitions), log_(log) {
  SEQUENT_ASSERT(partitions > 0);
}

void MemoryStore::fence() {
  ++epoch_;
  owner_.clear();
}

void MemoryStore::tamper(const InstanceId& id, const std::string& from, const std::string& to) {
  const auto replace = [&](std::string& text) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  };
  auto& row = rows_.at(id);
  for (auto& segment : row.journal) replace(segment.text);
  if (row.snapshot) replace(*row.snapshot);
}

Result<Membership> MemoryStore::acquire(const Renewal& renewal) {
  ++asked["acquire"];
  const auto& [node, now, ttl, leaves] = renewal;
  ++acquires;
  const bool no_writes = next_commit == CommitFault::before || next_commit == CommitFault::full;
  if (leases_fail || no_writes) throw StoreFailure("the disk is gone", false);
  if (shared_) return acquire_shared(renewal);
  const bool foreign = !owner_.empty() && owner_ != node;
  if (owned_ && foreign && leased_until_ > now)
    return fail(ErrorCode::lease_held, "Node " + owner_ + " holds the partitions.");
  if (foreign) ++epoch_;
  owned_ = true;
  owner_ = node;
  leased_until_ = now + ttl;
  Membership membership;
  for (PartitionId id = 0; id < partition_count; ++id)
    membership.leases.push_back({.partition = id, .epoch = epoch_});
  return membership;
}

void MemoryStore::share(const Clock& clock) {
  clock_ = &clock;
  shared_ = std::make_unique<SharedLeases>(partition_count);
  exchange_ = std::make_unique<MemoryExchange>(clock);
}

Membership MemoryStore::acquire_shared(const Renewal& renewal) {
  const Timestamp now = clock_->now();  // its own, whatever the node believes
  auto membership = shared_->acquire(
      {.node = renewal.node, .now = now, .ttl = renewal.ttl, .leaves = renewal.leaves});
  std::vector<PartitionId> owned;
  for (const auto& lease : membership.leases) owned.push_back(lease.partition);
  membership.mail = partitions_with_old_mail(owned, now);
  membership.parcels = exchange_->holds_for(renewal.node, owned);
  membership.definitions = definitions_revision_;
  return membership;
}

std::vector<PartitionId> MemoryStore::partitions_with_old_mail(std::span<const PartitionId> owned,
                                                               Timestamp now) const {
  constexpr DurationMs old_ms = 1'000;
  std::set<PartitionId> found;
  for (const auto& [to, messages] : messages_)
    for (const auto& [id, body] : messages) {
      const bool ours = std::ranges::find(owned, to.partition()) != owned.end();
      if (ours && sent_at_.at(id) + old_ms <= now) found.insert(to.partition());
    }
  return {found.begin(), found.end()};
}

// Alone, all partitions have one epoch: whoever gives back one gives back all.
void MemoryStore::give_back(const std::string& node, const Lease& lease) {
  ++asked["give_back"];
  if (shared_) return shared_->give_back(node, lease);
  if (lease.epoch == epoch_) release(node);
}

void MemoryStore::release(const std::string& node) {
  ++asked["release"];
  log_.emplace_back("release");
  if (shared_) return shared_->release(node);
  if (owner_ == node) fence();
}

std::vector<BatchResult> MemoryStore::commit(std::span<const Batch> batches) {
  ++asked["commit"];
  if (next_commit == CommitFault::before) throw StoreFailure("the disk is gone", false);
  if (next_commit == CommitFault::full) throw StoreFailure("no space", true);
  std::vector<BatchResult> results;
  for (const auto& batch : batches) {
    BatchResult result;
    result.fenced = batch.epoch != epoch_of(batch.partition);
    if (!result.fenced)
      for (const auto& change : batch.changes) {
        SEQUENT_ASSERT(change.id.partition() == batch.partition);
        result.changes.push_back(apply(change));
      }
    results.push_back(std::move(result));
  }
  log_.emplace_back("commit");
  if (next_commit == CommitFault::after) throw StoreFailure("the answer was lost", false);
  return results;
}

ChangeResult::Taken MemoryStore::taken_by(const InstanceId& id, bool by_request) const {
  const auto& row = rows_.at(id);
  return {.id = id,
          .payload_hash = row.start.payload_hash,
          .status = row.row.status,
          .by_idempotency_key = by_request};
}

// Who has one of the start's keys, or nobody: then they are its own.
std::optional<ChangeResult::Taken> MemoryStore::claim(const InstanceId& id,
                                                      const NewInstance& start) {
  if (rows_.contains(id)) return taken_by(id, false);  // a child's start that was repeated
  const std::string workflow = start.workflow_namespace + "/" + start.name;
  const Key request{.workflow = workflow, .key = start.idempotency_key};
  const Key business{.workflow = workflow, .key = start.key};
  if (!start.idempotency_key.empty())
    if (const auto found = by_request_.find(request); found != by_request_.end())
      return taken_by(found->second, true);
  if (!start.key.empty())
    if (const auto found = by_key_.find(business); found != by_key_.end()) {
      const auto& status = rows_.at(found->second).row.status;
      const bool unsuccessful = status == "faulted" || status == "cancelled";
      if (!start.restart_if_faulted || !unsuccessful) return taken_by(found->second, false);
    }
  if (!start.idempotency_key.empty()) by_request_[request] = id;
  if (!start.key.empty()) by_key_[business] = id;
  return std::nullopt;
}

std::optional<ChangeResult::Taken> MemoryStore::holder_of_key(const NewInstance& start) const {
  const auto found =
      by_key_.find({.workflow = start.workflow_namespace + "/" + start.name, .key = start.key});
  if (start.key.empty() || found == by_key_.end()) return std::nullopt;
  return taken_by(found->second, false);
}

StoredMessage MemoryStore::send(const InstanceId& to, const Json& body) {
  const auto id = ++last_id_;
  messages_[to][id] = body;
  if (clock_ != nullptr) sent_at_[id] = clock_->now();
  return {.id = id, .to = to, .body = body};
}

void MemoryStore::write_journal(Row& row, const InstanceChange& change) {
  if (change.last_seq != 0) {
    if (change.first_seq != row.seq + 1)
      throw StoreFailure("A change of instance " + change.id.text() + " begins at seq " +
                             std::to_string(change.first_seq) + ", but its history ends at " +
                             std::to_string(row.seq) + ".",
                         false);
    row.seq = change.last_seq;
    row.journal.push_back({.last = change.last_seq, .text = change.records});
  }
  row.row = change.row;
  if (change.version) {
    row.start.version = change.version->version;
    row.start.digest = change.version->digest;
  }
  if (change.snapshot) {
    row.snapshot = change.snapshot;
    row.snapshot_seq = row.seq;
  }
}

StoreOperationResult MemoryStore::operate(Row& row, const StoreOperation& operation) {
  SEQUENT_ASSERT(!operation.key.empty());
  const auto [known, fresh] = row.operations.try_emplace(operation.key, operation.arguments);
  if (fresh) log_.push_back("operation " + operation.activity);
  return {.frame = operation.frame,
          .attempt = operation.attempt,
          .output = Json{{"stored", known->second}}};
}

ChangeResult MemoryStore::apply(const InstanceChange& change) {
  ChangeResult result;
  if (change.start) {
    result.taken = claim(change.id, *change.start);
    if (result.taken) return result;
    rows_[change.id].start = *change.start;
  } else if (change.revives) {
    result.taken = holder_of_key(rows_.at(change.id).start);
    if (result.taken && result.taken->id != change.id) return result;
    result.taken.reset();
  }
  auto& row = rows_.at(change.id);
  write_journal(row, change);
  for (const auto& operation : change.operations)
    result.operations.push_back(operate(row, operation));
  if (change.subscriptions) {
    row.subscriptions = *change.subscriptions;
    give_held(change.id, change.at, result);
  }
  if (change.parked) health_.keep(change.id, *change.parked);
  for (const auto id : change.consumed_messages) messages_[change.id].erase(id);
  for (const auto& message : change.messages)
    if (!message.if_there || rows_.contains(message.to))
      result.sent.push_back(send(message.to, message.body));
  for (const auto& event : change.emitted) result.emitted.push_back(store_event(event));
  for (const auto& request : change.requests) {
    auto& taken = requests_.try_emplace(request.id, TakenRequest{change.id, {}}).first->second;
    if (!request.answer || taken.answer) continue;
    taken.run = change.id;
    taken.answer = Json::parse(*request.answer);
  }
  return result;
}

std::int64_t MemoryStore::store_event(const Json& body) {
  const auto [known, fresh] =
      event_ids_.try_emplace({text_of(body, "source"), text_of(body, "id")}, last_id_ + 1);
  if (fresh) events_[++last_id_].body = body;
  return known->second;
}

bool MemoryStore::takes(const SubscriptionRow& subscription, const Event& event) {
  return std::ranges::any_of(event.candidates, [&](const auto& candidate) {
    return candidate.filter_key == subscription.filter_key &&
           (subscription.correlation_hash.empty() ||
            subscription.correlation_hash == candidate.correlation_hash);
  });
}

void MemoryStore::give_held(const InstanceId& id, Timestamp now, ChangeResult& result) {
  const auto& list = rows_.at(id).subscriptions;
  for (auto& [event_id, event] : events_) {
    if (!event.held || event.expires_at <= now) continue;
    if (std::ranges::none_of(list, [&](const auto& one) { return takes(one, event); })) continue;
    event.held = false;
    result.messages.push_back(send(id, Json{{"kind", "event"}, {"event", event.body}}));
  }
}

// Everyone who waits for it gets it, each run once. Who listens to everything takes a copy and does
// not keep the event from the run that it is meant for.
void MemoryStore::deliver(std::int64_t id, const IncomingEvent& incoming, RoutedEvent& routed) {
  auto& event = events_.at(id);
  event.routed = true;
  event.candidates = incoming.candidates;
  event.expires_at = incoming.expires_at;
  bool wanted = false;
  for (const auto& [to, row] : rows_) {
    const auto takes_it = [&](const auto& one) { return takes(one, event); };
    const auto is_all = [](const auto& one) { return one.filter_key == "*"; };
    const bool all = std::ranges::any_of(row.subscriptions, is_all);
    const bool one = std::ranges::any_of(row.subscriptions, [&](const auto& subscription) {
      return !is_all(subscription) && takes_it(subscription);
    });
    if (!one && !all) continue;
    const auto same = [&](const auto& message) {
      return message.second.value("event", Json()) == event.body;
    };
    if (incoming.again && std::ranges::any_of(messages_[to], same)) continue;
    wanted = wanted || one;
    routed.messages.push_back(send(to, Json{{"kind", "event"}, {"event", event.body}}));
  }
  event.held = !wanted;
  log_.push_back("route " + text_of(event.body, "type"));
}

std::vector<RoutedEvent> MemoryStore::route(std::span<const IncomingEvent> incoming) {
  ++asked["route"];
  std::vector<RoutedEvent> all;
  for (const auto& event : incoming) {
    RoutedEvent routed;
    routed.id = event.stored_id;
    if (event.stored_id == 0) {
      const auto before = last_id_;
      routed.id = store_event(event.event);
      routed.duplicate = routed.id <= before;
    } else {
      routed.duplicate = !event.again && events_.at(event.stored_id).settled;
    }
    routed.stale = !routed.duplicate &&
                   event.definitions_known.value_or(definitions_revision_) != definitions_revision_;
    if (routed.stale) {
      all.push_back(std::move(routed));
      continue;
    }
    const bool first = !events_.at(routed.id).routed;
    if (!routed.duplicate && (first || event.again)) deliver(routed.id, event, routed);
    if (!routed.duplicate && first) collect(routed.id, event);
    if (!routed.duplicate) routed.sets = sets_of(routed.id);
    all.push_back(std::move(routed));
  }
  return all;
}

std::vector<std::pair<std::int64_t, Json>> MemoryStore::unrouted(std::int64_t after,
                                                                 std::size_t limit) {
  ++asked["unrouted"];
  fail_reads();
  ++unrouted_asked;
  std::vector<std::pair<std::int64_t, Json>> found;
  for (const auto& [id, event] : events_)
    if (id > after && !event.settled && found.size() < limit) found.emplace_back(id, event.body);
  return found;
}

void MemoryStore::settle_event(std::int64_t id) {
  ++asked["settle_event"];
  events_[id].settled = true;
  for (auto& [collection, list] : collected_)
    std::erase_if(list, [id](const Collected& one) { return one.set == id; });
}

void MemoryStore::collect(std::int64_t id, const IncomingEvent& incoming) {
  for (const auto& set : incoming.collecting) {
    const auto waiting = [&](const std::string& collection, std::uint32_t place) {
      auto& list = collected_[collection];
      return std::ranges::find_if(list, [&](const Collected& one) {
        return one.place == place && one.set == 0 &&
               events_.at(one.event).expires_at > incoming.received_at;
      });
    };
    const auto empty = std::ranges::find_if(set.places, [&](const auto& one) {
      return waiting(one.collection, one.place) == collected_[one.collection].end();
    });
    const auto& chosen = empty == set.places.end() ? set.places.front() : *empty;
    auto& list = collected_[chosen.collection];
    list.push_back({.place = chosen.place, .event = id});
    std::vector<Collected*> whole;
    for (std::uint32_t place = 0; place < set.of; ++place)
      if (const auto found = waiting(chosen.collection, place); found != list.end())
        whole.push_back(&*found);
    if (whole.size() == set.of)
      for (auto* one : whole) one->set = id;
  }
}

std::vector<EventSet> MemoryStore::sets_of(std::int64_t id) const {
  std::vector<EventSet> sets;
  for (const auto& [collection, list] : collected_) {
    std::map<std::uint32_t, Json> events;
    for (const auto& one : list)
      if (one.set == id) events[one.place] = events_.at(one.event).body;
    if (events.empty()) continue;
    sets.push_back({.collection = collection, .events = {}});
    for (auto& [place, event] : events) sets.back().events.push_back(std::move(event));
  }
  return sets;
}

std::size_t MemoryStore::expire_events(Timestamp now, std::size_t limit) {
  ++asked["expire_events"];
  std::size_t expired = 0;
  for (auto& [id, event] : events_) {
    if (expired == limit) break;
    if (!event.held || event.expires_at > now) continue;
    event.held = false;
    ++expired;
  }
  return expired;
}

}  // namespace sequent::simulation
