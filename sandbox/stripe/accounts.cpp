#include "sandbox/stripe/accounts.hpp"

#include <algorithm>
#include <map>

#include "base/assert.hpp"

namespace sequent::sandbox::stripe {
namespace {

constexpr const char* platform_country = "FR";

// Countries with accounts, and what they are paid in.
const std::map<std::string, std::string>& currencies() {
  static const std::map<std::string, std::string> by_country{
      {"AE", "aed"}, {"AT", "eur"}, {"AU", "aud"}, {"BE", "eur"}, {"BG", "eur"}, {"BR", "brl"},
      {"CA", "cad"}, {"CH", "chf"}, {"CY", "eur"}, {"CZ", "czk"}, {"DE", "eur"}, {"DK", "dkk"},
      {"EE", "eur"}, {"ES", "eur"}, {"FI", "eur"}, {"FR", "eur"}, {"GB", "gbp"}, {"GI", "gbp"},
      {"GR", "eur"}, {"HK", "hkd"}, {"HR", "eur"}, {"HU", "huf"}, {"IE", "eur"}, {"IT", "eur"},
      {"JP", "jpy"}, {"LI", "chf"}, {"LT", "eur"}, {"LU", "eur"}, {"LV", "eur"}, {"MT", "eur"},
      {"MX", "mxn"}, {"MY", "myr"}, {"NL", "eur"}, {"NO", "nok"}, {"NZ", "nzd"}, {"PL", "pln"},
      {"PT", "eur"}, {"RO", "ron"}, {"SE", "sek"}, {"SG", "sgd"}, {"SI", "eur"}, {"SK", "eur"},
      {"TH", "thb"}, {"US", "usd"}};
  return by_country;
}

// What the account's legal details are made of, and a token may carry.
constexpr std::initializer_list<const char*> token_members = {"business_type", "company",
                                                              "individual", "tos_acceptance"};
// What the platform may write only until the owner has been sent to Stripe's own form.
constexpr std::initializer_list<const char*> owners_members = {
    "business_type", "company", "documents", "email", "external_account", "individual"};

const Json& blank_account() {
  static const Json blank = Json::parse(R"({
    "object": "account", "business_type": null, "capabilities": {}, "charges_enabled": false,
    "business_profile": {"mcc": null, "minority_owned_business_designation": null, "name": null,
                         "support_address": null, "support_email": null, "support_phone": null,
                         "support_url": null, "url": null},
    "details_submitted": false, "email": null, "groups": null, "metadata": {},
    "payouts_enabled": false, "settings": null,
    "tos_acceptance": {"date": null, "ip": null, "user_agent": null},
    "_given": {}, "_fulfilled": false, "_withdrawn": [], "_reason": null, "_onboarding": false})");
  return blank;
}

Json controller_of_type(const std::string& type) {
  const bool standard = type == "standard";
  const bool custom = type == "custom";
  const char* payer = standard ? "account" : custom ? "application_custom" : "application_express";
  return {{"type", "application"},
          {"is_controller", true},
          {"fees", {{"payer", payer}}},
          {"losses", {{"payments", standard ? "stripe" : "application"}}},
          {"requirement_collection", custom ? "application" : "stripe"},
          {"stripe_dashboard",
           {{"type", standard ? "full"
                     : custom ? "none"
                              : "express"}}}};
}

// A controller is a standard account's where nothing else is said.
Answer<Json> controller_of(const Json& params) {
  const bool by_type = !params.value("type", Json()).is_null();
  const auto given = params.find("controller");
  const bool by_controller = given != params.end() && given->is_object();
  if (by_type && by_controller)
    return bad_parameter("", "controller", "You may give type or controller, not both.");
  if (!by_controller)
    return controller_of_type(by_type ? text_of(params, "type") : std::string("standard"));
  Json controller = controller_of_type("standard");
  controller.merge_patch(*given);
  const bool collects = controller.at("requirement_collection") == "application";
  if (collects && controller.at("stripe_dashboard").at("type") != "none")
    return bad_parameter("", "controller[stripe_dashboard][type]",
                         "When controller[requirement_collection] is application, "
                         "controller[stripe_dashboard][type] must be none.");
  if (collects && controller.at("losses").at("payments") != "application")
    return bad_parameter("", "controller[losses][payments]",
                         "When controller[requirement_collection] is application, "
                         "controller[losses][payments] must be application.");
  return controller;
}

bool application_is_liable(const Json& account) {
  return account.at("controller").at("losses").at("payments") == "application";
}

bool platform_collects(const Json& account) {
  return account.at("controller").at("requirement_collection") == "application";
}

Answer<void> check_email_of(const Json& params) {
  const auto email = text_of(params, "email");
  if (email.empty()) return {};
  const auto at = email.find('@');
  if (at == std::string::npos || at == 0 || at + 1 == email.size() ||
      email.find(' ') != std::string::npos)
    return bad_parameter("email_invalid", "email", "Invalid email address: " + email);
  return {};
}

Answer<void> check_details(const Json& account, const Json& params) {
  if (auto good = check_email_of(params); !good) return good;
  const bool with_token = !params.value("account_token", Json()).is_null();
  if (with_token && !platform_collects(account))
    return refused("", "account_token",
                   "Account tokens are for accounts whose requirements your platform collects "
                   "(controller[requirement_collection] application, or type custom).");
  for (const char* name : token_members)
    if (with_token && params.contains(name))
      return bad_parameter("", name,
                           std::string("You cannot give ") + name +
                               " beside an account_token: the token carries it.");
  const auto terms = params.find("tos_acceptance");
  if (!platform_collects(account) && terms != params.end() && terms->is_object() &&
      (terms->contains("date") || terms->contains("ip")))
    return refused("", "tos_acceptance",
                   "You cannot accept the Terms of Service on behalf of this account: Stripe "
                   "collects its requirements.");
  return {};
}

Answer<void> check_capabilities(const Json& account) {
  const Json& capabilities = account.at("capabilities");
  if (capabilities.contains("card_payments") && !capabilities.contains("transfers") &&
      application_is_liable(account))
    return refused("", "capabilities",
                   "You cannot request card_payments without transfers for an account whose losses "
                   "your platform is liable for.");
  return {};
}

void give(Json& account, const std::string& name, const Json& value) {
  Json& given = account["_given"];
  if (value.is_object()) {
    given[name].merge_patch(value);
  } else if (value.is_null()) {
    given.erase(name);
  } else {
    given[name] = value;
  }
}

void show_company(Json& account) {
  const auto company = account.at("_given").find("company");
  if (company == account.at("_given").end()) return;
  Json shown = *company;
  // Numbers go in and are never shown again.
  for (const auto& [secret, told] :
       {std::pair{"tax_id", "tax_id_provided"}, {"vat_id", "vat_id_provided"}}) {
    shown[told] = shown.contains(secret);
    shown.erase(secret);
  }
  shown.erase("registration_number");
  account["company"] = std::move(shown);
}

void write_account(Json& account, const Json& params, const Json& from_token) {
  for (const auto& [name, value] : from_token.items()) give(account, name, value);
  for (const char* name : {"business_type", "company", "individual", "business_profile",
                           "tos_acceptance", "external_account"})
    if (params.contains(name)) give(account, name, params.at(name));
  for (const char* name : {"email", "default_currency", "settings"})
    if (params.contains(name)) account[name] = params.at(name);
  const Json& given = account.at("_given");
  if (given.contains("business_type")) account["business_type"] = given.at("business_type");
  for (const char* name : {"business_profile", "tos_acceptance"})
    if (given.contains(name)) account[name].update(given.at(name));
  if (platform_collects(account)) show_company(account);
  const Json asked = params.value("capabilities", Json::object());
  for (const auto& [name, wish] : asked.items()) {
    if (!wish.is_object() || !wish.contains("requested")) continue;
    if (wish.at("requested") == true) {
      if (!account["capabilities"].contains(name)) account["capabilities"][name] = "inactive";
    } else {
      account["capabilities"].erase(name);
    }
  }
  merge_metadata(account, params);
}

/// Writes the parameters and spends the token, or changes nothing.
Answer<void> change_account(Scene& scene, Json& account, const Json& params) {
  if (auto good = check_details(account, params); !good) return good;
  Json from_token = Json::object();
  Json* token = nullptr;
  if (const auto id = text_of(params, "account_token"); !id.empty()) {
    const auto found = unspent_token(scene, id);
    if (!found) return std::unexpected(found.error());
    token = *found;
    from_token = token->at("_details");
  }
  Json changed = account;
  write_account(changed, params, from_token);
  if (auto good = check_capabilities(changed); !good) return good;
  if (token != nullptr) (*token)["used"] = true;
  account = std::move(changed);
  return {};
}

}  // namespace

