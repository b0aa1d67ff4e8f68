#include "tests/support/memory_store.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sequent::testing {

using namespace runtime;

std::string MemoryStore::status_of(const InstanceId& id) const {
  const auto found = rows_.find(id);
  return found == rows_.end() ? "absent" : found->second.row.status;
}

std::vector<BatchResult> MemoryStore::commit(std::span<const Batch> batches) {
  if (next_commit == CommitFault::before) throw StoreFailure("the disk is gone", false);
  if (next_commit == CommitFault::full) throw StoreFailure("no space", true);
  std::vector<BatchResult> results;
  for (const auto& batch : batches) {
    BatchResult result;
    result.fenced = batch.epoch != epoch_;
    if (!result.fenced)
      for (const auto& change : batch.changes) result.changes.push_back(apply(change));
    results.push_back(std::move(result));
  }
  log_.push_back("commit");
  if (next_commit == CommitFault::after) throw StoreFailure("the answer was lost", false);
  return results;
}

std::optional<ChangeResult::Taken> MemoryStore::taken(const NewInstance& start) const {
  for (const auto& [id, row] : rows_) {
    if (row.start.workflow_namespace != start.workflow_namespace || row.start.name != start.name)
      continue;
    const bool gives_up = start.restart_if_faulted && row.row.status == "faulted";
    const bool by_request =
        !start.idempotency_key.empty() && row.start.idempotency_key == start.idempotency_key;
    const bool by_key = !start.key.empty() && row.start.key == start.key && !gives_up;
    if (by_request || by_key)
      return ChangeResult::Taken{.id = id,
                                 .payload_hash = row.start.payload_hash,
                                 .status = row.row.status,
                                 .by_idempotency_key = by_request};
  }
  return std::nullopt;
}

StoredMessage MemoryStore::send(const InstanceId& to, const Json& body) {
  const auto id = ++last_id_;
  const auto found = rows_.find(to);
  (found == rows_.end() ? early_[to] : found->second.messages)[id] = body;
  return {.id = id, .to = to, .body = body};
}

ChangeResult MemoryStore::apply(const InstanceChange& change) {
  ChangeResult result;
  if (change.start) {
    result.taken = taken(*change.start);
    if (result.taken) return result;
    rows_[change.id].start = *change.start;
    rows_[change.id].messages = early_[change.id];
  }
  auto& row = rows_.at(change.id);
  if (change.last_seq != 0) {
    SEQUENT_ASSERT(change.first_seq == row.seq + 1);
    row.seq = change.last_seq;
    row.journal.push_back({.last = change.last_seq, .text = change.records});
  }
  row.row = change.row;
  if (change.snapshot) {
    row.snapshot = change.snapshot;
    row.snapshot_seq = row.seq;
  }
  for (const auto id : change.consumed_messages) row.messages.erase(id);
  if (change.subscriptions) {
    row.subscriptions = *change.subscriptions;
    give_held(change.id, result);
  }
  for (const auto& message : change.messages) result.sent.push_back(send(message.to, message.body));
  for (const auto& event : change.emitted) {
    events_[++last_id_].body = event;
    result.emitted.push_back(last_id_);
  }
  for (const auto& operation : change.operations) {
    StoreOperationResult done;
    done.frame = operation.frame;
    done.attempt = operation.attempt;
    done.output = Json{{"stored", operation.arguments}};
    log_.push_back("operation " + operation.activity);
    result.operations.push_back(std::move(done));
  }
  return result;
}

bool MemoryStore::takes(const SubscriptionRow& subscription, const Event& event) {
  return std::ranges::any_of(event.candidates, [&](const auto& candidate) {
    return candidate.filter_key == subscription.filter_key &&
           (subscription.correlation_hash.empty() ||
            subscription.correlation_hash == candidate.correlation_hash);
  });
}

void MemoryStore::give_held(const InstanceId& id, ChangeResult& result) {
  for (auto& [event_id, event] : events_) {
    if (event.taken) continue;
    const auto& list = rows_.at(id).subscriptions;
    if (std::ranges::none_of(list, [&](const auto& one) { return takes(one, event); })) continue;
    event.taken = true;
    result.messages.push_back(send(id, Json{{"kind", "event"}, {"event", event.body}}));
  }
}

