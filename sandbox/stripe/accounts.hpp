#pragma once
// Connected accounts: objects of the platform, each with a world of its own behind Stripe-Account.
// Private members: _given (legal details by parameter name), _fulfilled (the owner has handed in
// everything), _withdrawn (requirements that came up since), _reason (why Stripe disabled it),
// _onboarding (the owner has been sent a link), _deleted.
#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {

/// Null where the platform has no such account, or none any more.
[[nodiscard]] Json* connected_account(World& world, const std::string& id);
/// What Stripe says of an account that is not there, and of one that is not yours.
[[nodiscard]] ApiError no_access(const std::string& id);
/// A call on the platform's own resources that came with Stripe-Account.
[[nodiscard]] Answer<void> platform_only(const Scene& scene);

// accounts.cpp
/// errors  the parameters contradict each other, the country or the token is none
Answer<Json> create_account(const Call& call);
Answer<Json> read_account(const Call& call);
Answer<Json> update_account(const Call& call);
Answer<Json> delete_account(const Call& call);
Answer<Json> list_accounts(const Call& call);
/// Judges the account anew; where it is no longer what it was `before`, tells of it in the account.
void tell_account(Scene& scene, Json& account, const Json& before);

// requirements.cpp
/// Works out requirements, capabilities, charges_enabled, payouts_enabled and details_submitted:
/// a capability is active once everything it needs has been given, and nothing was withdrawn.
void judge_account(Json& account);
/// Every name that `capabilities` may have.
[[nodiscard]] const std::vector<std::string>& capability_names();
/// Refuses a call that takes money while the connected account may not.
[[nodiscard]] Answer<void> check_charges(Scene& scene, const std::string& method,
                                         const std::string& pattern, const Json& params);

// onboarding.cpp
Answer<Json> create_token(const Call& call);
Answer<Json> read_token(const Call& call);
/// The details that the token carries. Spending it is the caller's last step.
/// errors  token_already_used, resource_missing
Answer<Json*> unspent_token(Scene& scene, const std::string& id);
Answer<Json> create_account_link(const Call& call);

}  // namespace sequent::sandbox::stripe
