#include "activities/flexprice/resources.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::flexprice {

namespace {

using runtime::Attempt;
using runtime::Reconciliation;

Json association() {
  return output_schema(literal(R"json({
                         "id": {"type": "string"},
                         "addon_id": {"type": "string"},
                         "entity_id": {"type": "string"},
                         "addon_status": {"enum": ["active", "cancelled", "pending"]},
                         "start_date": {"type": "string"}
                       })json"),
                       {"id", "addon_id", "addon_status"});
}

Json associations_input() {
  Json properties = Json::object();
  properties["subscription_id"] = id_schema();
  return input_schema(std::move(properties), {"subscription_id"});
}

boost::asio::awaitable<Reconciliation> is_attached(std::shared_ptr<Client> client, Attempt attempt,
                                                   Json input) {
  const std::string addon = text_of(input, "addon_id");
  const std::string id = net::percent_encode(text_of(input, "subscription_id"));
  Call call = read_call(attempt, "/subscriptions/" + id + "/addons/associations");
  const auto answer = co_await client->send(std::move(call));
  if (!answer) co_return undecided(answer.error());
  if (answer->is_array()) {
    for (const Json& one : *answer)
      if (text_of(one, "addon_id") == addon && text_of(one, "addon_status") != "cancelled")
        co_return adopted(one);
  }
  co_return absent();
}

Operation attach() {
  Json properties = literal(R"json({
    "cadence": {"enum": ["onetime", "recurring"]},
    "start_date": {"type": "string", "format": "date-time"},
    "proration_behavior": {"enum": ["create_prorations", "none"]},
    "metadata": {"type": "object"}
  })json");
  properties["subscription_id"] = id_schema();
  properties["addon_id"] = id_schema();
  Operation attach =
      operation("flexprice.subscriptions.addons.attach", "POST", "/subscriptions/addon",
                "Attaches an addon to a subscription that does not have it yet.",
                input_schema(properties, {"subscription_id", "addon_id"}), association());
  attach.look_when = Operation::When::before;
  attach.look = is_attached;
  return attach;
}

// A second detachment is refused; the association itself says that it was there before.
boost::asio::awaitable<Reconciliation> is_detached(std::shared_ptr<Client> client, Attempt attempt,
                                                   Json input) {
  const std::string association = text_of(input, "addon_association_id");
  const std::string id = net::percent_encode(text_of(input, "subscription_id"));
  Call call = read_call(attempt, "/subscriptions/" + id + "/addons/associations");
  const auto answer = co_await client->send(std::move(call));
  if (!answer) co_return undecided(answer.error());
  bool attached = false;
  if (answer->is_array())
    for (const Json& one : *answer)
      attached = attached ||
                 (text_of(one, "id") == association && text_of(one, "addon_status") != "cancelled");
  if (attached) co_return absent();
  co_return adopted(deleted_output(Json::object(), input));
}

Operation detach() {
  Json properties = literal(R"json({
    "effective_date": {"type": "string", "format": "date-time"},
    "proration_behavior": {"enum": ["create_prorations", "none"]},
    "reason": {"type": "string"}
  })json");
  properties["subscription_id"] = id_schema();
  properties["addon_association_id"] = id_schema();
  Operation detach = harmless(
      "flexprice.subscriptions.addons.detach", "DELETE", "/subscriptions/addon",
      "Takes an addon off a subscription; gone already is a success.",
      input_schema(properties, {"subscription_id", "addon_association_id"}), deleted_schema());
  detach.look_when = Operation::When::after_refusal;
  detach.look = is_detached;
  detach.adapt = [](Json& body, const Attempt&) { body.erase("subscription_id"); };
  detach.output = deleted_output;
  return detach;
}

Json listed(Json answer, const Json&) {
  Json output = Json::object();
  output["items"] = answer.is_array() ? std::move(answer) : Json::array();
  return output;
}

}  // namespace

/// POST and DELETE /subscriptions/addon, GET /subscriptions/{id}/addons/associations. Flexprice
/// attaches an addon as often as it is told to: here a subscription has each at most once.
Operations subscription_addons() {
  Operations operations;
  operations.push_back(attach());
  operations.push_back(detach());
  Json list = literal(R"({"items": {"type": "array"}})");
  list["items"]["items"] = association();
  Operation all = harmless("flexprice.subscriptions.addons.list", "GET",
                           "/subscriptions/{subscription_id}/addons/associations",
                           "Lists the addons of a subscription, cancelled ones too.",
                           associations_input(), output_schema(std::move(list), {"items"}));
  all.output = listed;
  operations.push_back(std::move(all));
  return operations;
}

}  // namespace sequent::activities::flexprice
