#include "reconciliation/kinds.hpp"

#include <algorithm>
#include <array>

namespace sequent::reconciliation {
namespace {

using enum Compared;

// Left out are members that only steer a request (payment_behavior, default_price_data), that Stripe
// moves by itself (auto_advance, capabilities, balance), and that only an expanded object has.
std::vector<Kind> described() {
  std::vector<Kind> all;
  all.push_back({"account",
                 "stripe.accounts.create",
                 "stripe.accounts.update",
                 "stripe.accounts.delete",
                 "account",
                 "/v1/accounts",
                 true,
                 {{"type"},
                  {"country", any_case},
                  {"email"},
                  {"business_type"},
                  {"default_currency", any_case},
                  {"business_profile"},
                  {"metadata", metadata}}});
  all.push_back({"customer",
                 "stripe.customers.create",
                 "stripe.customers.update",
                 "stripe.customers.delete",
                 "customer",
                 "/v1/customers",
                 false,
                 {{"email"},
                  {"name"},
                  {"phone"},
                  {"description"},
                  {"address"},
                  {"shipping"},
                  {"invoice_settings"},
                  {"preferred_locales"},
                  {"tax_exempt"},
                  {"metadata", metadata}}});
  all.push_back({"product",
                 "stripe.products.create",
                 "stripe.products.update",
                 "stripe.products.delete",
                 "product",
                 "/v1/products",
                 false,
                 {{"name"},
                  {"description"},
                  {"active"},
                  {"url"},
                  {"unit_label"},
                  {"images"},
                  {"statement_descriptor"},
                  {"tax_code"},
                  {"shippable"},
                  {"default_price"},
                  {"marketing_features"},
                  {"metadata", metadata}},
                 {"default_price"}});
  all.push_back({"price",
                 "stripe.prices.create",
                 "stripe.prices.update",
                 "",
                 "price",
                 "/v1/prices",
                 false,
                 {{"currency", any_case},
                  {"unit_amount"},
                  {"unit_amount_decimal", decimal},
                  {"product"},
                  {"recurring"},
                  {"lookup_key"},
                  {"nickname"},
                  {"active"},
                  {"tax_behavior"},
                  {"billing_scheme"},
                  {"tiers_mode"},
                  {"metadata", metadata}},
                 {"product"}});
  all.push_back({"subscription",
                 "stripe.subscriptions.create",
                 "stripe.subscriptions.update",
                 "",
                 "subscription",
                 "/v1/subscriptions",
                 false,
                 {{"customer"},
                  {"items", sub_items},
                  {"description"},
                  {"collection_method"},
                  {"days_until_due"},
                  {"default_payment_method"},
                  {"cancel_at_period_end"},
                  {"application_fee_percent"},
                  {"currency", any_case},
                  {"metadata", metadata}}});
  all.push_back({"checkout.session",
                 "stripe.checkout.sessions.create",
                 "",
                 "",
                 "",
                 "/v1/checkout/sessions",
                 false,
                 {{"mode"},
                  {"customer"},
                  {"client_reference_id"},
                  {"success_url"},
                  {"cancel_url"},
                  {"return_url"},
                  {"currency", any_case},
                  {"locale"},
                  {"expires_at"},
                  {"customer_email"},
                  {"metadata", metadata}},
                 {"customer", "subscription", "invoice"}});
  all.push_back({"invoice",
                 "stripe.invoices.create",
                 "",
                 "",
                 "",
                 "/v1/invoices",
                 false,
                 {{"customer"},
                  {"description"},
                  {"collection_method"},
                  {"footer"},
                  {"due_date"},
                  {"currency", any_case},
                  {"metadata", metadata}}});
  all.push_back({"refund",
                 "stripe.refunds.create",
                 "",
                 "",
                 "",
                 "/v1/refunds",
                 false,
                 {{"charge"}, {"payment_intent"}, {"amount"}, {"reason"}, {"metadata", metadata}}});
  return all;
}

const Kind* find(std::string_view activity, std::string_view Kind::*member) {
  const auto all = kinds();
  const auto found = std::ranges::find(all, activity, member);
  return activity.empty() || found == all.end() ? nullptr : &*found;
}

}  // namespace

std::span<const Kind> kinds() {
  static const std::vector<Kind> all = described();
  return all;
}

const Kind* made_by(std::string_view activity) {
  return find(activity, &Kind::creates);
}

const Kind* updated_by(std::string_view activity) {
  return find(activity, &Kind::updates);
}

const Kind* deleted_by(std::string_view activity) {
  return find(activity, &Kind::deletes);
}

bool is_unlisted(std::string_view activity) {
  constexpr std::array<std::string_view, 6> unlisted{
      "stripe.billing.meter_events.create",
      "stripe.billing.meter_event_adjustments.create",
      "stripe.tokens.create",
      "stripe.account_links.create",
      "stripe.billing_portal.sessions.create",
      "stripe.subscription_items.create"};
  return std::ranges::find(unlisted, activity) != unlisted.end();
}

Json comparable(const Kind& kind, const Json& input) {
  Json kept = Json::object();
  if (!input.is_object()) return kept;
  for (const Field& field : kind.fields)
    if (const auto member = input.find(field.name); member != input.end())
      kept[std::string(field.name)] = *member;
  return kept;
}

}  // namespace sequent::reconciliation
