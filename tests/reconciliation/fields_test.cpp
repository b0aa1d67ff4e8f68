#include <catch2/catch.hpp>

#include "activities/stripe/resources.hpp"
#include "reconciliation/fields.hpp"

using namespace sequent;
using namespace sequent::reconciliation;

namespace {

std::string fields_of(const char* activity, const Json& sent, const Json& has) {
  const Kind* kind = made_by(activity);
  REQUIRE(kind != nullptr);
  std::string names;
  for (const auto& each : differences(*kind, comparable(*kind, sent), has))
    names += each.field + ";";
  return names;
}

}  // namespace

TEST_CASE("members compare as Stripe keeps them", "[reconciliation]") {
  const char* price = "stripe.prices.create";
  const char* customer = "stripe.customers.create";
  CHECK(fields_of(price, {{"currency", "EUR"}}, {{"currency", "eur"}}).empty());
  CHECK(fields_of(price, {{"currency", "EUR"}}, {{"currency", "usd"}}) == "currency;");
  CHECK(fields_of(price, {{"unit_amount_decimal", "8.50"}}, {{"unit_amount_decimal", "8.5"}})
            .empty());
  CHECK(fields_of(price, {{"unit_amount_decimal", "80"}}, {{"unit_amount_decimal", "8"}}) ==
        "unit_amount_decimal;");
  CHECK(fields_of(price, {{"unit_amount", "800"}}, {{"unit_amount", 800}}).empty());
  CHECK(fields_of(price, {{"product", "prod_1"}}, {{"product", {{"id", "prod_1"}}}}).empty());
  CHECK(fields_of(price, {{"product", "prod_1"}}, {{"product", {{"id", "prod_2"}}}}) == "product;");
  CHECK(fields_of(price, {{"recurring", {{"interval", "month"}}}},
                  {{"recurring", {{"interval", "month"}, {"interval_count", 1}}}})
            .empty());
  CHECK(fields_of(price, {{"recurring", {{"interval", "month"}}}}, {{"recurring", nullptr}}) ==
        "recurring;");
  CHECK(fields_of(customer, {{"name", ""}}, {{"name", nullptr}}).empty());
  CHECK(fields_of(customer, {{"name", "Ada"}}, {{"name", nullptr}}) == "name;");
  CHECK(fields_of(customer, {{"name", "Ada"}}, Json::object()).empty());  // this version lacks it
  CHECK(fields_of(customer, {{"metadata", {{"a", "1"}, {"b", ""}}}},
                  {{"metadata", {{"a", "1"}, {"sequent_key", "k"}}}})
            .empty());
  CHECK(fields_of(customer, {{"metadata", {{"a", "1"}}}}, {{"metadata", Json::object()}}) ==
        "metadata.a;");
  CHECK(fields_of(customer, {{"preferred_locales", {"fr", "en"}}},
                  {{"preferred_locales", {"fr", "de"}}}) == "preferred_locales.1;");
}

TEST_CASE("every kind names activities that exist and members that their requests take",
          "[reconciliation]") {
  const auto operations = activities::stripe::all_operations();
  for (const Kind& kind : kinds()) {
    INFO(kind.name);
    for (const auto name : {kind.creates, kind.updates, kind.deletes}) {
      if (name.empty()) continue;
      const auto found = std::ranges::find_if(
          operations, [&](const auto& each) { return each.spec.name == name; });
      REQUIRE(found != operations.end());
      if (name != kind.creates) continue;
      CHECK(found->path == kind.path);
      CHECK(found->platform_only == kind.platform_only);
      const Json& members = found->spec.input_schema.at("properties");
      for (const Field& field : kind.fields) {
        INFO(field.name);
        // default_price is a product's alone after its creation.
        CHECK((members.contains(field.name) || field.name == "default_price"));
      }
    }
  }
}

TEST_CASE("every activity that leaves marks is compared, or known to stand in no list",
          "[reconciliation]") {
  for (const auto& operation : activities::stripe::all_operations()) {
    INFO(operation.spec.name);
    if (operation.creates())
      CHECK((made_by(operation.spec.name) != nullptr || is_unlisted(operation.spec.name)));
  }
}
