// Names of enumerators and records, as the journal, the API and lists spell them.
#include <array>
#include <type_traits>

#include "engine/machine/record.hpp"

namespace sequent::machine {
namespace {

constexpr std::array<std::string_view, 7> statuses{"pending",   "running", "waiting",  "suspended",
                                                   "cancelled", "faulted", "completed"};
constexpr std::array<std::string_view, 11> phases{"entered", "block",    "branches", "activity",
                                                  "backoff", "parked",   "timer",    "events",
                                                  "child",   "returned", "faulted"};
constexpr std::array<std::string_view, 3> park_reasons{"retries_exhausted", "provider_open",
                                                       "limit"};

// In the order of RecordBody.
constexpr auto kinds = std::to_array<std::string_view>({"InstanceStarted",
                                                        "TaskStarted",
                                                        "BlockEntered",
                                                        "TaskSkipped",
                                                        "ActivityScheduled",
                                                        "AttemptFailed",
                                                        "AttemptStarted",
                                                        "TaskParked",
                                                        "TaskReturned",
                                                        "TaskCompleted",
                                                        "TimerStarted",
                                                        "LoopStarted",
                                                        "IterationStarted",
                                                        "BranchesStarted",
                                                        "ErrorCaught",
                                                        "TryStarted",
                                                        "ListenStarted",
                                                        "EventConsumed",
                                                        "EventIterationStarted",
                                                        "EventIterationEnded",
                                                        "ListenClosed",
                                                        "EventHeld",
                                                        "EventEmitted",
                                                        "ChildStarted",
                                                        "ChildConfirmed",
                                                        "TaskFaulted",
                                                        "InstanceFaulted",
                                                        "InstanceCompleted",
                                                        "InstanceSuspended",
                                                        "InstanceResumed",
                                                        "InstanceCancelled",
                                                        "TaskRetried",
                                                        "TaskSkippedByOperator",
                                                        "Rewound",
                                                        "TaskLetGo",
                                                        "CancelStarted",
                                                        "CompensationStarted",
                                                        "TaskDropped",
                                                        "Migrated"});
static_assert(kinds.size() == std::variant_size_v<RecordBody>);
static_assert(std::is_same_v<std::variant_alternative_t<34, RecordBody>, TaskLetGo>);
static_assert(std::is_same_v<std::variant_alternative_t<37, RecordBody>, TaskDropped>);
static_assert(std::is_same_v<std::variant_alternative_t<38, RecordBody>, Migrated>);

}  // namespace

std::string_view name_of(Status status) {
  return statuses[static_cast<std::size_t>(status)];
}
std::string_view name_of(Phase phase) {
  return phases[static_cast<std::size_t>(phase)];
}
std::string_view name_of(ParkReason reason) {
  return park_reasons[static_cast<std::size_t>(reason)];
}

std::optional<Status> status_from(std::string_view name) {
  for (std::size_t i = 0; i < statuses.size(); ++i)
    if (statuses[i] == name) return static_cast<Status>(i);
  return std::nullopt;
}

std::string_view kind_of(const RecordBody& body) {
  return kinds[body.index()];
}

}  // namespace sequent::machine
