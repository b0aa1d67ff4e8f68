#include "engine/runtime/starts.hpp"

#include "base/digest.hpp"
#include "engine/runtime/dispatch.hpp"
#include "engine/runtime/partition.hpp"

namespace sequent::runtime {
namespace {

// Only a start with a key can meet its own payload again.
std::string hash_of(const StartOrder& order, const std::string& key) {
  if (key.empty() && order.idempotency_key.empty()) return "";
  return sha256_hex(dump_json(*order.input));
}

Result<void> check_input(const Node& node, const StartOrder& order) {
  const std::size_t limit = node.config.limits.max_payload_bytes;
  if (larger_than(*order.input, limit))
    return fail(ErrorCode::too_large, "The input is larger than the limit of " +
                                          std::to_string(limit) +
                                          " bytes (limits.maxPayloadBytes).");
  return machine::check_input(*order.program, *order.input);
}

Error too_many(const std::string& what) {
  Error error;
  error.code = ErrorCode::too_many_requests;
  error.detail = what + " Try again in a second.";
  error.retry_after_seconds = 1;
  return error;
}

}  // namespace

machine::StartAsked asked_of(const StartOrder& order, const machine::Identity& identity) {
  machine::StartAsked asked;
  asked.key = order.key.empty() ? identity.key : order.key;
  asked.attributes = identity.attributes;
  asked.input = order.input;
  asked.started_by = order.started_by;
  return asked;
}

NewInstance row_of_start(const StartOrder& order, const machine::Identity& identity) {
  const auto& ref = order.program->ref;
  NewInstance row;
  row.workflow_namespace = ref.workflow_namespace;
  row.name = ref.name;
  row.version = ref.version;
  row.digest = order.program->digest;
  row.key = order.key.empty() ? identity.key : order.key;
  row.idempotency_key = order.idempotency_key;
  row.payload_hash = hash_of(order, row.key);
  row.restart_if_faulted = order.restart_if_faulted;
  row.attributes = identity.attributes;
  row.started_by = order.started_by;
  return row;
}

void order_start(const std::shared_ptr<Node>& node, const StartOrder& order,
                 Reply<Result<StartOutcome>> reply) {
  if (node->stopping)
    return reply(fail(ErrorCode::unavailable, "This node is stopping: try another, or later."));
  const auto checked = check_input(*node, order);
  if (!checked) return reply(std::unexpected(checked.error()));
  auto identity = machine::identify(*order.program, *order.input, node->ports.clock.now());
  if (!identity) return reply(std::unexpected(std::move(identity.error())));
  const auto& config = node->config;
  auto& stats = node->stats;
  if (stats.resident.load() >= static_cast<std::int64_t>(config.max_resident))
    return reply(std::unexpected(too_many(std::to_string(config.max_resident) +
                                          " runs are active on this node (maxResident).")));
  const auto partition = node->next_partition();
  if (!partition)
    return reply(std::unexpected(unavailable("this node owns no partition yet", false)));
  if (stats.starting.fetch_add(1) >= static_cast<std::int64_t>(config.max_queued_starts)) {
    stats.starting.fetch_sub(1);
    return reply(std::unexpected(too_many(std::to_string(config.max_queued_starts) +
                                          " starts wait to be stored (maxQueuedStarts).")));
  }
  auto counted = [node, reply = std::move(reply)](Result<StartOutcome> outcome) mutable {
    node->stats.starting.fetch_sub(1);
    reply(std::move(outcome));
  };
  partition->start(order.program, asked_of(order, *identity), row_of_start(order, *identity),
                   std::move(counted));
}

Result<void> judge_taken(const ChangeResult::Taken& taken, const std::string& payload_hash,
                         OnConflict on_conflict) {
  const bool same_payload = taken.payload_hash == payload_hash;
  if (!taken.by_idempotency_key && on_conflict == OnConflict::reject)
    return fail(ErrorCode::key_taken,
                "The business key belongs to run " + taken.id.text() + " (" + taken.status + ").");
  if (same_payload) return {};
  return fail(ErrorCode::idempotency_mismatch,
              std::string(taken.by_idempotency_key ? "The Idempotency-Key" : "The business key") +
                  " was used with another input, by run " + taken.id.text() +
                  ": send the same input, or another key.");
}

}  // namespace sequent::runtime
