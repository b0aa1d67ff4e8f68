// The lists that are read are those of Stripe's published description, and the stand-in takes and
// refuses their parameters as Stripe does.
#include "reconciliation/kinds.hpp"
#include "tests/sandbox/support.hpp"
#include "tests/support/shared_folder.hpp"

using namespace sequent;

TEST_CASE("Stripe publishes every list that is read, with the parameters that are sent",
          "[reconciliation]") {
  const auto description = test::shared_contract("stripe-openapi-subset.json");
  if (!description) return;
  for (const auto& kind : reconciliation::kinds()) {
    INFO(kind.path);
    const Json& parameters =
        description->at("paths").at(std::string(kind.path)).at("get").at("parameters");
    std::set<std::string> names;
    for (const Json& parameter : parameters) names.insert(text_of(parameter, "name"));
    for (const char* sent : {"limit", "starting_after", "created"}) CHECK(names.contains(sent));
    if (kind.name == "subscription") CHECK(names.contains("status"));
  }
}

TEST_CASE("the stand-in's lists take a page and a time, and refuse what Stripe refuses",
          "[reconciliation]") {
  sandbox::StripeTest world;
  for (const auto& kind : reconciliation::kinds()) {
    const std::string path(kind.path);
    INFO(path);
    const auto status = [&](const std::string& query) {
      return world.stripe.get(path + "?" + query).status;
    };
    const auto page = world.stripe.get(path + "?limit=100&created[gte]=1&created[lte]=2");
    REQUIRE(page.status == 200);
    CHECK(page.body.at("object") == "list");
    CHECK(page.body.at("url") == path);
    CHECK(page.body.at("has_more") == false);
    CHECK(page.body.at("data").empty());
    CHECK(status("limit=0") == 400);
    CHECK(status("limit=101") == 400);
    CHECK(status("limit=ten") == 400);
    CHECK(status("created[since]=1") == 400);
    CHECK(status("created[gte]=yesterday") == 400);
    CHECK(status("starting_after=none_1") == 400);
    CHECK(status("metadata[sequent_run]=x") == 400);
  }
}
