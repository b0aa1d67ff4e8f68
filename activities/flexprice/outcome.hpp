#pragma once
// What Flexprice's answers mean to the run.
#include <expected>
#include <string>

#include "activities/outcomes.hpp"
#include "base/json.hpp"
#include "net/http_client.hpp"

namespace sequent::activities::flexprice {

/// What was asked, as far as the classification needs it.
struct Asked {
  std::string method;
  std::string path;  // without the query
  Repeat repeat = Repeat::harmless;
  Timestamp now = 0;
};

/// The JSON of a 2xx answer ({} for one without a body), or what the failure means:
/// errors  transient  not sent; 429; 503 service_unavailable; 409 version_conflict; and, where
///                    repeating is harmless, time-outs, other 5xx and answers that are not Flexprice's
///         unknown    the same where it is not
///         permanent  all other 4xx, and 501
/// shape   problem: communication (401 authentication, 403 authorization), title = Flexprice's code,
///         extensions {provider, code, reason?}. `reason` is "no_prices" where a plan can't be
///         subscribed to because no price of it fits. Flexprice's message stays out: it may repeat
///         what a customer is called.
[[nodiscard]] std::expected<Json, machine::Failure> outcome_of(const Asked& asked,
                                                               const net::ClientResult& result);

}  // namespace sequent::activities::flexprice
