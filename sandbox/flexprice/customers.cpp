#include "sandbox/flexprice/world.hpp"

namespace sequent::sandbox::flexprice {
namespace {

Answer<void> check_customer(const Json& body) {
  const std::string country = text_of(body, "address_country");
  if (!country.empty() && country.size() != 2)
    return invalid("address_country must be an ISO 3166-1 alpha-2 code");
  const std::string email = text_of(body, "email");
  if (!email.empty() && email.find('@') == std::string::npos)
    return invalid("email is not an e-mail address");
  if (text_of(body, "name").size() > 255) return invalid("name is longer than 255 characters");
  return {};
}

void write_customer(const Json& body, Json& customer) {
  copy_members(
      body,
      {"external_id", "name", "email", "contact", "timezone", "address_line1", "address_line2",
       "address_city", "address_state", "address_postal_code", "address_country", "metadata"},
      customer);
}

Answer<Json> create_customer(Call& call) {
  const auto external_id = required_text(call.body, "external_id");
  if (!external_id) return std::unexpected(external_id.error());
  const auto name = required_text(call.body, "name");
  if (!name) return std::unexpected(name.error());
  if (const auto good = check_customer(call.body); !good) return std::unexpected(good.error());
  if (call.world.customers.published_with("external_id", *external_id) != nullptr)
    return taken("customer with external id " + *external_id);
  Json customer = blank(call, "cust_");
  write_customer(call.body, customer);
  count_made(call, "customer", *external_id, customer);
  call.status = 201;
  return call.world.customers.add(std::move(customer));
}

Answer<Json> get_customer(Call& call) {
  const Json* customer = call.world.customers.published(call.path[0]);
  if (customer == nullptr) return missing("customer " + call.path[0]);
  return *customer;
}

Answer<Json> get_customer_by_external_id(Call& call) {
  const Json* customer = call.world.customers.published_with("external_id", call.path[0]);
  if (customer == nullptr) return missing("customer with external id " + call.path[0]);
  return *customer;
}

Answer<Json> update_customer(Call& call) {
  const std::string id = call.query["id"], external_id = call.query["external_customer_id"];
  if (id.empty() && external_id.empty()) return invalid("id or external_customer_id is required");
  Json* customer = id.empty() ? call.world.customers.published_with("external_id", external_id)
                              : call.world.customers.published(id);
  if (customer == nullptr) return missing("customer");
  if (const auto good = check_customer(call.body); !good) return std::unexpected(good.error());
  const std::string wanted = text_of(call.body, "external_id");
  if (!wanted.empty()) {
    const Json* other = call.world.customers.published_with("external_id", wanted);
    if (other != nullptr && other != customer) return taken("customer with external id " + wanted);
  }
  write_customer(call.body, *customer);
  touch(*customer, call.now);
  return *customer;
}

Answer<Json> remove_customer(Call& call) {
  Json* customer = call.world.customers.published(call.path[0]);
  if (customer == nullptr) return missing("customer " + call.path[0]);
  for (const auto& [id, subscription] : call.world.subscriptions.by_id)
    if (is_live(subscription) && text_of(subscription, "customer_id") == call.path[0])
      return not_now("customer has active subscriptions");
  (*customer)["status"] = "deleted";
  touch(*customer, call.now);
  call.status = 204;
  return Json();
}

Answer<Json> list_customers(Call& call) {
  const Json& filter = call.body;
  return search(call.world.customers, filter, [&](const Json& customer) {
    return fits(filter, "external_id", customer["external_id"]) &&
           fits(filter, "external_ids", customer["external_id"]) &&
           fits(filter, "customer_ids", customer["id"]) &&
           fits(filter, "email", text_of(customer, "email"));
  });
}

}  // namespace

std::vector<Route> customer_routes() {
  return {{"POST", "/customers", create_customer},
          {"PUT", "/customers", update_customer},
          {"POST", "/customers/search", list_customers},
          {"GET", "/customers/external/{external_id}", get_customer_by_external_id},
          {"GET", "/customers/{id}", get_customer},
          {"DELETE", "/customers/{id}", remove_customer}};
}

}  // namespace sequent::sandbox::flexprice
