#pragma once
// What a commit is made of. Every function runs inside the caller's transaction on its connection.
#include <optional>
#include <span>
#include <vector>

#include "engine/runtime/store.hpp"
#include "persistence/shared/workflow_numbers.hpp"
#include "persistence/sqlite/statement.hpp"

namespace sequent::persistence {

/// Inserts the instance and its keys, or says whose the keys are and leaves nothing behind.
[[nodiscard]] std::optional<runtime::ChangeResult::Taken> start_instance(
    Connection& connection, shared::KnownWorkflows& known, const runtime::InstanceChange& change);

/// Replaces the instance's subscriptions; returns the held events that fit a new one, as messages.
[[nodiscard]] std::vector<runtime::StoredMessage> replace_subscriptions(
    Connection& connection, const InstanceId& instance,
    std::span<const runtime::SubscriptionRow> subscriptions, Timestamp now);

/// Replaces the instance's calls that wait for their providers.
void replace_parked(Connection& connection, const InstanceId& instance,
                    std::span<const runtime::ParkedCall> calls);

/// None: there is no such run, and the message was for one that may be missing.
[[nodiscard]] std::optional<runtime::StoredMessage> send_message(Connection& connection,
                                                                 const runtime::Message& message);
/// A message whose body is the stored event.
[[nodiscard]] runtime::StoredMessage send_event(Connection& connection, const InstanceId& to,
                                                std::int64_t event_id, const Json& event);
void consume_message(Connection& connection, const InstanceId& instance, std::int64_t message_id);

/// Stores an event that a workflow emitted; returns the id of the first one with its source and id.
[[nodiscard]] std::int64_t store_emitted(Connection& connection, const Json& event, Timestamp now);

}  // namespace sequent::persistence
