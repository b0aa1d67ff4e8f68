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

// products.cpp
Answer<Json> create_product(const Call& call);
Answer<Json> update_product(const Call& call);
Answer<Json> delete_product(const Call& call);
/// Adds a product with these members, under the id among them if there is one; tells nobody.
Json& add_product(Scene& scene, const Json& params);

// prices.cpp
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
Answer<Json> create_subscription(const Call& call);
Answer<Json> update_subscription(const Call& call);
Answer<Json> cancel_subscription(const Call& call);

// subscription_items.cpp
Answer<Json> create_subscription_item(const Call& call);
Answer<Json> read_subscription_item(const Call& call);
Answer<Json> update_subscription_item(const Call& call);
Answer<Json> delete_subscription_item(const Call& call);
Answer<Json> list_subscription_items(const Call& call);

// invoices.cpp
Answer<Json> create_invoice(const Call& call);
Answer<Json> update_invoice(const Call& call);
Answer<Json> delete_invoice(const Call& call);
Answer<Json> finalize_invoice_now(const Call& call);
Answer<Json> pay_invoice_now(const Call& call);
Answer<Json> void_invoice(const Call& call);
Answer<Json> mark_invoice_uncollectible(const Call& call);
Answer<Json> list_invoice_lines(const Call& call);

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
/// The same for objects that live inside another one, in their own order.
Answer<Json> list_within(const Call& call, const std::string& kind, const Json& objects,
                         const std::string& url);
[[nodiscard]] Json list_of(Json data, bool has_more, const std::string& url);

/// `metadata=` clears, an empty value deletes its key, the rest merges.
void merge_metadata(Json& object, const Json& params);
/// Writes the parameters over the object's members of the same name; gives the former values of
/// those that changed, as `previous_attributes` has them.
Json change_members(Json& object, const Json& params,
                    std::initializer_list<std::string_view> names);
/// What differs between two states of one object, as `previous_attributes` has it; private members
/// do not count.
[[nodiscard]] Json previous_attributes(const Json& before, const Json& after);

}  // namespace sequent::sandbox::stripe
