#pragma once
// The customer portal: what an account offers in it, sessions of one customer, and what the customer
// does there.
#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {

// portal_configurations.cpp
Answer<Json> create_portal_configuration(const Call& call);
Answer<Json> update_portal_configuration(const Call& call);
/// The platform has saved its portal settings; connected accounts have not.
void seed_portal(Scene& scene);

// portal.cpp
/// errors  no customer of that id; no active configuration; a flow that the configuration has not
Answer<Json> create_portal_session(const Call& call);

// portal_clicks.cpp
/// The customer in an open session, which is named by its id, by the last part of its address, or by
/// its customer (then it is the newest). Each acts on `subscription`, else on that of the session's
/// flow, else on the customer's only one, and gives the object that was changed.
/// errors  the configuration does not offer it; no subscription, or several to choose from
/// {subscription?, when?: period-end|now, feedback?, comment?}; without `when` as configured
Answer<Json> portal_cancel(Scene& scene, const std::string& session, const Json& body);
/// {subscription?}: takes the planned end back.
Answer<Json> portal_resume(Scene& scene, const std::string& session, const Json& body);
/// {subscription?, price, quantity?}: of the subscription's first item.
Answer<Json> portal_change_plan(Scene& scene, const std::string& session, const Json& body);
/// {paymentMethod, subscription?}: for all of the customer's subscriptions, or for one.
Answer<Json> portal_change_card(Scene& scene, const std::string& session, const Json& body);

}  // namespace sequent::sandbox::stripe