Json* connected_account(World& world, const std::string& id) {
  Json* account = world.account("").find("account", id);
  return account == nullptr || account->value("_deleted", false) ? nullptr : account;
}

ApiError no_access(const std::string& id) {
  return {.status = 403,
          .code = "account_invalid",
          .message = "The provided key does not have access to account '" + id +
                     "' (or that account does not exist). Application access may have been "
                     "revoked."};
}

Answer<void> platform_only(const Scene& scene) {
  if (scene.account.id.empty()) return {};
  return std::unexpected(ApiError{.status = 403,
                                  .code = "platform_account_required",
                                  .message = "Only platforms can work with other accounts: send "
                                             "this request without Stripe-Account."});
}

void tell_account(Scene& scene, Json& account, const Json& before) {
  judge_account(account);
  const Json previous = previous_attributes(before, account);
  if (previous.empty()) return;
  Scene within{scene.world, scene.world.account(text_of(account, "id")), scene.faults, scene.now,
               scene.cause};
  emit(within, "account.updated", account, previous);
}

Answer<Json> create_account(const Call& call) {
  if (auto good = platform_only(call.scene); !good) return std::unexpected(good.error());
  auto controller = controller_of(call.params);
  if (!controller) return controller;
  const auto asked = text_of(call.params, "country");
  const std::string country = asked.empty() ? platform_country : asked;
  const auto currency = currencies().find(country);
  if (currency == currencies().end())
    return bad_parameter("country_unsupported", "country",
                         "Country '" + country + "' is unknown or not supported.");
  Json account = blank_account();
  account["id"] = call.scene.world.make_id("acct_", 16);
  account["created"] = call.scene.seconds();
  account["country"] = country;
  account["default_currency"] = currency->second;
  const auto type = text_of(call.params, "type");
  const bool by_controller = call.params.contains("controller");
  account["type"] = by_controller ? "none" : type.empty() ? "standard" : type;
  account["controller"] = std::move(*controller);
  account["external_accounts"] = list_of(
      Json::array(), false, "/v1/accounts/" + text_of(account, "id") + "/external_accounts");
  // A standard account asks for what its owner needs; the others ask for what they are told to.
  if (account["controller"]["stripe_dashboard"]["type"] == "full")
    account["capabilities"] = {{"card_payments", "inactive"}, {"transfers", "inactive"}};
  if (auto good = change_account(call.scene, account, call.params); !good)
    return std::unexpected(good.error());
  judge_account(account);
  Json& stored = call.scene.account.add(std::move(account));
  // Nothing tells of a new account; that it may charge is told like any later change.
  if (stored.at("charges_enabled").get<bool>()) {
    Json before = stored;
    before["charges_enabled"] = false;
    tell_account(call.scene, stored, before);
  }
  return stored;
}