std::vector<RoutedEvent> MemoryStore::route(std::span<const IncomingEvent> incoming) {
  std::vector<RoutedEvent> routed;
  for (const auto& event : incoming) {
    RoutedEvent result;
    for (const auto& [id, other] : events_)
      if (event.stored_id == 0 && text_of(other.body, "id") == text_of(event.event, "id") &&
          text_of(other.body, "source") == text_of(event.event, "source")) {
        result.id = id;
        result.duplicate = true;
      }
    if (!result.duplicate) {
      result.id = event.stored_id != 0 ? event.stored_id : ++last_id_;
      auto& stored = events_[result.id];
      stored.body = event.event;
      stored.candidates = event.candidates;
      for (const auto& [id, row] : rows_) {
        if (std::ranges::none_of(row.subscriptions,
                                 [&](const auto& one) { return takes(one, stored); }))
          continue;
        const auto same = [&](const auto& message) {
          return message.second.value("event", Json()) == event.event;
        };
        if (event.again && std::ranges::any_of(row.messages, same)) continue;
        stored.taken = true;
        result.messages.push_back(send(id, Json{{"kind", "event"}, {"event", event.event}}));
      }
      log_.push_back("route " + text_of(event.event, "type"));
    }
    routed.push_back(std::move(result));
  }
  return routed;
}

std::vector<std::pair<std::int64_t, Json>> MemoryStore::unrouted(std::size_t limit) {
  std::vector<std::pair<std::int64_t, Json>> found;
  for (const auto& [id, event] : events_)
    if (!event.settled && found.size() < limit) found.emplace_back(id, event.body);
  return found;
}

std::optional<StoredInstance> MemoryStore::load(const InstanceId& id) {
  fail_reads();
  const auto found = rows_.find(id);
  if (found == rows_.end()) return std::nullopt;
  const auto& row = found->second;
  StoredInstance stored;
  stored.snapshot = row.snapshot;
  for (const auto& segment : row.journal)
    if (segment.last > row.snapshot_seq) stored.records.push_back(segment.text);
  for (const auto& [message, body] : row.messages)
    stored.messages.push_back({.id = message, .to = id, .body = body});
  return stored;
}

std::vector<Store::Due> MemoryStore::due(PartitionId, Timestamp before, std::optional<Due> after,
                                         std::size_t limit) {
  fail_reads();
  ++dues;
  std::set<std::pair<Timestamp, InstanceId>> sorted;
  for (const auto& [id, row] : rows_)
    if (row.row.wake_at < before) sorted.emplace(row.row.wake_at, id);
  std::vector<Due> page;
  for (const auto& [at, id] : sorted) {
    if (after && std::pair(at, id) <= std::pair(after->wake_at, after->id)) continue;
    if (page.size() < limit) page.push_back({.wake_at = at, .id = id});
  }
  return page;
}

std::vector<InstanceId> MemoryStore::with_messages(PartitionId, std::optional<InstanceId> after,
                                                   std::size_t limit) {
  fail_reads();
  std::vector<InstanceId> page;
  for (const auto& [id, row] : rows_)
    if (!row.messages.empty() && (!after || *after < id) && page.size() < limit) page.push_back(id);
  return page;
}

std::optional<RunSummary> MemoryStore::find(const InstanceId& id) {
  const auto found = rows_.find(id);
  if (found == rows_.end()) return std::nullopt;
  const auto& [start, row] = std::tie(found->second.start, found->second.row);
  RunSummary summary;
  summary.id = id;
  summary.workflow_namespace = start.workflow_namespace;
  summary.name = start.name;
  summary.version = start.version;
  summary.digest = start.digest;
  summary.key = start.key;
  summary.attributes = start.attributes;
  summary.row = row;
  summary.started_at = start.started_at;
  summary.started_by = start.started_by;
  summary.parent = start.parent;
  return summary;
}

std::optional<InstanceId> MemoryStore::find_by_key(const std::string&, const std::string&,
                                                   const std::string& key) {
  for (const auto& [id, row] : rows_)
    if (row.start.key == key) return id;
  return std::nullopt;
}

Result<RunPage> MemoryStore::list(const RunFilter& filter, const std::string&, std::size_t limit) {
  RunPage page;
  for (auto row = rows_.rbegin(); row != rows_.rend() && page.runs.size() < limit; ++row)
    if (filter.name.empty() || row->second.start.name == filter.name)
      page.runs.push_back(*find(row->first));
  return page;
}

std::vector<std::string> MemoryStore::journal(const InstanceId& id, std::uint64_t after,
                                              std::size_t limit) {
  std::vector<std::string> texts;
  for (const auto& segment : rows_.at(id).journal)
    if (segment.last > after && texts.size() < limit) texts.push_back(segment.text);
  return texts;
}

std::vector<InstanceId> MemoryStore::children(const InstanceId& id) {
  std::vector<InstanceId> found;
  for (const auto& [child, row] : rows_)
    if (row.start.parent == id) found.push_back(child);
  return found;
}

Result<bool> MemoryStore::put(const StoredDefinition& definition) {
  for (const auto& other : definitions_) {
    if (other.workflow_namespace != definition.workflow_namespace ||
        other.name != definition.name || other.version != definition.version)
      continue;
    if (other.digest == definition.digest) return false;
    return fail(ErrorCode::conflict, "the version exists with another digest");
  }
  definitions_.push_back(definition);
  return true;
}

}  // namespace sequent::testing
