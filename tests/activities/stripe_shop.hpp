#pragma once
// A shop at Stripe's stand-in: what tests of its activities do again and again.
#include <catch2/catch.hpp>

#include "engine/runtime/dispatch.hpp"
#include "tests/activities/stripe_provider.hpp"

namespace sequent::tests {

struct Shop : StripeProvider {
  int calls = 0;

  /// A call that must succeed, with a key of its own.
  Json done(const std::string& activity, const Json& input) {
    auto unhurried = attempt("shop-" + std::to_string(++calls));
    unhurried.timeout_ms = 10'000;
    const auto output = stripe.call(activity, input, unhurried);
    INFO(activity + " " + dump_json(input) + " " + (output ? "" : output.error().problem.detail));
    REQUIRE(output.has_value());
    return *output;
  }
  std::size_t count(const std::string& activity, Json filter = Json::object()) {
    filter["limit"] = 100;
    return done(activity, filter).at("data").size();
  }
  /// The next such call has its effect and no answer; `*` in a path stands for any text.
  void lose_answer(const std::string& path, const std::string& method = "POST") {
    fault({{"kind", "reset-after-effect"}, {"method", method}, {"path", path}, {"times", 1}});
  }
  /// An attempt after one whose outcome is not known, made as the engine makes it: where the key
  /// protects no more, it looks first.
  runtime::ActivityResult go_on(const std::string& activity, const Json& input,
                                runtime::Attempt attempt, bool key_raised = false) {
    attempt.timeout_ms = 10'000;
    if (runtime::must_reconcile(stripe.activity(activity).spec(), attempt, key_raised)) {
      auto looked = stripe.look(activity, input, attempt);
      if (looked.found == runtime::Reconciliation::Found::adopted) return looked.object;
      if (looked.found == runtime::Reconciliation::Found::undecided)
        return std::unexpected(looked.failure.value());
    }
    return stripe.call(activity, input, attempt);
  }
  Json administration(const std::string& path) {
    net::ServerRequest request;
    request.method = "GET";
    request.path = "/_sandbox/" + path;
    return parse_json(stand_in.handle(request, now).response.body).value();
  }
  /// How many objects of each kind there are in each account, events among them: what anything that
  /// happens would change. Connected accounts tell the platform nothing, so they stand there whole.
  Json counts() {
    Json all = Json::object();
    const Json state = administration("state");
    for (const auto& account : state.at("accounts").items()) {
      for (const auto& kind : account.value().items()) {
        if (kind.value().at("count") == 0) continue;
        all[account.key()][kind.key()] =
            kind.value().at(kind.key() == "account" ? "objects" : "count");
      }
    }
    return all;
  }
  void next_day() { now += 25 * 3'600'000LL; }
  Json payer() {
    const Json settings{{"default_payment_method", "pm_card_visa"}};
    return done("stripe.customers.create", {{"name", "Jean"}, {"invoice_settings", settings}})
        .at("id");
  }
  /// To the website by the month, paid by card; `more` are further parameters.
  Json subscribe(const Json& more = Json::object()) {
    Json input{{"customer", payer()},
               {"items", Json::array({{{"price", "price_website_monthly"}}})}};
    input.update(more);
    return done("stripe.subscriptions.create", input);
  }
};

}  // namespace sequent::tests
