// What the memory store answers to readers.
#include <algorithm>

#include "simulation/memory_store.hpp"

namespace sequent::simulation {

using namespace runtime;

std::string MemoryStore::status_of(const InstanceId& id) const {
  const auto found = rows_.find(id);
  return found == rows_.end() ? "absent" : found->second.row.status;
}

std::vector<InstanceId> MemoryStore::instances() const {
  std::vector<InstanceId> ids;
  for (const auto& [id, row] : rows_) ids.push_back(id);
  return ids;
}

const NewInstance& MemoryStore::start_of(const InstanceId& id) const {
  return rows_.at(id).start;
}

std::size_t MemoryStore::waiting_messages(const InstanceId& id) const {
  const auto found = messages_.find(id);
  return found == messages_.end() ? 0 : found->second.size();
}

std::map<std::int64_t, std::pair<Json, bool>> MemoryStore::events() const {
  std::map<std::int64_t, std::pair<Json, bool>> all;
  for (const auto& [id, event] : events_) all[id] = {event.body, event.settled};
  return all;
}

std::size_t MemoryStore::held_events() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(events_, [](const auto& entry) { return entry.second.held; }));
}

std::optional<StoredInstance> MemoryStore::load(const InstanceId& id) {
  ++asked["load"];
  fail_reads();
  ++loads;
  const auto found = rows_.find(id);
  if (found == rows_.end()) return std::nullopt;
  const auto& row = found->second;
  StoredInstance stored;
  stored.snapshot = row.snapshot;
  for (const auto& segment : row.journal)
    if (segment.last > row.snapshot_seq) stored.records.push_back(segment.text);
  for (const auto& [message, body] : messages_[id])
    stored.messages.push_back({.id = message, .to = id, .body = body});
  return stored;
}

std::vector<Store::Due> MemoryStore::due(PartitionId partition, Timestamp before,
                                         std::optional<Due> after, std::size_t limit) {
  ++asked["due"];
  fail_reads();
  ++dues;
  std::set<std::pair<Timestamp, InstanceId>> sorted;
  for (const auto& [id, row] : rows_)
    if (id.partition() == partition && row.row.wake_at < before)
      sorted.emplace(row.row.wake_at, id);
  std::vector<Due> page;
  for (const auto& [at, id] : sorted) {
    if (after && std::pair(at, id) <= std::pair(after->wake_at, after->id)) continue;
    if (page.size() < limit) page.push_back({.wake_at = at, .id = id});
  }
  return page;
}

std::vector<InstanceId> MemoryStore::with_messages(PartitionId partition,
                                                   std::optional<InstanceId> after,
                                                   std::size_t limit) {
  ++asked["with_messages"];
  fail_reads();
  std::vector<InstanceId> page;
  for (const auto& [id, messages] : messages_)
    if (id.partition() == partition && !messages.empty() && (!after || *after < id) &&
        page.size() < limit)
      page.push_back(id);
  return page;
}

std::optional<RunSummary> MemoryStore::find(const InstanceId& id) {
  ++asked["find"];
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

std::optional<InstanceId> MemoryStore::find_by_key(const std::string& workflow_namespace,
                                                   const std::string& name,
                                                   const std::string& key) {
  ++asked["find_by_key"];
  const auto found = by_key_.find(Key{.workflow = workflow_namespace + "/" + name, .key = key});
  if (found == by_key_.end()) return std::nullopt;
  return found->second;
}

Result<RunPage> MemoryStore::list(const RunFilter& filter, const std::string&, std::size_t limit) {
  ++asked["list"];
  RunPage page;
  for (auto row = rows_.rbegin(); row != rows_.rend() && page.runs.size() < limit; ++row)
    if (filter.name.empty() || row->second.start.name == filter.name)
      page.runs.push_back(*find(row->first));
  return page;
}

std::vector<std::string> MemoryStore::journal(const InstanceId& id, std::uint64_t after,
                                              std::size_t limit) {
  ++asked["journal"];
  std::vector<std::string> texts;
  const auto found = rows_.find(id);
  if (found == rows_.end()) return texts;
  for (const auto& segment : found->second.journal)
    if (segment.last > after && texts.size() < limit) texts.push_back(segment.text);
  return texts;
}

std::vector<InstanceId> MemoryStore::children(const InstanceId& id) {
  ++asked["children"];
  std::vector<InstanceId> found;
  for (const auto& [child, row] : rows_)
    if (row.start.parent == id) found.push_back(child);
  return found;
}

Result<bool> MemoryStore::put(const StoredDefinition& definition) {
  ++asked["put"];
  for (auto& other : definitions_) {
    if (other.workflow_namespace != definition.workflow_namespace ||
        other.name != definition.name || other.version != definition.version)
      continue;
    if (other.digest == definition.digest && other.deleted_at != 0) {
      other.deleted_at = 0;
      other.deployed_at = definition.deployed_at;
      ++definitions_revision_;
      return true;
    }
    if (other.digest == definition.digest) return false;
    return fail(ErrorCode::conflict, "the version exists with another digest");
  }
  definitions_.push_back(definition);
  ++definitions_revision_;
  return true;
}

runtime::LiveRuns MemoryStore::live_runs(const definition::WorkflowRef& ref) {
  ++asked["live_runs"];
  runtime::LiveRuns live;
  for (const auto& [id, row] : rows_) {
    const auto& start = row.start;
    const bool over = row.row.status == "completed" || row.row.status == "cancelled";
    if (!over && start.workflow_namespace == ref.workflow_namespace && start.name == ref.name &&
        start.version == ref.version)
      ++live[row.row.status];
  }
  return live;
}

Result<runtime::LiveRuns> MemoryStore::remove(const runtime::DefinitionRemoval& removal) {
  ++asked["remove"];
  const auto find = [&](const std::string& version) {
    return std::ranges::find_if(definitions_, [&](const StoredDefinition& one) {
      return one.workflow_namespace == removal.ref.workflow_namespace &&
             one.name == removal.ref.name && one.version == version && one.deleted_at == 0;
    });
  };
  const auto found = find(removal.ref.version);
  if (found == definitions_.end()) return fail(ErrorCode::not_found, "there is no such version");
  auto live = live_runs(removal.ref);
  if (!live.empty()) return live;
  found->deleted_at = removal.at;
  const auto next = find(removal.successor);
  if (next != definitions_.end()) next->deployed_at = removal.at;
  ++definitions_revision_;
  return live;
}

std::optional<runtime::RunQueries::TakenRequest> MemoryStore::request(const std::string& id) {
  ++asked["request"];
  fail_reads();
  const auto found = requests_.find(id);
  return found == requests_.end() ? std::nullopt : std::optional{found->second};
}

}  // namespace sequent::simulation
