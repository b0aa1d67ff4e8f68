#pragma once
// The marks that every object carries which a run has made, and the search for them.
#include <string>
#include <vector>

#include "activities/stripe/client.hpp"
#include "engine/runtime/activity.hpp"

namespace sequent::activities::stripe {

/// Adds sequent_run, sequent_task and sequent_key to the author's metadata. The same for every
/// attempt, as Stripe compares the parameters of one key.
void leave_traces(Json& parameters, const runtime::Attempt& attempt);

/// A list in which the object would stand.
struct Search {
  Json filter;             // query parameters
  bool conclusive = true;  // an object that is not in it does not exist
};

/// Reads lists page by page, newest first, until one has an object whose sequent_key is the
/// attempt's, or that of another revision of it. Lists, never /search: that index lags by up to an hour.
/// effect  none
/// errors  undecided with the failure of a list; undecided past `config.reconcile_pages` pages
boost::asio::awaitable<runtime::Reconciliation> find_traces(Client& client,
                                                            runtime::Attempt attempt,
                                                            std::string list_path,
                                                            std::string account,
                                                            std::vector<Search> searches);

/// Reads the account's events page by page for one of `types` that was caused by a request with the
/// attempt's key, whatever its revision. `object` stays empty.
/// effect  none
/// errors  undecided as above, and where the first attempt is older than Stripe keeps events
/// source  docs.stripe.com/api/events/object (request.idempotency_key); kept for 30 days
boost::asio::awaitable<runtime::Reconciliation> find_event(Client& client, runtime::Attempt attempt,
                                                           std::string account,
                                                           std::vector<std::string> types);

/// The task's own key: "<key>" for "<key>_r2".
[[nodiscard]] std::string unrevised(const std::string& idempotency_key);

/// True for the key of a later revision ("<key>_r2"): Stripe has spent an earlier one.
[[nodiscard]] bool is_revised(const std::string& idempotency_key);

/// A `created` filter that covers every attempt: from shortly before the first, for clocks differ.
[[nodiscard]] Json created_since(const runtime::Attempt& attempt);

}  // namespace sequent::activities::stripe
