#pragma once
// One instance in memory. Its state may be ahead of the store by what gathers and what is being
// committed; `durable` is what the world may know.
// threads  the partition's strand
#include <functional>
#include <map>
#include <optional>
#include <unordered_set>
#include <vector>

#include "engine/machine/command.hpp"
#include "engine/machine/record.hpp"
#include "engine/runtime/engine.hpp"
#include "engine/runtime/reply.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::runtime {

struct Resident;

/// What callers may hear of an instance.
struct Facts {
  machine::Status status = machine::Status::pending;
  machine::Value response, answer, output;
  std::optional<machine::Problem> error;
  std::uint64_t seq = 0;
};
[[nodiscard]] inline Facts facts_of(const machine::State& state) {
  return {.status = state.status,
          .response = state.response,
          .answer = state.answer,
          .output = state.output,
          .error = state.error,
          .seq = state.seq};
}

/// Called once what it belongs to is durable, or with the reason why it is not.
using Told = std::move_only_function<void(const Error*)>;

/// A start's answer: its id, or the run that has its key.
struct StartOutcome {
  InstanceId id;
  std::optional<ChangeResult::Taken> taken;
};

/// What an instance adds to the next batch.
struct Gathering {
  machine::Records records;
  std::optional<NewInstance> start;
  std::vector<Message> messages;
  std::vector<std::int64_t> consumed;
  std::vector<Json> emitted;
  std::vector<RequestRow> requests;
  std::vector<Told> told;
  Reply<Result<StartOutcome>> started;
};

/// Runs with the instance once it is in memory, or with the reason why it can't be.
using Job = std::move_only_function<void(Resident*, const Error*)>;

/// An activity call that was handed out: not to be handed out again.
struct OpenCall {
  machine::FrameId frame = 0;
  std::uint32_t attempt = 0;
  bool unsettled = false;  // an earlier send may have had its effect
  bool operator==(const OpenCall& other) const {
    return frame == other.frame && attempt == other.attempt;
  }
};

struct Resident {
  InstanceId id;
  definition::ProgramPtr program;
  machine::State state;
  Facts durable;
  std::uint64_t number = 0;  // of its load: another one when it has left memory and come back
  bool loading = false;
  bool committing = false;
  std::vector<Job> queued;  // while loading
  std::optional<Gathering> gathering;
  std::vector<OpenCall> open;
  std::vector<OpenCall> doubted;  // found in the store, not handed out yet: may have left before
  std::map<machine::FrameId, InstanceId> children;  // started, awaited, not known to have ended
  std::map<machine::FrameId, InstanceId> begun;     // awaited, but whether they run is not known
  std::vector<InstanceId> starting;                 // children that are being looked for or started
  std::vector<SubscriptionRow> listening;           // as the store has it
  bool listening_known = true;
  std::vector<ParkedCall> parked;  // as the store has it
  std::uint64_t snapshot_seq = 0;
  Timestamp wake_at = INT64_MAX;
  std::unordered_set<std::int64_t> seen;  // messages taken, against double delivery
};

/// Whether a message is new to the instance; remembers it as long as the instance is in memory.
[[nodiscard]] inline bool first_seen(Resident& resident, std::int64_t message) {
  return resident.seen.insert(message).second;
}

}  // namespace sequent::runtime
