// Connected accounts: what they need, who may write it, and what they may do meanwhile.
#include "support.hpp"

namespace sequent::sandbox {
namespace {

constexpr const char* both =
    "&capabilities[card_payments][requested]=true&capabilities[transfers][requested]=true";

Json made(StripeTest& test, const std::string& path, const std::string& form) {
  const auto answer = test.stripe.post(path, form);
  INFO(dump_json(answer.body));
  REQUIRE(answer.status == 200);
  return answer.body;
}

Json refusal(StripeTest& test, const std::string& path, const std::string& form) {
  const auto answer = test.stripe.post(path, form);
  INFO(dump_json(answer.body));
  REQUIRE(answer.status >= 400);
  Json error = answer.body.at("error");
  error["status"] = answer.status;
  return error;
}

std::string express(StripeTest& test) {
  return text_of(made(test, "/v1/accounts", std::string("type=express&country=FR") + both), "id");
}

const std::string company_token =
    "account[business_type]=company&account[company][name]=Traiteur&account[company][phone]=1"
    "&account[company][tax_id]=2&account[company][address][line1]=a"
    "&account[company][address][city]=Lyon&account[company][address][postal_code]=69001"
    "&account[tos_shown_and_accepted]=true";

TEST_CASE("an express account charges once its owner has handed everything in", "[connect]") {
  StripeTest test;
  test.stripe.admin("webhook-endpoints",
                    {{"url", "http://connect.test"}, {"secret", "whsec_c"}, {"connect", true}});
  const auto id = express(test);
  Json account = test.read("/v1/accounts/" + id);
  CHECK(account["charges_enabled"] == false);
  CHECK(account["details_submitted"] == false);
  CHECK(account["capabilities"] == Json{{"card_payments", "inactive"}, {"transfers", "inactive"}});
  CHECK(account["requirements"]["disabled_reason"] == "requirements.past_due");
  CHECK_FALSE(account["requirements"]["currently_due"].empty());
  CHECK(test.stand_in.webhooks_due(test.stripe.now).empty());

  test.stripe.admin("accounts/" + id + "/fulfil", Json::object());
  account = test.read("/v1/accounts/" + id);
  CHECK(account["charges_enabled"] == true);
  CHECK(account["payouts_enabled"] == true);
  CHECK(account["details_submitted"] == true);
  CHECK(account["requirements"]["currently_due"].empty());
  CHECK(account["requirements"]["disabled_reason"].is_null());
  const auto sends = test.stand_in.webhooks_due(test.stripe.now);
  REQUIRE(sends.size() == 1);
  const Json event = *parse_json(sends[0].body);
  CHECK(event["type"] == "account.updated");
  CHECK(event["account"] == id);
  CHECK(event["data"]["object"]["charges_enabled"] == true);
  CHECK(event["data"]["previous_attributes"]["charges_enabled"] == false);

  test.stripe.admin("accounts/" + id + "/withdraw", {{"capability", "card_payments"}});
  account = test.read("/v1/accounts/" + id);
  CHECK(account["charges_enabled"] == false);
  CHECK(account["capabilities"]["transfers"] == "active");
  CHECK(account["requirements"]["past_due"] == Json{"company.verification.document"});
  test.stripe.admin("accounts/" + id + "/withdraw", {{"reason", "rejected.fraud"}});
  CHECK(test.read("/v1/accounts/" + id)["requirements"]["disabled_reason"] == "rejected.fraud");
  CHECK(test.read("/v1/accounts/" + id)["payouts_enabled"] == false);
}

TEST_CASE("an account that may not charge sells nothing, but keeps a catalog", "[connect]") {
  StripeTest test;
  const auto id = express(test);
  test.stripe.always["Stripe-Account"] = id;
  const auto price =
      text_of(made(test, "/v1/prices", "currency=eur&unit_amount=500&product_data[name]=P"), "id");
  const std::string session =
      "mode=payment&success_url=https://x.test&line_items[0][quantity]=1&line_items[0][price]=" +
      price;
  const auto refused = refusal(test, "/v1/checkout/sessions", session);
  CHECK(refused["status"] == 400);
  CHECK(refused["message"].get<std::string>().find("charges_enabled") != std::string::npos);
  test.stripe.admin("accounts/" + id + "/fulfil", Json::object());
  made(test, "/v1/checkout/sessions", session);
}

TEST_CASE("an account token carries the details of one custom account, once", "[connect]") {
  StripeTest test;
  const auto token = text_of(made(test, "/v1/tokens", company_token), "id");
  CHECK(token.starts_with("ct_"));
  CHECK(test.read("/v1/tokens/" + token)["used"] == false);
  const auto repeated =
      refusal(test, "/v1/accounts", "type=custom&business_type=company&account_token=" + token);
  CHECK(repeated["param"] == "business_type");
  CHECK(refusal(test, "/v1/accounts", "type=express&account_token=" + token)["param"] ==
        "account_token");
  CHECK(test.read("/v1/tokens/" + token)["used"] == false);

  const auto account = made(test, "/v1/accounts", "type=custom&account_token=" + token + both);
  CHECK(account["company"]["name"] == "Traiteur");
  CHECK(account["company"]["tax_id_provided"] == true);
  CHECK_FALSE(account["company"].contains("tax_id"));
  CHECK(account["capabilities"]["transfers"] == "active");
  CHECK(account["requirements"]["past_due"] ==
        Json{"business_profile.mcc", "business_profile.url"});
  CHECK(test.read("/v1/tokens/" + token)["used"] == true);
  const auto spent = refusal(test, "/v1/accounts", "type=custom&account_token=" + token);
  CHECK(spent["code"] == "token_already_used");
  CHECK(refusal(test, "/v1/accounts", "type=custom&account_token=ct_none")["code"] ==
        "resource_missing");

  const auto path = "/v1/accounts/" + text_of(account, "id");
  const auto complete = made(test, path,
                             "business_profile[mcc]=5812&business_profile[url]=https://t.test"
                             "&external_account=btok_1&metadata[a]=b");
  CHECK(complete["charges_enabled"] == true);
  CHECK(complete["payouts_enabled"] == true);
  CHECK(complete["details_submitted"] == true);
  CHECK(complete["metadata"]["a"] == "b");
  CHECK(refusal(test, "/v1/tokens", "")["code"] == "parameter_missing");
  CHECK(text_of(made(test, "/v1/tokens", "person[first_name]=Ann"), "type") == "person");
}

TEST_CASE("who collects the requirements decides what the platform may write", "[connect]") {
  StripeTest test;
  const auto no = [&](const std::string& form) { return refusal(test, "/v1/accounts", form); };
  CHECK(no("type=express&controller[fees][payer]=account")["param"] == "controller");
  CHECK(no("controller[requirement_collection]=application")["param"] ==
        "controller[stripe_dashboard][type]");
  CHECK(no("controller[requirement_collection]=application&controller[stripe_dashboard][type]=none")
            ["param"] == "controller[losses][payments]");
  CHECK(no("type=custom&country=KP")["code"] == "country_unsupported");
  CHECK(no("type=custom&email=nobody")["code"] == "email_invalid");
  CHECK(no("type=custom&capabilities[flying][requested]=true")["code"] == "parameter_unknown");
  CHECK(no("type=express&capabilities[card_payments][requested]=true")["param"] == "capabilities");
  CHECK(no("type=express&tos_acceptance[date]=1")["param"] == "tos_acceptance");

  const auto id = express(test);
  const auto path = "/v1/accounts/" + id;
  made(test, path, "email=before%40x.test");
  made(
      test, "/v1/account_links",
      "type=account_onboarding&return_url=https://x.test&refresh_url=https://y.test&account=" + id);
  const auto late = refusal(test, path, "email=late%40x.test");
  CHECK(late["status"] == 403);
  CHECK(late["param"] == "email");
  CHECK(made(test, path, "metadata[a]=b")["email"] == "before@x.test");
}

TEST_CASE("an onboarding link can be opened once, within minutes", "[connect]") {
  StripeTest test;
  const auto id = express(test);
  const std::string form =
      "type=account_onboarding&return_url=https://x.test&refresh_url=https://y.test&account=" + id;
  const auto no = [&](const std::string& wrong) {
    return refusal(test, "/v1/account_links", wrong);
  };
  CHECK(no("type=account_onboarding&account=" + id)["code"] == "parameter_missing");
  CHECK(no("type=account_onboarding&return_url=x&refresh_url=https://y.test&account=" +
           id)["code"] == "url_invalid");
  CHECK(no("type=account_update&return_url=https://x.test&refresh_url=https://y.test&account=" +
           id)["param"] == "type");
  CHECK(no("type=account_onboarding&return_url=https://x.test&refresh_url=https://y.test"
           "&account=acct_none")["code"] == "resource_missing");
  const auto open = [&](const Json& link) {
    return test.stripe.admin("account-links/open", {{"url", link.at("url")}});
  };
  const auto first = made(test, "/v1/account_links", form);
  const auto second = made(test, "/v1/account_links", form);
  CHECK(first["url"] != second["url"]);
  CHECK(open(first)["outcome"] == "completed");
  CHECK(test.read("/v1/accounts/" + id)["charges_enabled"] == true);
  CHECK(open(first) == Json{{"outcome", "refresh"}, {"redirect", "https://y.test"}});
  test.stripe.now += 301'000;
  CHECK(open(second)["outcome"] == "refresh");
  const Json calls = test.stripe.get("/_sandbox/calls").body;
  CHECK(calls.at("duplicateEffects").empty());
}

TEST_CASE("what the platform does not have it cannot act on", "[connect]") {
  StripeTest test;
  const auto unknown = test.stripe.get("/v1/customers", {{"Stripe-Account", "acct_none"}});
  CHECK(unknown.status == 403);
  CHECK(unknown.body["error"]["code"] == "account_invalid");
  CHECK(test.stripe.get("/v1/accounts/acct_none").status == 403);
  const auto id = express(test);
  CHECK(test.stripe.post("/v1/accounts", "type=custom", {{"Stripe-Account", id}}).status == 403);
  CHECK(test.stripe.get("/v1/accounts").body["data"].size() == 1);
  CHECK(test.stripe.call("DELETE", "/v1/accounts/" + id).body["deleted"] == true);
  CHECK(test.stripe.get("/v1/customers", {{"Stripe-Account", id}}).status == 403);
  CHECK(test.stripe.get("/v1/accounts").body["data"].empty());
  const auto standard = text_of(made(test, "/v1/accounts", "type=standard"), "id");
  CHECK(test.stripe.call("DELETE", "/v1/accounts/" + standard).status == 400);
  CHECK(test.stripe.post("/_sandbox/accounts", R"({"id":"acct_!"})").status == 400);
  CHECK(test.stripe.post("/_sandbox/accounts/acct_none/fulfil", "").status == 404);
}

}  // namespace
}  // namespace sequent::sandbox
