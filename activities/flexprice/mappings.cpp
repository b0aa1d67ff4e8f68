#include "activities/flexprice/resources.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::flexprice {

namespace {

using runtime::Attempt;

Json named() {
  Json properties = literal(R"json({
    "entity_type": {"enum": ["customer", "plan", "invoice", "subscription", "payment",
                             "credit_note", "addon", "item", "item_price", "price",
                             "invoice_line_item", "subscription_line_item"]},
    "provider_type": {"enum": ["flexprice", "stripe", "s3", "hubspot", "razorpay", "chargebee",
                               "quickbooks", "zoho_books", "nomod", "moyasar", "paddle", "whop",
                               "tabs", "aws_marketplace", "gcp_marketplace",
                               "azure_marketplace"]}
  })json");
  properties["entity_id"] = id_schema();
  return properties;
}

Json mapping() {
  return output_schema(literal(R"json({
                         "id": {"type": "string"},
                         "entity_type": {"type": "string"},
                         "entity_id": {"type": "string"},
                         "provider_type": {"type": "string"},
                         "provider_entity_id": {"type": "string"},
                         "metadata": {"type": "object"}
                       })json"),
                       {"entity_type", "entity_id", "provider_type", "provider_entity_id"});
}

Operation create_mapping() {
  Json properties = named();
  properties["provider_entity_id"] = id_schema();
  properties["metadata"] = literal(R"({"type": "object"})");
  Operation create = harmless(
      "flexprice.mappings.create", "POST", "/integrations/link",
      "Links an entity to its counterpart at a provider, in place of the one it had.",
      input_schema(properties, {"entity_type", "entity_id", "provider_type", "provider_entity_id"}),
      mapping());
  create.output = [](Json answer, const Json&) {
    const auto made = answer.find("mapping");
    return made == answer.end() ? answer : Json(*made);
  };
  return create;
}

// Rows of deleted mappings are listed as well, and must not come back to life.
Operation find_mapping() {
  Json output = found_schema("mapping", mapping());
  Operation find = harmless(
      "flexprice.mappings.find", "GET", "/integrations/mappings",
      "Looks up what an entity is linked to at a provider; nothing is no error.",
      input_schema(named(), {"entity_type", "entity_id", "provider_type"}), std::move(output));
  find.query = {{"entity_type", "entity_type"}, {"entity_id", "entity_id"}};
  find.adapt = [](Json& rest, const Attempt&) { rest.erase("provider_type"); };
  find.output = [](Json answer, const Json& input) {
    Json found = Json::object();
    found["found"] = false;
    found["mapping"] = nullptr;
    const auto items = answer.find("items");
    if (items == answer.end() || !items->is_array()) return found;
    for (const Json& item : *items) {
      const bool live = text_of(item, "status", "published") == "published";
      if (!live || text_of(item, "provider_type") != text_of(input, "provider_type")) continue;
      found["found"] = true;
      found["mapping"] = item;
      return found;
    }
    return found;
  };
  return find;
}

Operation remove_mapping() {
  Json deleted = output_schema(literal(R"({"deleted": {"const": true}})"), {"deleted"});
  Operation remove = harmless(
      "flexprice.mappings.delete", "DELETE", "/integrations/link",
      "Unlinks an entity from its counterpart at a provider; gone already is a success.",
      input_schema(named(), {"entity_type", "entity_id", "provider_type"}), std::move(deleted));
  remove.gone_is_done = true;
  remove.output = deleted_output;
  return remove;
}

}  // namespace

/// POST and DELETE /integrations/link, GET /integrations/mappings. There is no lookup by the
/// provider's id: keep that table in records.*, or find the entity by its external_id or lookup_key.
/// Two entities may claim one counterpart, so link under a business key.
Operations mappings() {
  Operations operations;
  operations.push_back(create_mapping());
  operations.push_back(find_mapping());
  operations.push_back(remove_mapping());
  return operations;
}

}  // namespace sequent::activities::flexprice
