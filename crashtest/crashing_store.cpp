#include "crashtest/crashing_store.hpp"

namespace sequent::crashtest {
namespace {

std::string what_stands_in(std::span<const runtime::Batch> batches) {
  std::string text;
  for (const auto& batch : batches)
    for (const auto& change : batch.changes) {
      if (!text.empty()) text += "; ";
      text += change.start ? "start of " + change.start->name : change.row.status;
      if (!change.row.task.empty()) text += " at " + change.row.task;
      if (!change.row.waiting_kind.empty()) text += ", waits for " + change.row.waiting_kind;
    }
  return text.empty() ? "nothing" : text;
}

}  // namespace

void CrashingStore::refuse_when_cut_off() const {
  if (cut_off_) throw runtime::StoreFailure("the process has crashed", false);
}

void CrashingStore::cut_off_here() {
  cut_off_ = true;
  checkpoints_.crashed = true;
  throw runtime::StoreFailure("the process crashes", false);
}

// A failure instead of the result: the engine releases no effect, and is destroyed before its next
// turn.
template <class Write>
auto CrashingStore::checkpoint(std::string what, const Write& write) {
  refuse_when_cut_off();
  checkpoints_.seen.push_back(std::move(what));
  const bool here = !checkpoints_.crashed && checkpoints_.seen.size() == checkpoints_.crash_at;
  if (here && checkpoints_.side == CrashSide::before) cut_off_here();
  if constexpr (std::is_void_v<decltype(write())>) {
    write();
    if (here) cut_off_here();
  } else {
    auto result = write();
    if (here) cut_off_here();
    return result;
  }
}

std::vector<runtime::BatchResult> CrashingStore::commit(std::span<const runtime::Batch> batches) {
  for (const auto& batch : batches)
    for (const auto& change : batch.changes)
      for (const auto& operation : change.operations)
        if (const auto name = text_of(operation.arguments, "collection"); !name.empty())
          checkpoints_.collections.insert(name);
  return checkpoint(what_stands_in(batches), [&] { return store_.commit(batches); });
}

std::vector<runtime::RoutedEvent> CrashingStore::route(
    std::span<const runtime::IncomingEvent> events) {
  std::string what = "event";
  for (const auto& event : events) what += " " + text_of(event.event, "type");
  return checkpoint(std::move(what), [&] { return store_.route(events); });
}

void CrashingStore::settle_event(std::int64_t id) {
  checkpoint("an event is settled", [&] { store_.settle_event(id); });
}

Result<runtime::Membership> CrashingStore::acquire(const runtime::Renewal& renewal) {
  refuse_when_cut_off();
  return store_.acquire(renewal);
}

// A crash gives nothing back; the next engine takes the leases over.
void CrashingStore::give_back(const std::string&, const runtime::Lease&) {}
void CrashingStore::release(const std::string&) {}

std::vector<std::pair<std::int64_t, Json>> CrashingStore::unrouted(std::int64_t after,
                                                                   std::size_t limit) {
  return store_.unrouted(after, limit);
}

std::size_t CrashingStore::expire_events(Timestamp now, std::size_t limit) {
  refuse_when_cut_off();
  return store_.expire_events(now, limit);
}

std::optional<runtime::StoredInstance> CrashingStore::load(const InstanceId& id) {
  return store_.load(id);
}

std::vector<runtime::Store::Due> CrashingStore::due(PartitionId partition, Timestamp before,
                                                    std::optional<Due> after, std::size_t limit) {
  return store_.due(partition, before, after, limit);
}

std::vector<InstanceId> CrashingStore::with_messages(PartitionId partition,
                                                     std::optional<InstanceId> after,
                                                     std::size_t limit) {
  return store_.with_messages(partition, after, limit);
}

}  // namespace sequent::crashtest
