#include "activities/schemas.hpp"
#include "activities/stripe/resources.hpp"

namespace sequent::activities::stripe {

namespace {

// All refunds of one payment: few, so that the list is always read whole.
std::vector<Search> refund_searches(const Json& input, const runtime::Attempt&) {
  Json filter = Json::object();
  for (const char* member : {"charge", "payment_intent"}) {
    const std::string id = text_of(input, member);
    if (!id.empty()) filter[member] = id;
  }
  return {Search{std::move(filter), true}};
}

Json refund_input() {
  Json properties = literal(R"json({
    "charge": {"type": "string", "minLength": 1},
    "payment_intent": {"type": "string", "minLength": 1},
    "amount": {"type": "integer", "minimum": 1, "description": "minor units; absent: what is left"},
    "reason": {"enum": ["duplicate", "fraudulent", "requested_by_customer"]},
    "reverse_transfer": {"type": "boolean"},
    "refund_application_fee": {"type": "boolean"}
  })json");
  properties["metadata"] = metadata_schema();
  Json schema = input_schema(properties, {});
  schema["oneOf"] = literal(R"([{"required": ["charge"]}, {"required": ["payment_intent"]}])");
  return schema;
}

}  // namespace

/// POST /v1/refunds. charge_already_refunded is a success when the refund is this task's own.
/// source  docs.stripe.com/api/refunds/create
Operations refunds() {
  Operations operations;
  Operation create = write_operation("stripe.refunds.create", "POST", "/v1/refunds",
                                     "Pays a charge back, in whole or in part.", refund_input(),
                                     object_schema("refund", literal(R"json({
                                       "status": {"type": ["string", "null"]},
                                       "amount": {"type": "integer"},
                                       "currency": {"type": "string"}
                                     })json")));
  create.searches = refund_searches;
  create.already = Already::ours;
  create.taken = {"charge_already_refunded"};
  operations.push_back(std::move(create));
  return operations;
}

}  // namespace sequent::activities::stripe
