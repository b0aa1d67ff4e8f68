// What a connected account has to hand in before it may do what it asked for.
#include <algorithm>
#include <set>

#include "sandbox/stripe/accounts.hpp"

namespace sequent::sandbox::stripe {
namespace {

using Names = std::vector<std::string>;

// "company.address.city" in the details given.
bool is_given(const Json& given, const std::string& name) {
  const Json* value = &given;
  std::size_t from = 0;
  while (from <= name.size()) {
    const auto dot = std::min(name.find('.', from), name.size());
    const auto member = value->find(name.substr(from, dot - from));
    if (!value->is_object() || member == value->end()) return false;
    value = &*member;
    from = dot + 1;
  }
  return !value->is_null();
}

Names legal_entity(const Json& given) {
  const auto type = text_of(given, "business_type");
  if (type.empty()) return {"business_type"};
  if (type == "individual")
    return {"individual.first_name",   "individual.last_name",          "individual.dob.day",
            "individual.dob.month",    "individual.dob.year",           "individual.address.line1",
            "individual.address.city", "individual.address.postal_code"};
  return {"company.name",          "company.phone",        "company.tax_id",
          "company.address.line1", "company.address.city", "company.address.postal_code"};
}

bool takes_money(const std::string& capability) {
  return capability.ends_with("_payments");
}

// Tax reporting needs to know who it is; moving money the agreement too; taking it the business.
Names needs_of(const std::string& capability, const Json& given) {
  Names needs = legal_entity(given);
  if (capability.starts_with("tax_reporting_")) return needs;
  needs.insert(needs.end(), {"tos_acceptance.date", "tos_acceptance.ip"});
  if (!takes_money(capability)) return needs;
  needs.emplace_back("business_profile.mcc");
  if (!is_given(given, "business_profile.product_description"))
    needs.emplace_back("business_profile.url");
  return needs;
}

std::set<std::string> missing_for(const Json& account, const std::string& capability) {
  std::set<std::string> missing;
  const Json& given = account.at("_given");
  if (!account.at("_fulfilled").get<bool>())
    for (auto& name : needs_of(capability, given))
      if (!is_given(given, name)) missing.insert(std::move(name));
  for (const Json& withdrawn : account.at("_withdrawn"))
    if (withdrawn.at("capability").is_null() || withdrawn.at("capability") == capability)
      missing.insert(text_of(withdrawn, "requirement"));
  return missing;
}

Json requirements(const Json& due, const Json& past_due, const Json& reason) {
  return {{"alternatives", Json::array()}, {"current_deadline", nullptr},
          {"currently_due", due},          {"disabled_reason", reason},
          {"errors", Json::array()},       {"eventually_due", due},
          {"past_due", past_due},          {"pending_verification", Json::array()}};
}

}  // namespace

void judge_account(Json& account) {
  const bool fulfilled = account.at("_fulfilled").get<bool>();
  const Json stated = account.at("_reason");
  const bool has_bank = fulfilled || is_given(account.at("_given"), "external_account");
  std::set<std::string> past_due;
  bool charges = false;
  bool transfers = false;
  Json& capabilities = account["capabilities"];
  for (const auto& entry : capabilities.items()) {
    const auto missing = missing_for(account, entry.key());
    const bool active = missing.empty() && stated.is_null();
    entry.value() = active ? "active" : "inactive";
    charges = charges || (active && takes_money(entry.key()));
    transfers = transfers || (active && entry.key() == "transfers");
    past_due.insert(missing.begin(), missing.end());
  }
  std::set<std::string> due = past_due;
  if (!capabilities.empty() && !has_bank) due.insert("external_account");
  const Json reason = !stated.is_null()  ? stated
                      : past_due.empty() ? Json()
                                         : Json("requirements.past_due");
  account["requirements"] = requirements(Json(due), Json(past_due), reason);
  account["future_requirements"] = requirements(Json::array(), Json::array(), nullptr);
  account["charges_enabled"] = charges;
  account["payouts_enabled"] = transfers && has_bank;
  const bool by_platform = account.at("controller").at("requirement_collection") == "application";
  account["details_submitted"] = fulfilled || (by_platform && due.empty());
}

const Names& capability_names() {
  static const Names names{"acss_debit_payments",
                           "affirm_payments",
                           "afterpay_clearpay_payments",
                           "alma_payments",
                           "amazon_pay_payments",
                           "app_distribution",
                           "au_becs_debit_payments",
                           "bacs_debit_payments",
                           "bancontact_payments",
                           "bank_transfer_payments",
                           "billie_payments",
                           "bizum_payments",
                           "blik_payments",
                           "boleto_payments",
                           "card_issuing",
                           "card_payments",
                           "cartes_bancaires_payments",
                           "cashapp_payments",
                           "crypto_payments",
                           "eps_payments",
                           "fpx_payments",
                           "gb_bank_transfer_payments",
                           "giropay_payments",
                           "grabpay_payments",
                           "ideal_payments",
                           "india_international_payments",
                           "jcb_payments",
                           "jp_bank_transfer_payments",
                           "kakao_pay_payments",
                           "klarna_payments",
                           "konbini_payments",
                           "kr_card_payments",
                           "legacy_payments",
                           "link_payments",
                           "mb_way_payments",
                           "mobilepay_payments",
                           "multibanco_payments",
                           "mx_bank_transfer_payments",
                           "naver_pay_payments",
                           "nz_bank_account_becs_debit_payments",
                           "oxxo_payments",
                           "p24_payments",
                           "pay_by_bank_payments",
                           "payco_payments",
                           "paynow_payments",
                           "payto_payments",
                           "pix_payments",
                           "promptpay_payments",
                           "revolut_pay_payments",
                           "samsung_pay_payments",
                           "satispay_payments",
                           "scalapay_payments",
                           "sepa_bank_transfer_payments",
                           "sepa_debit_payments",
                           "sofort_payments",
                           "sunbit_payments",
                           "swish_payments",
                           "tax_reporting_us_1099_k",
                           "tax_reporting_us_1099_misc",
                           "transfers",
                           "treasury",
                           "twint_payments",
                           "upi_payments",
                           "us_bank_account_ach_payments",
                           "us_bank_transfer_payments",
                           "zip_payments"};
  return names;
}

Answer<void> check_charges(Scene& scene, const std::string& method, const std::string& pattern,
                           const Json& params) {
  if (scene.account.id.empty() || method != "POST") return {};
  const bool charges = pattern == "/v1/subscriptions" || pattern == "/v1/invoices/{id}/pay" ||
                       (pattern == "/v1/checkout/sessions" && text_of(params, "mode") != "setup");
  const Json* account = connected_account(scene.world, scene.account.id);
  if (!charges || account == nullptr || account->at("charges_enabled").get<bool>()) return {};
  return refused("", "",
                 "Your account cannot currently make charges: charges_enabled of " +
                     scene.account.id +
                     " is false. Look at its requirements, and wait for account.updated.");
}

}  // namespace sequent::sandbox::stripe