Answer<Json> read_account(const Call& call) {
  const Json* account = connected_account(call.scene.world, call.id);
  const bool allowed = call.scene.account.id.empty() || call.scene.account.id == call.id;
  if (account == nullptr || !allowed) return std::unexpected(no_access(call.id));
  return *account;
}

Answer<Json> update_account(const Call& call) {
  if (auto good = platform_only(call.scene); !good) return std::unexpected(good.error());
  Json* account = connected_account(call.scene.world, call.id);
  if (account == nullptr) return std::unexpected(no_access(call.id));
  const bool with_owner = !platform_collects(*account) &&
                          (account->at("_onboarding") == true || account->at("_fulfilled") == true);
  for (const char* name : owners_members)
    if (with_owner && call.params.contains(name))
      return std::unexpected(ApiError{
          .status = 403,
          .message = std::string("This application does not have the required permissions "
                                 "for the parameter '") +
                     name + "' on account '" + call.id + "': its owner has begun onboarding.",
          .param = name});
  const Json before = *account;
  if (auto good = change_account(call.scene, *account, call.params); !good)
    return std::unexpected(good.error());
  tell_account(call.scene, *account, before);
  return *account;
}

Answer<Json> delete_account(const Call& call) {
  if (auto good = platform_only(call.scene); !good) return std::unexpected(good.error());
  Json* account = connected_account(call.scene.world, call.id);
  if (account == nullptr) return std::unexpected(no_access(call.id));
  if (!application_is_liable(*account))
    return refused("", "id",
                   "You can delete an account only where your platform is liable for its losses: "
                   "type custom or express.");
  const Json deleted{{"id", call.id}, {"object", "account"}, {"deleted", true}};
  const auto created = account->at("created");
  *account = deleted;
  (*account)["_deleted"] = true;
  (*account)["_created"] = created;
  return deleted;
}

Answer<Json> list_accounts(const Call& call) {
  if (auto good = platform_only(call.scene); !good) return std::unexpected(good.error());
  return list_objects(call, "account", "/v1/accounts");
}

}  // namespace sequent::sandbox::stripe
