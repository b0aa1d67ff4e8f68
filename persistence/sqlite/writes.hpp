#pragma once
// What a commit is made of. Every function runs inside the caller's transaction on its connection.
#include <optional>
#include <span>
#include <vector>

#include "engine/runtime/store.hpp"
#include "persistence/sqlite/statement.hpp"
#include "persistence/sqlite/workflow_numbers.hpp"

namespace sequent::persistence {

/// Inserts the instance and its keys, or says whose the keys are and leaves nothing behind.
[[nodiscard]] std::optional<runtime::ChangeResult::Taken> start_instance(
    Connection& connection, WorkflowNumbers& numbers, const runtime::InstanceChange& change);

/// Runs one records.* operation, or gives the stored result of its key.
[[nodiscard]] runtime::StoreOperationResult run_operation(Connection& connection,
                                                          const InstanceId& instance,
                                                          const runtime::StoreOperation& operation,
                                                          Timestamp now);
void forget_operations(Connection& connection, const InstanceId& instance);

/// Replaces the instance's subscriptions; returns the held events that fit a new one, as messages.
[[nodiscard]] std::vector<runtime::StoredMessage> replace_subscriptions(
    Connection& connection, const InstanceId& instance,
    std::span<const runtime::SubscriptionRow> subscriptions, Timestamp now);

/// None: there is no such run, and the message was for one that may be missing.
[[nodiscard]] std::optional<runtime::StoredMessage> send_message(Connection& connection,
                                                                 const runtime::Message& message);
/// A message whose body is the stored event.
[[nodiscard]] runtime::StoredMessage send_event(Connection& connection, const InstanceId& to,
                                                std::int64_t event_id, const Json& event);
void consume_message(Connection& connection, const InstanceId& instance, std::int64_t message_id);
[[nodiscard]] Json event_message(Json event);

void store_request(Connection& connection, const InstanceId& instance,
                   const runtime::RequestRow& request, Timestamp now);
/// Puts an event where it waits for the others that it starts a workflow with, and claims the sets
/// that are whole now.
void collect_event(Connection& connection, std::int64_t event_id,
                   const runtime::IncomingEvent& incoming);
/// The sets that this event made whole.
[[nodiscard]] std::vector<runtime::EventSet> sets_of(Connection& connection, std::int64_t event_id);
void forget_sets(Connection& connection, std::int64_t event_id);
/// Drops events whose others never came; returns how many.
std::int64_t expire_collected(Connection& connection, Timestamp now);

/// Stores an event that a workflow emitted; returns the id of the first one with its source and id.
[[nodiscard]] std::int64_t store_emitted(Connection& connection, const Json& event, Timestamp now);

}  // namespace sequent::persistence
