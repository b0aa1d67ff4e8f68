// Every request that a Stripe activity sends is held against Stripe's published description: as it
// goes over the wire, in the newest version and in one before 2025-03-31.
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <sstream>

#include "activities/stripe/form.hpp"
#include "tests/activities/stripe_contract.hpp"
#include "tests/activities/stripe_samples.hpp"
#include "tests/activities/stripe_support.hpp"
#include "tests/support/shared_folder.hpp"

using namespace sequent;
using namespace sequent::tests;

namespace {

std::string path_member(const std::string& path) {
  const auto open = path.find('{');
  return open == std::string::npos ? "" : path.substr(open + 1, path.find('}') - open - 1);
}

/// The published descriptions that we have end with v1.
bool is_described(const activities::stripe::Operation& operation) {
  return operation.path.starts_with("/v1/");
}

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const auto& line : lines) all += line + "\n";
  return all;
}

/// Answers each write with an object, each list with nothing in it, and keeps the requests.
net::ServerResponse willing(const net::ServerRequest& request) {
  const bool list = request.method == "GET" && request.query.find("limit=") != std::string::npos;
  if (list) return stripe_list(Json::array());
  return json_response(200, {{"id", "x_1"}, {"object", "x"}});
}

net::ServerRequest request_to(const std::string& path, const std::string& form) {
  net::ServerRequest request;
  request.method = "POST";
  request.path = path;
  request.body = form;
  request.headers.set("Authorization", "Bearer sk_test_local");
  request.headers.set("Stripe-Version", "2026-07-29.dahlia");
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  return request;
}

}  // namespace

TEST_CASE("forms are encoded as the official encoder does", "[activities][stripe][contract]") {
  const auto file = test::shared_contract("stripe-form-encoding-vectors.json");
  if (!file) return;
  const auto sorted = [](const std::string& form) {
    std::vector<std::string> pairs;
    std::stringstream stream(form);
    for (std::string pair; std::getline(stream, pair, '&');) pairs.push_back(pair);
    std::sort(pairs.begin(), pairs.end());
    return pairs;
  };
  REQUIRE_FALSE(file->at("vectors").empty());
  for (const Json& vector : file->at("vectors")) {
    CAPTURE(vector.at("name").get<std::string>());
    CHECK(sorted(activities::stripe::encode_form(vector.at("params"))) ==
          sorted(vector.at("encoded").get<std::string>()));
  }
}

TEST_CASE("an input schema lets no parameter through that Stripe does not describe",
          "[activities][stripe][contract]") {
  const auto api = test::shared_contract("stripe-openapi-subset.json");
  if (!api) return;
  const StripeContract contract(*api);
  for (const auto& operation : activities::stripe::all_operations()) {
    CAPTURE(operation.spec.name);
    if (!is_described(operation)) continue;
    const Json known = contract.parameters(operation.method, operation.path);
    REQUIRE(known.is_object());
    for (const auto& member : operation.spec.input_schema.at("properties").items()) {
      const std::string& name = member.key();
      CAPTURE(name);
      if (name == "account" && !operation.platform_only) continue;  // the header
      if (name == path_member(operation.path)) continue;
      CHECK(known.contains(name));
    }
    if (operation.creates()) CHECK(known.contains("metadata"));
  }
}

TEST_CASE("every request is one that Stripe describes", "[activities][stripe][contract]") {
  const std::string version = GENERATE(as<std::string>(), "2026-07-29.dahlia", "2023-08-16");
  const auto api =
      test::shared_contract(version == "2023-08-16" ? "stripe-openapi-2023-08-16-subset.json"
                                                    : "stripe-openapi-subset.json");
  if (!api) return;
  const StripeContract contract(*api);
  activities::StripeConfig config;
  config.api_version = version;
  StripeBench stripe(willing, config);
  const bool newest = version != "2023-08-16";
  std::set<std::string> sampled;
  std::size_t checked = 0;
  for (const Sample& sample : stripe_samples()) {
    sampled.insert(sample.activity);
    if (sample.newest_only && !newest) continue;
    CAPTURE(version, sample.activity, dump_json(sample.input));
    for (const bool looking : {false, true}) {
      const std::size_t before = stripe.bench.requests().size();
      if (looking)
        stripe.look(sample.activity, sample.input);
      else
        CHECK(stripe.call(sample.activity, sample.input).has_value());
      const std::size_t after = stripe.bench.requests().size();
      CHECK((looking || after > before));
      for (std::size_t i = before; i < after; ++i) {
        const auto& request = stripe.request(i);
        CAPTURE(request.method, request.path, request.query, request.body);
        CHECK(joined(contract.violations(request)) == "");
        ++checked;
      }
    }
  }
  CHECK(checked >= (newest ? 70U : 55U));
  for (const auto& operation : activities::stripe::all_operations()) {
    CAPTURE(operation.spec.name);
    CHECK(sampled.contains(operation.spec.name) == is_described(operation));
  }
}

TEST_CASE("the judge of requests refuses what Stripe would refuse",
          "[activities][stripe][contract]") {
  const auto api = test::shared_contract("stripe-openapi-subset.json");
  if (!api) return;
  const StripeContract contract(*api);
  const auto wrong = [&](const std::string& path, const std::string& form) {
    return joined(contract.violations(request_to(path, form)));
  };
  CHECK(wrong("/v1/prices", "currency=eur&unit_amount=5&product=prod_1") == "");
  CHECK(wrong("/v1/prices", "unit_amount=5") == "currency is missing\n");
  CHECK(wrong("/v1/prices", "currency=eur&amount=5") == "amount is unknown\n");
  CHECK(wrong("/v1/prices", "currency=eur&unit_amount=five") ==
        "unit_amount is no integer: five\n");
  CHECK(wrong("/v1/prices", "currency=eur&active=1") == "active is no boolean: 1\n");
  CHECK(
      wrong("/v1/prices", "currency=eur&recurring[interval]=decade").find("recurring[interval]") ==
      0);
  CHECK(
      wrong("/v1/prices", "currency=eur&recurring[count]=2").find("recurring[count] is unknown") !=
      std::string::npos);
  CHECK(wrong("/v1/subscriptions", "items=price_1") == "items is no list\n");
  CHECK(wrong("/v1/subscriptions", "items[0][amount]=1") == "items[0][amount] is unknown\n");
  CHECK(wrong("/v1/unicorns", "") == "no such call: POST /v1/unicorns\n");
}
