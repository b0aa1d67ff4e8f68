// Connect: tokens, accounts and links, their parameters and routes.
#include "sandbox/stripe/accounts.hpp"
#include "sandbox/stripe/routes.hpp"

namespace sequent::sandbox::stripe {
namespace {

/// A group whose members are known by name, whatever they hold.
Param named_group(std::string name, std::initializer_list<const char*> names) {
  Params members;
  for (const char* member : names) members.push_back(anything(member));
  return group(std::move(name), std::move(members));
}

Param business_type() {
  return one_of("business_type", {"company", "government_entity", "individual", "non_profit"});
}

Param company() {
  return named_group("company", {"address",
                                 "address_kana",
                                 "address_kanji",
                                 "administrative_address",
                                 "directors_provided",
                                 "directorship_declaration",
                                 "executives_provided",
                                 "export_license_id",
                                 "export_purpose_code",
                                 "name",
                                 "name_kana",
                                 "name_kanji",
                                 "owners_provided",
                                 "ownership_declaration",
                                 "ownership_exemption_reason",
                                 "phone",
                                 "principal_place_of_business",
                                 "registration_date",
                                 "registration_number",
                                 "representative_declaration",
                                 "structure",
                                 "tax_id",
                                 "tax_id_registrar",
                                 "vat_id",
                                 "verification"});
}

Param individual() {
  return named_group("individual", {"address",
                                    "address_kana",
                                    "address_kanji",
                                    "dob",
                                    "email",
                                    "first_name",
                                    "first_name_kana",
                                    "first_name_kanji",
                                    "full_name_aliases",
                                    "gender",
                                    "id_number",
                                    "id_number_secondary",
                                    "last_name",
                                    "last_name_kana",
                                    "last_name_kanji",
                                    "maiden_name",
                                    "metadata",
                                    "phone",
                                    "political_exposure",
                                    "registered_address",
                                    "relationship",
                                    "ssn_last_4",
                                    "verification"});
}

Param person() {
  return named_group("person", {"additional_tos_acceptances",
                                "address",
                                "address_kana",
                                "address_kanji",
                                "dob",
                                "documents",
                                "email",
                                "first_name",
                                "first_name_kana",
                                "first_name_kanji",
                                "full_name_aliases",
                                "gender",
                                "id_number",
                                "id_number_secondary",
                                "last_name",
                                "last_name_kana",
                                "last_name_kanji",
                                "maiden_name",
                                "metadata",
                                "nationality",
                                "phone",
                                "political_exposure",
                                "registered_address",
                                "relationship",
                                "ssn_last_4",
                                "us_cfpb_data",
                                "verification"});
}

Param capabilities() {
  Params members;
  for (const auto& name : capability_names())
    members.push_back(group(name, {boolean("requested")}));
  return group("capabilities", std::move(members));
}

Params account_params() {
  return {text("account_token"),
          named_group("business_profile",
                      {"annual_revenue", "estimated_worker_count", "mcc",
                       "minority_owned_business_designation", "monthly_estimated_revenue", "name",
                       "product_description", "specified_commercial_transactions_act_url",
                       "support_address", "support_email", "support_phone", "support_url", "url"}),
          business_type(),
          capabilities(),
          company(),
          text("default_currency", 3),
          anything("documents"),
          text("email", 800),
          texts("expand"),
          anything("external_account"),
          anything("groups"),
          individual(),
          metadata(),
          named_group("settings", {"bacs_debit_payments", "branding", "card_issuing",
                                   "card_payments", "invoices", "payments", "payouts", "treasury"}),
          group("tos_acceptance",
                {integer("date"), text("ip"), text("service_agreement"), text("user_agent", 500)})};
}

Params account_create_params() {
  return joined(
      account_params(),
      {text("country", 2), one_of("type", {"custom", "express", "standard"}),
       group("controller",
             {group("fees", {one_of("payer", {"account", "application"})}),
              group("losses", {one_of("payments", {"application", "stripe"})}),
              one_of("requirement_collection", {"application", "stripe"}),
              group("stripe_dashboard", {one_of("type", {"express", "full", "none"})})})});
}

}  // namespace

void add_connect_routes(std::vector<Route>& routes) {
  routes.push_back({"POST",
                    "/v1/tokens",
                    {group("account", {business_type(), company(), individual(),
                                       boolean("tos_shown_and_accepted")}),
                     person(), texts("expand")},
                    create_token});
  routes.push_back({"GET", "/v1/tokens/{id}", {texts("expand")}, read_token});
  const std::string accounts = "/v1/accounts";
  routes.push_back({"POST", accounts, account_create_params(), create_account});
  routes.push_back({"GET", accounts, list_params({}), list_accounts});
  routes.push_back({"GET", accounts + "/{id}", {}, read_account});
  routes.push_back({"POST", accounts + "/{id}", account_params(), update_account});
  routes.push_back({"DELETE", accounts + "/{id}", {}, delete_account});
  routes.push_back({.method = "POST",
                    .pattern = "/v1/account_links",
                    .params = {required(text("account")),
                               required(one_of("type", {"account_onboarding", "account_update"})),
                               one_of("collect", {"currently_due", "eventually_due"}),
                               group("collection_options",
                                     {one_of("fields", {"currently_due", "eventually_due"}),
                                      one_of("future_requirements", {"include", "omit"})}),
                               texts("expand"), text("refresh_url"), text("return_url")},
                    .handle = create_account_link,
                    .one_time = true});
}

}  // namespace sequent::sandbox::stripe
