#pragma once
// How a new run begins, whoever asks for it: a caller, an event, a schedule, another run.
#include "engine/machine/decide.hpp"
#include "engine/runtime/node.hpp"
#include "engine/runtime/resident.hpp"

namespace sequent::runtime {

struct StartOrder {
  ProgramPtr program;
  machine::Value input;
  std::string key;              // overrides the workflow's; empty = as it computes it
  std::string idempotency_key;  // empty = none
  bool restart_if_faulted = false;
  std::string started_by;
};

[[nodiscard]] machine::StartAsked asked_of(const StartOrder& order,
                                           const machine::Identity& identity);
[[nodiscard]] NewInstance row_of_start(const StartOrder& order, const machine::Identity& identity);

/// Checks the order and hands it to a partition; `reply` hears of it once it is durable, or why not.
/// errors  invalid_input, too_large, too_many_requests, unavailable, expression
void order_start(const std::shared_ptr<Node>& node, const StartOrder& order,
                 Reply<Result<StartOutcome>> reply);

/// What a start means whose key belongs to another run.
/// errors  key_taken, idempotency_mismatch
[[nodiscard]] Result<void> judge_taken(const ChangeResult::Taken& taken,
                                       const std::string& payload_hash, OnConflict on_conflict);

}  // namespace sequent::runtime
