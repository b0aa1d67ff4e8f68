#include "activities/flexprice/resources.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::flexprice {

namespace {

using runtime::Attempt;
using runtime::Reconciliation;

Json writable_customer() {
  Json properties = literal(R"json({
    "name": {"type": "string", "minLength": 1, "maxLength": 255},
    "email": {"type": "string"},
    "contact": {"type": "string", "maxLength": 20},
    "timezone": {"type": "string"},
    "address_line1": {"type": "string", "maxLength": 255},
    "address_line2": {"type": "string", "maxLength": 255},
    "address_city": {"type": "string", "maxLength": 100},
    "address_state": {"type": "string", "maxLength": 100},
    "address_postal_code": {"type": "string", "maxLength": 20},
    "address_country": {"type": "string", "minLength": 2, "maxLength": 2}
  })json");
  properties["external_id"] = id_schema();
  properties["metadata"] = metadata_schema();
  return properties;
}

Json customer() {
  return output_schema(literal(R"json({
                         "id": {"type": "string"},
                         "external_id": {"type": "string"},
                         "name": {"type": "string"},
                         "email": {"type": "string"},
                         "metadata": {"type": "object"},
                         "status": {"enum": ["published", "archived", "deleted"]}
                       })json"),
                       {"id", "external_id"});
}

Json customer_id() {
  Json properties = Json::object();
  properties["customer_id"] = id_schema();
  return properties;
}

boost::asio::awaitable<Reconciliation> by_external_id(std::shared_ptr<Client> client,
                                                      Attempt attempt, Json input) {
  const std::string id = text_of(input, "external_id");
  Call call = read_call(attempt, "/customers/external/" + net::percent_encode(id));
  auto answer = co_await client->send(std::move(call));
  if (answer) co_return adopted(std::move(*answer));
  if (answer.error().problem.status == 404) co_return absent();
  co_return undecided(std::move(answer.error()));
}

Operation create_customer() {
  Json properties = writable_customer();
  properties["skip_onboarding_workflow"] = literal(R"({"type": "boolean"})");
  Operation create = harmless("flexprice.customers.create", "POST", "/customers",
                              "Makes a customer, or answers with the one of this external_id.",
                              input_schema(properties, {"external_id", "name"}), customer());
  create.look_when = Operation::When::after_refusal;
  create.look = by_external_id;
  return create;
}

Operation update_customer() {
  Json properties = writable_customer();
  properties.update(customer_id());
  properties["external_customer_id"] = id_schema();
  Json schema = input_schema(properties, {});
  schema["oneOf"] =
      literal(R"([{"required": ["customer_id"]}, {"required": ["external_customer_id"]}])");
  Operation update = harmless("flexprice.customers.update", "PUT", "/customers",
                              "Sets members of a customer; metadata is replaced as a whole.",
                              std::move(schema), customer());
  update.query = {{"customer_id", "id"}, {"external_customer_id", "external_customer_id"}};
  return update;
}

Operation find_customer() {
  Json properties = Json::object();
  properties["external_id"] = id_schema();
  Operation find =
      harmless("flexprice.customers.find", "GET", "/customers/external/{external_id}",
               "Looks a customer up by its external_id; none is no error.",
               input_schema(properties, {"external_id"}), found_schema("customer", customer()));
  find.gone_is_done = true;
  find.output = [](Json answer, const Json&) {
    Json output = Json::object();
    output["found"] = !answer.empty();
    output["customer"] = answer.empty() ? Json() : std::move(answer);
    return output;
  };
  return find;
}

Operation remove_customer() {
  Operation remove =
      harmless("flexprice.customers.delete", "DELETE", "/customers/{customer_id}",
               "Deletes a customer without subscriptions and wallets; gone already is a success.",
               input_schema(customer_id(), {"customer_id"}), deleted_schema());
  remove.gone_is_done = true;
  remove.output = deleted_output;
  return remove;
}

}  // namespace

/// POST and PUT /customers, GET and DELETE /customers/{id}, GET /customers/external/{external_id},
/// POST /customers/search. external_id is unique among published customers: 409 is read back.
Operations customers() {
  Operations operations;
  operations.push_back(create_customer());
  operations.push_back(harmless("flexprice.customers.get", "GET", "/customers/{customer_id}",
                                "Reads a customer.", input_schema(customer_id(), {"customer_id"}),
                                customer()));
  operations.push_back(find_customer());
  operations.push_back(update_customer());
  operations.push_back(remove_customer());
  Json filter = search_properties(literal(R"json({
    "external_id": {"type": "string"},
    "external_ids": {"type": "array", "items": {"type": "string"}},
    "customer_ids": {"type": "array", "items": {"type": "string"}},
    "email": {"type": "string"}
  })json"));
  operations.push_back(harmless("flexprice.customers.search", "POST", "/customers/search",
                                "Lists customers.", input_schema(filter, {}),
                                page_schema(customer())));
  return operations;
}

}  // namespace sequent::activities::flexprice
