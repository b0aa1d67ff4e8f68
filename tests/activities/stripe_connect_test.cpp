// Connect's activities against the stand-in: lost answers, repeated keys, spent tokens.
#include <catch2/catch.hpp>

#include "tests/activities/stripe_provider.hpp"

using namespace sequent;
using namespace sequent::tests;
using machine::Outcome;
using Found = runtime::Reconciliation::Found;

namespace {

const Json wishes = {{"card_payments", {{"requested", true}}},
                     {"transfers", {{"requested", true}}}};
const Json express = {{"type", "express"}, {"country", "FR"}, {"capabilities", wishes}};

Json done(runtime::ActivityResult output) {
  INFO((output ? std::string() : output.error().problem.detail));
  REQUIRE(output.has_value());
  return std::move(*output);
}

std::size_t accounts_of(StripeProvider& provider) {
  return done(provider.stripe.call("stripe.accounts.list", {{"limit", 100}}, provider.attempt()))
      .at("data")
      .size();
}

Json admin(StripeProvider& provider, const std::string& path, const Json& body) {
  net::ServerRequest request;
  request.method = "POST";
  request.path = "/_sandbox/" + path;
  request.body = dump_json(body);
  const auto reply = provider.stand_in.handle(request, provider.now);
  INFO(reply.response.body);
  REQUIRE(reply.response.status < 300);
  return *parse_json(reply.response.body);
}

}  // namespace

TEST_CASE("a lost answer makes no second account, with the key or a day later",
          "[activities][sandbox][connect]") {
  StripeProvider provider;
  provider.fault({{"kind", "reset-after-effect"}, {"path", "/v1/accounts"}, {"times", 1}});
  const auto lost = provider.stripe.call("stripe.accounts.create", express, provider.attempt());
  REQUIRE_FALSE(lost.has_value());
  CHECK(lost.error().outcome == Outcome::unknown);
  const bool same_day = GENERATE(true, false);
  if (same_day) {
    done(provider.stripe.call("stripe.accounts.create", express, provider.attempt("key-1", 2)));
  } else {
    provider.now += 25 * 3'600'000LL;
    auto late = provider.attempt("key-1", 2);
    late.now = provider.now;
    const auto looked = provider.stripe.look("stripe.accounts.create", express, late);
    CHECK(looked.found == Found::adopted);
  }
  CHECK(accounts_of(provider) == 1);
}

TEST_CASE("a token that this task spent is a success, another's is refused",
          "[activities][sandbox][connect]") {
  StripeProvider provider;
  auto& stripe = provider.stripe;
  const Json details = {{"account",
                         {{"business_type", "company"},
                          {"company", {{"name", "Traiteur"}}},
                          {"tos_shown_and_accepted", true}}}};
  const Json token = done(stripe.call("stripe.tokens.create", details, provider.attempt("token")));
  // The same key gives the same token, a new one a new token.
  CHECK(done(stripe.call("stripe.tokens.create", details, provider.attempt("token", 2)))["id"] ==
        token["id"]);
  const Json custom = {
      {"type", "custom"}, {"account_token", token["id"]}, {"capabilities", wishes}};
  const Json account = done(stripe.call("stripe.accounts.create", custom, provider.attempt("a")));
  CHECK(account["company"]["name"] == "Traiteur");
  const auto read =
      stripe.call("stripe.tokens.retrieve", {{"token", token["id"]}}, provider.attempt("read"));
  CHECK(done(read)["used"] == true);
  const auto other = stripe.call("stripe.accounts.create", custom, provider.attempt("b"));
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().outcome == Outcome::permanent);
  CHECK(other.error().problem.extensions.at("code") == "token_already_used");
  // A day later the key is forgotten; the traces are not.
  provider.now += 25 * 3'600'000LL;
  const auto repeated = stripe.call("stripe.accounts.create", custom, provider.attempt("a", 2));
  CHECK(done(repeated)["id"] == account["id"]);
  CHECK(accounts_of(provider) == 1);
}

TEST_CASE("an account is onboarded, changed and deleted, and its links are ever new",
          "[activities][sandbox][connect]") {
  StripeProvider provider;
  auto& stripe = provider.stripe;
  const Json account = done(stripe.call("stripe.accounts.create", express, provider.attempt()));
  const Json id = {{"account", account["id"]}};
  CHECK(account["charges_enabled"] == false);
  Json asked = id;
  asked.update({{"type", "account_onboarding"},
                {"return_url", "https://x.test"},
                {"refresh_url", "https://y.test"}});
  const Json link = done(stripe.call("stripe.account_links.create", asked, provider.attempt("l")));
  const Json again =
      done(stripe.call("stripe.account_links.create", asked, provider.attempt("l", 2)));
  CHECK(link["url"] != again["url"]);
  admin(provider, "account-links/open", {{"url", again["url"]}});
  CHECK(done(stripe.call("stripe.accounts.retrieve", id, provider.attempt()))["charges_enabled"] ==
        true);

  // What happens in the account is done in it.
  Json customer = id;
  customer["name"] = "Jean";
  const Json made =
      done(stripe.call("stripe.customers.create", customer, provider.attempt("customer")));
  const auto on_platform = stripe.call("stripe.customers.retrieve", {{"customer", made["id"]}},
                                       provider.attempt("read"));
  REQUIRE_FALSE(on_platform.has_value());
  CHECK(on_platform.error().problem.status == 404);

  Json change = id;
  change["metadata"] = {{"participant", "p 1"}};
  const Json changed =
      done(stripe.call("stripe.accounts.update", change, provider.attempt("change")));
  CHECK(changed["metadata"]["participant"] == "p 1");

  provider.fault({{"kind", "reset-after-effect"}, {"method", "DELETE"}, {"times", 1}});
  CHECK_FALSE(stripe.call("stripe.accounts.delete", id, provider.attempt("d")).has_value());
  CHECK(done(stripe.call("stripe.accounts.delete", id, provider.attempt("d", 2)))["deleted"] ==
        true);
  // Whoever has asked for nothing has deleted nothing.
  const auto stranger = stripe.call("stripe.accounts.delete", id, provider.attempt("e"));
  REQUIRE_FALSE(stranger.has_value());
  CHECK(stranger.error().outcome == Outcome::permanent);
}
