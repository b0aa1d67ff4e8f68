#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {
namespace {

Answer<Json*> charge_to_refund(const Call& call) {
  const auto intent_id = text_of(call.params, "payment_intent");
  auto charge_id = text_of(call.params, "charge");
  if (intent_id.empty() && charge_id.empty())
    return bad_parameter("parameter_missing", "payment_intent",
                         "One of the following params should be provided for this request: "
                         "payment_intent or charge.");
  if (!intent_id.empty()) {
    const Json* intent = call.scene.account.find("payment_intent", intent_id);
    if (intent == nullptr) return no_such("payment_intent", intent_id, "payment_intent");
    if (text_of(*intent, "status") != "succeeded")
      return refused("", "payment_intent",
                     "This PaymentIntent (" + intent_id + ") has no successful charge to refund.");
    charge_id = text_of(*intent, "latest_charge");
  }
  Json* charge = call.scene.account.find("charge", charge_id);
  if (charge == nullptr) return no_such("charge", charge_id, "charge");
  return charge;
}

}  // namespace

Answer<Json> create_refund(const Call& call) {
  const auto found = charge_to_refund(call);
  if (!found) return std::unexpected(found.error());
  Json& charge = **found;
  const auto charge_id = text_of(charge, "id");
  const auto left = charge.at("amount_captured").get<std::int64_t>() -
                    charge.at("amount_refunded").get<std::int64_t>();
  if (left <= 0)
    return refused("charge_already_refunded", "",
                   "Charge " + charge_id + " has already been refunded.");
  const auto amount = call.params.value("amount", left);
  if (amount > left)
    return refused("", "amount",
                   "Refund amount (" + std::to_string(amount) +
                       ") is greater than the unrefunded amount on the charge (" +
                       std::to_string(left) + ").");
  Json refund{{"id", call.scene.world.make_id("re_")},
              {"object", "refund"},
              {"amount", amount},
              {"balance_transaction", nullptr},
              {"charge", charge_id},
              {"created", call.scene.seconds()},
              {"currency", charge.at("currency")},
              {"customer", nullptr},
              {"customer_account", nullptr},
              {"metadata", Json::object()},
              {"payment_intent", charge.at("payment_intent")},
              {"payment_method", charge.at("payment_method")},
              {"reason", call.params.value("reason", Json())},
              {"receipt_number", nullptr},
              {"source_transfer_reversal", nullptr},
              {"status", "succeeded"},
              {"transfer_reversal", nullptr}};
  merge_metadata(refund, call.params);
  const Json previous{{"amount_refunded", charge.at("amount_refunded")},
                      {"refunded", charge.at("refunded")}};
  charge["amount_refunded"] = charge.at("amount_refunded").get<std::int64_t>() + amount;
  charge["refunded"] = amount == left;
  Json& stored = call.scene.account.add(std::move(refund));
  emit(call.scene, "refund.created", stored);
  emit(call.scene, "charge.refunded", charge, previous);
  return stored;
}

Answer<Json> update_refund(const Call& call) {
  Json* refund = call.scene.account.find("refund", call.id);
  if (refund == nullptr) return no_such("refund", call.id);
  const Json previous = change_members(*refund, call.params, {});
  if (!previous.empty()) emit(call.scene, "refund.updated", *refund, previous);
  return *refund;
}

}  // namespace sequent::sandbox::stripe
