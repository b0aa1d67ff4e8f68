#include "activities/flexprice/resources.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::flexprice {

namespace {

using runtime::Attempt;
using runtime::Reconciliation;

Json writable_plan() {
  Json properties = literal(R"json({
    "name": {"type": "string", "minLength": 1},
    "description": {"type": "string"},
    "display_order": {"type": "integer"}
  })json");
  properties["lookup_key"] = id_schema();
  properties["metadata"] = metadata_schema();
  return properties;
}

Json plan() {
  return output_schema(literal(R"json({
                         "id": {"type": "string"},
                         "name": {"type": "string"},
                         "lookup_key": {"type": "string"},
                         "description": {"type": "string"},
                         "metadata": {"type": "object"},
                         "status": {"enum": ["published", "archived", "deleted"]}
                       })json"),
                       {"id", "name"});
}

Json plan_id() {
  Json properties = Json::object();
  properties["plan_id"] = id_schema();
  return properties;
}

// There is no route for one plan by its key; the search takes it as a filter.
Json key_filter(const std::string& lookup_key) {
  Json filter = Json::object();
  filter["lookup_key"] = lookup_key;
  filter["status"] = "published";
  filter["limit"] = 1;
  return filter;
}

Json first_plan(const Json& page, const std::string& lookup_key) {
  const auto items = page.find("items");
  if (items == page.end() || !items->is_array()) return {};
  for (const Json& item : *items)
    if (text_of(item, "lookup_key") == lookup_key) return item;
  return {};
}

boost::asio::awaitable<Reconciliation> plan_by_key(std::shared_ptr<Client> client, Attempt attempt,
                                                   Json input) {
  const std::string key = text_of(input, "lookup_key");
  Call call = search_call(attempt, "/plans/search", key_filter(key));
  const auto answer = co_await client->send(std::move(call));
  if (!answer) co_return undecided(answer.error());
  Json found = first_plan(*answer, key);
  if (found.is_null()) co_return absent();
  co_return adopted(std::move(found));
}

Operation find_plan() {
  Json properties = Json::object();
  properties["lookup_key"] = id_schema();
  Operation find = harmless("flexprice.plans.find", "POST", "/plans/search",
                            "Looks a published plan up by its lookup_key; none is no error.",
                            input_schema(properties, {"lookup_key"}), found_schema("plan", plan()));
  find.adapt = [](Json& body, const Attempt&) { body = key_filter(text_of(body, "lookup_key")); };
  find.output = [](Json answer, const Json& input) {
    Json output = Json::object();
    output["plan"] = first_plan(answer, text_of(input, "lookup_key"));
    output["found"] = !output["plan"].is_null();
    return output;
  };
  return find;
}

}  // namespace

/// POST /plans, GET, PUT and DELETE /plans/{id}, POST /plans/search. lookup_key is unique among
/// published plans, which is what makes repeating a creation harmless: it is required here.
Operations plans() {
  Operations operations;
  Operation create = harmless("flexprice.plans.create", "POST", "/plans",
                              "Makes an empty plan, or answers with the one of this lookup_key.",
                              input_schema(writable_plan(), {"name", "lookup_key"}), plan());
  create.look_when = Operation::When::after_refusal;
  create.look = plan_by_key;
  operations.push_back(std::move(create));
  operations.push_back(harmless("flexprice.plans.get", "GET", "/plans/{plan_id}", "Reads a plan.",
                                input_schema(plan_id(), {"plan_id"}), plan()));
  operations.push_back(find_plan());
  Json properties = writable_plan();
  properties.update(plan_id());
  operations.push_back(harmless("flexprice.plans.update", "PUT", "/plans/{plan_id}",
                                "Sets members of a plan.", input_schema(properties, {"plan_id"}),
                                plan()));
  Operation remove =
      harmless("flexprice.plans.delete", "DELETE", "/plans/{plan_id}",
               "Deletes a plan that no live subscription uses; gone already is a success.",
               input_schema(plan_id(), {"plan_id"}), deleted_schema());
  remove.gone_is_done = true;
  remove.output = deleted_output;
  operations.push_back(std::move(remove));
  Json filter = search_properties(literal(R"json({
    "lookup_key": {"type": "string"},
    "plan_ids": {"type": "array", "items": {"type": "string"}},
    "expand": {"type": "string"}
  })json"));
  operations.push_back(harmless("flexprice.plans.search", "POST", "/plans/search", "Lists plans.",
                                input_schema(filter, {}), page_schema(plan())));
  return operations;
}

}  // namespace sequent::activities::flexprice
