#include "activities/flexprice/resources.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::flexprice {

namespace {

using runtime::Attempt;
using runtime::Reconciliation;

Json addon() {
  return output_schema(literal(R"json({
                         "id": {"type": "string"},
                         "name": {"type": "string"},
                         "lookup_key": {"type": "string"},
                         "description": {"type": "string"},
                         "metadata": {"type": "object"},
                         "status": {"enum": ["published", "archived", "deleted"]}
                       })json"),
                       {"id", "lookup_key"});
}

Json writable_addon() {
  return literal(R"json({
    "name": {"type": "string", "minLength": 1},
    "description": {"type": "string"},
    "metadata": {"type": "object"}
  })json");
}

Json only(const char* member) {
  Json properties = Json::object();
  properties[member] = id_schema();
  return input_schema(std::move(properties), {member});
}

boost::asio::awaitable<Reconciliation> addon_by_key(std::shared_ptr<Client> client, Attempt attempt,
                                                    Json input) {
  const std::string key = text_of(input, "lookup_key");
  Call call = read_call(attempt, "/addons/lookup/" + net::percent_encode(key));
  auto answer = co_await client->send(std::move(call));
  if (answer) co_return adopted(std::move(*answer));
  if (answer.error().problem.status == 404) co_return absent();
  co_return undecided(std::move(answer.error()));
}

Operation find_addon() {
  Operation find = harmless("flexprice.addons.find", "GET", "/addons/lookup/{lookup_key}",
                            "Looks an addon up by its lookup_key; none is no error.",
                            only("lookup_key"), found_schema("addon", addon()));
  find.gone_is_done = true;
  find.output = [](Json answer, const Json&) {
    Json output = Json::object();
    output["found"] = !answer.empty();
    output["addon"] = answer.empty() ? Json() : std::move(answer);
    return output;
  };
  return find;
}

}  // namespace

/// POST /addons, GET, PUT and DELETE /addons/{id}, GET /addons/lookup/{lookup_key}, POST
/// /addons/search. lookup_key is unique among published addons: 409 is read back.
Operations addons() {
  Operations operations;
  Json properties = writable_addon();
  properties["lookup_key"] = id_schema();
  Operation create = harmless("flexprice.addons.create", "POST", "/addons",
                              "Makes an empty addon, or answers with the one of this lookup_key.",
                              input_schema(properties, {"name", "lookup_key"}), addon());
  create.look_when = Operation::When::after_refusal;
  create.look = addon_by_key;
  operations.push_back(std::move(create));
  operations.push_back(harmless("flexprice.addons.get", "GET", "/addons/{addon_id}",
                                "Reads an addon.", only("addon_id"), addon()));
  operations.push_back(find_addon());
  properties = writable_addon();
  properties["addon_id"] = id_schema();
  operations.push_back(harmless("flexprice.addons.update", "PUT", "/addons/{addon_id}",
                                "Sets members of an addon.", input_schema(properties, {"addon_id"}),
                                addon()));
  Operation remove =
      harmless("flexprice.addons.delete", "DELETE", "/addons/{addon_id}",
               "Deletes an addon; gone already is a success.", only("addon_id"), deleted_schema());
  remove.gone_is_done = true;
  remove.output = deleted_output;
  operations.push_back(std::move(remove));
  Json filter = search_properties(literal(R"json({
    "lookup_keys": {"type": "array", "items": {"type": "string"}},
    "addon_ids": {"type": "array", "items": {"type": "string"}},
    "expand": {"type": "string"}
  })json"));
  operations.push_back(harmless("flexprice.addons.search", "POST", "/addons/search",
                                "Lists addons.", input_schema(filter, {}), page_schema(addon())));
  return operations;
}

}  // namespace sequent::activities::flexprice
