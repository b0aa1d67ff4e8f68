#pragma once
// The calls of the stand-in. Each takes checked parameters and gives the object in its stored form,
// or Stripe's error; the route table in routes.cpp is the only caller.
#include "sandbox/stripe/errors.hpp"
#include "sandbox/stripe/params.hpp"
#include "sandbox/stripe/world.hpp"

namespace sequent::sandbox::stripe {

struct Call {
  Scene& scene;
  const Json& params;
  std::string id;  // the path's parameter, empty when it has none
};

// customers.cpp
Answer<Json> create_customer(const Call& call);
Answer<Json> update_customer(const Call& call);
Answer<Json> delete_customer(const Call& call);
/// Adds a customer with these members and tells of it.
Json& add_customer(Scene& scene, const Json& params);

// catalog.cpp
Answer<Json> create_product(const Call& call);
Answer<Json> update_product(const Call& call);
Answer<Json> create_price(const Call& call);
Answer<Json> update_price(const Call& call);
/// Adds what was described by price_data, default_price_data or a call's own parameters.
Answer<Json*> add_price(Scene& scene, const Json& params, const std::string& within);
/// A small shop in the account, so that a basket can be bought at once.
void seed_catalog(Scene& scene);

// checkout.cpp
Answer<Json> create_session(const Call& call);
Answer<Json> update_session(const Call& call);
Answer<Json> expire_session(const Call& call);
Answer<Json> list_session_lines(const Call& call);

// refunds.cpp
Answer<Json> create_refund(const Call& call);
Answer<Json> update_refund(const Call& call);

// subscriptions.cpp
Answer<Json> cancel_subscription(const Call& call);
/// Ends it now and tells of it.
void end_subscription(Scene& scene, Json& subscription);

// endpoints.cpp
Answer<Json> create_endpoint(const Call& call);
Answer<Json> update_endpoint(const Call& call);
Answer<Json> delete_endpoint(const Call& call);
/// connect     hears of connected accounts instead of the platform
/// version     null: the newest
Json& add_endpoint(Scene& scene, const std::string& url, const std::vector<std::string>& secrets,
                   const Json& enabled_events, bool connect, const Json& version);

// lists.cpp
/// Newest first, cut by limit, starting_after and ending_before, filtered by `created` and by every
/// other parameter: members of the objects, with the exceptions that the kind has.
Answer<Json> list_objects(const Call& call, const std::string& kind, const std::string& url);
[[nodiscard]] Json list_of(Json data, bool has_more, const std::string& url);

/// `metadata=` clears, an empty value deletes its key, the rest merges.
void merge_metadata(Json& object, const Json& params);
/// Writes the parameters over the object's members of the same name; gives the former values of
/// those that changed, as `previous_attributes` has them.
Json change_members(Json& object, const Json& params,
                    std::initializer_list<std::string_view> names);

}  // namespace sequent::sandbox::stripe
