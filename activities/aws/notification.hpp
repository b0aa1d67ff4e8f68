#pragma once
#include "base/error.hpp"
#include "base/json.hpp"

namespace sequent::activities::aws {

/// A message of the queue as the CloudEvent that the inbox keeps.
/// shape   `message` as ReceiveMessage gives it. Its body is a notification of AWS Marketplace, bare
///         or in the envelope of its topic; or an event of EventBridge, which concurrent agreements
///         are told by.
///         Out: source "aws-marketplace", type "com.amazonaws.marketplace.subscribe-success" and so
///         on, subject the customer, data {action, customerIdentifier, productCode,
///         offerIdentifier?, isFreeTrialTermPresent?: boolean, …what else came, under its own name};
///         from EventBridge: source "aws-agreement-marketplace", type
///         "com.amazonaws.marketplace.purchase-agreement-created …", data its `detail`.
///         The id is that of the publication, which all its deliveries share.
/// errors  invalid_request: the message is nothing of the kind
[[nodiscard]] Result<Json> event_of_message(const Json& message);

}  // namespace sequent::activities::aws
