// How an account comes by its legal details: tokens that carry them, links to Stripe's own form.
#include "base/assert.hpp"
#include "sandbox/stripe/accounts.hpp"

namespace sequent::sandbox::stripe {
namespace {

constexpr std::int64_t link_lives_s = 300;
constexpr const char* client_ip = "192.0.2.1";  // an address for documentation

Answer<void> check_redirect(const Json& params, const std::string& name) {
  const auto url = text_of(params, name);
  if (url.empty())
    return bad_parameter("parameter_missing", name, "Missing required param: " + name + ".");
  if (url.starts_with("http://") || url.starts_with("https://")) return {};
  return bad_parameter("url_invalid", name, "Not a valid URL: " + url);
}

Answer<void> check_link(const Call& call, const Json* account) {
  for (const char* name : {"refresh_url", "return_url"})
    if (auto good = check_redirect(call.params, name); !good) return good;
  if (call.params.contains("collect") && call.params.contains("collection_options"))
    return bad_parameter("", "collect", "You may give collect or collection_options, not both.");
  if (account == nullptr) return no_such("account", text_of(call.params, "account"), "account");
  const bool by_stripe = account->at("controller").at("requirement_collection") == "stripe";
  if (by_stripe && call.params.at("type") == "account_update")
    return refused("", "type",
                   "You cannot create account_update type links for this account: Stripe collects "
                   "its requirements. Use account_onboarding.");
  return {};
}

}  // namespace

Answer<Json> create_token(const Call& call) {
  const auto account = call.params.find("account");
  const auto person = call.params.find("person");
  const bool for_account = account != call.params.end() && account->is_object();
  const bool for_person = person != call.params.end() && person->is_object();
  if (for_account == for_person)
    return bad_parameter("parameter_missing", "account",
                         "Expected exactly one of the params account and person.");
  if (for_account && account->value("tos_shown_and_accepted", Json(true)) != true)
    return bad_parameter("", "account[tos_shown_and_accepted]",
                         "tos_shown_and_accepted can only be true.");
  Json token{{"id", call.scene.world.make_id(for_account ? "ct_" : "cpt_")},
             {"object", "token"},
             {"client_ip", client_ip},
             {"created", call.scene.seconds()},
             {"livemode", false},
             {"type", for_account ? "account" : "person"},
             {"used", false}};
  Json details = for_account ? *account : *person;
  if (for_account && details.contains("tos_shown_and_accepted")) {
    details.erase("tos_shown_and_accepted");
    details["tos_acceptance"] = {{"date", call.scene.seconds()}, {"ip", client_ip}};
  }
  token["_details"] = std::move(details);
  return call.scene.account.add(std::move(token));
}

Answer<Json> read_token(const Call& call) {
  const Json* token = call.scene.account.find("token", call.id);
  if (token == nullptr) return no_such("token", call.id);
  return *token;
}

Answer<Json*> unspent_token(Scene& scene, const std::string& id) {
  Json* token = scene.account.find("token", id);
  if (token == nullptr || text_of(*token, "type") != "account")
    return no_such("token", id, "account_token");
  if (token->at("used").get<bool>())
    return refused("token_already_used", "account_token",
                   "You cannot use a token more than once: " + id + ".");
  return token;
}

Answer<Json> create_account_link(const Call& call) {
  if (auto good = platform_only(call.scene); !good) return std::unexpected(good.error());
  const auto id = text_of(call.params, "account");
  Json* account = connected_account(call.scene.world, id);
  if (auto good = check_link(call, account); !good) return std::unexpected(good.error());
  SEQUENT_ASSERT(account != nullptr);
  (*account)["_onboarding"] = true;
  const auto secret = call.scene.world.make_id("link_", 12);
  const bool express = text_of(*account, "type") == "express";
  Json link{{"object", "account_link"},
            {"created", call.scene.seconds()},
            {"expires_at", call.scene.seconds() + link_lives_s},
            {"url", std::string("https://connect.stripe.com/") + (express ? "express" : "setup") +
                        "/onboarding/" + id + "/" + secret},
            {"_account", id},
            {"_opened", false},
            {"_return_url", call.params.at("return_url")},
            {"_refresh_url", call.params.at("refresh_url")}};
  return call.scene.account.add_as(secret, std::move(link));
}

}  // namespace sequent::sandbox::stripe
