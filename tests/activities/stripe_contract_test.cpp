// Every request that a Stripe activity can send is held against Stripe's published description:
// path, method, and each parameter that an input schema lets through.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "activities/stripe/form.hpp"
#include "activities/stripe/operation.hpp"
#include "tests/activities/stripe_support.hpp"

using namespace sequent;
using namespace sequent::tests;

namespace {

/// A file of the folder that SEQUENT_SHARED names, or of `../shared`; null where there is none.
Json shared_json(const std::string& name) {
  const char* named = std::getenv("SEQUENT_SHARED");
  const std::filesystem::path folder =
      named != nullptr ? std::filesystem::path(named)
                       : std::filesystem::path(SEQUENT_SOURCE_DIR) / ".." / "shared";
  std::ifstream file(folder / "contracts" / name);
  if (!file) {
    WARN("skipped: " << name << " is not there; set SEQUENT_SHARED to the folder of contracts");
    return {};
  }
  std::stringstream text;
  text << file.rdbuf();
  auto parsed = parse_json(text.str());
  REQUIRE(parsed.has_value());
  return std::move(*parsed);
}

// "/v1/invoices/{id}" and "/v1/invoices/{invoice}" are one path.
std::string anonymous(std::string path) {
  for (auto open = path.find('{'); open != std::string::npos; open = path.find('{', open + 1))
    path.replace(open, path.find('}', open) - open + 1, "{}");
  return path;
}

const Json* described(const Json& api, const activities::stripe::Operation& operation) {
  std::string method = operation.method;
  for (char& letter : method) letter = static_cast<char>(std::tolower(letter));
  for (const auto& [path, methods] : api.at("paths").items())
    if (anonymous(path) == anonymous(operation.path) && methods.contains(method))
      return &methods.at(method);
  return nullptr;
}

/// Parameter name -> schema, of body or query.
Json known_parameters(const Json& api, const Json& described) {
  Json known = Json::object();
  for (const Json& parameter : described.at("parameters"))
    if (parameter.at("in") == "query")
      known[parameter.at("name").get<std::string>()] = parameter.at("schema");
  if (!described.contains("requestBody")) return known;
  const Json& schema = described.at("requestBody")
                           .at("content")
                           .at("application/x-www-form-urlencoded")
                           .at("schema");
  const std::string reference = schema.value("$ref", "");
  const Json& body = reference.empty() ? schema : api.at(Json::json_pointer(reference.substr(1)));
  if (body.contains("properties")) known.update(body.at("properties"));
  return known;
}

std::vector<activities::stripe::Operation> all_operations() {
  namespace stripe = activities::stripe;
  std::vector<stripe::Operation> all;
  for (auto resource :
       {stripe::customers, stripe::checkout_sessions, stripe::invoices, stripe::events,
        stripe::refunds, stripe::prices, stripe::products, stripe::payment_intents})
    for (auto& operation : resource()) all.push_back(std::move(operation));
  return all;
}

std::string path_member(const std::string& path) {
  const auto open = path.find('{');
  return open == std::string::npos ? "" : path.substr(open + 1, path.find('}') - open - 1);
}

}  // namespace

TEST_CASE("forms are encoded as the official encoder does", "[activities][stripe][contract]") {
  const Json file = shared_json("stripe-form-encoding-vectors.json");
  if (file.is_null()) return;
  const auto sorted = [](const std::string& form) {
    std::vector<std::string> pairs;
    std::stringstream stream(form);
    for (std::string pair; std::getline(stream, pair, '&');) pairs.push_back(pair);
    std::sort(pairs.begin(), pairs.end());
    return pairs;
  };
  REQUIRE_FALSE(file.at("vectors").empty());
  for (const Json& vector : file.at("vectors")) {
    CAPTURE(vector.at("name").get<std::string>());
    CHECK(sorted(activities::stripe::encode_form(vector.at("params"))) ==
          sorted(vector.at("encoded").get<std::string>()));
  }
}

TEST_CASE("every Stripe activity asks for what Stripe describes",
          "[activities][stripe][contract]") {
  const Json api = shared_json("stripe-openapi-subset.json");
  if (api.is_null()) return;
  schema::Schema::Documents documents;
  for (const auto& operation : all_operations()) {
    CAPTURE(operation.spec.name);
    const Json* call = described(api, operation);
    REQUIRE(call != nullptr);
    const Json known = known_parameters(api, *call);
    for (const auto& [name, schema] : operation.spec.input_schema.at("properties").items()) {
      CAPTURE(name);
      if (name == "account" || name == path_member(operation.path)) continue;
      CHECK(known.contains(name));
    }
    if (operation.creates()) CHECK(known.contains("metadata"));
  }
}

TEST_CASE("parameters have the types that Stripe describes", "[activities][stripe][contract]") {
  const Json api = shared_json("stripe-openapi-subset.json");
  if (api.is_null()) return;
  const std::map<std::string, Json> samples = {
      {"stripe.customers.create",
       {{"email", "jean@example.com"},
        {"name", "Jean"},
        {"phone", "+33 6"},
        {"description", "42"},
        {"address", {{"city", "Lyon"}, {"country", "FR"}}},
        {"preferred_locales", {"fr"}},
        {"tax_exempt", "none"},
        {"metadata", {{"user_id", "42"}}}}},
      {"stripe.customers.list", {{"limit", 3}, {"email", "a@b.c"}, {"created", {{"gte", 1}}}}},
      {"stripe.checkout.sessions.create",
       {{"mode", "subscription"},
        {"ui_mode", "embedded_page"},
        {"customer", "cus_1"},
        {"return_url", "https://shop.example/return"},
        {"client_reference_id", "42"},
        {"expires_at", 1'795'270'000},
        {"line_items", {{{"price", "price_1"}, {"quantity", 1}}}},
        {"subscription_data", {{"metadata", {{"order", "1"}}}}}}},
      {"stripe.checkout.sessions.list", {{"customer", "cus_1"}, {"status", "open"}}},
      {"stripe.refunds.create",
       {{"payment_intent", "pi_1"}, {"amount", 100}, {"reason", "duplicate"}}},
      {"stripe.events.list", {{"types", {"invoice.paid"}}, {"delivery_success", false}}},
      {"stripe.invoices.list", {{"customer", "cus_1"}, {"status", "paid"}}},
  };
  int checked = 0;
  for (const auto& operation : all_operations()) {
    const auto sample = samples.find(operation.spec.name);
    if (sample == samples.end()) continue;
    CHECK(operation.spec.input->validate(sample->second).empty());
    const Json known = known_parameters(api, *described(api, operation));
    for (const auto& [name, value] : sample->second.items()) {
      CAPTURE(operation.spec.name, name);
      REQUIRE(known.contains(name));
      // References point into the description, so that it is compiled around the parameter.
      Json around = known.at(name);
      around["components"] = api.at("components");
      const auto compiled = schema::Schema::compile(around);
      REQUIRE(compiled.has_value());
      CHECK(compiled->validate(value).empty());
      ++checked;
    }
  }
  CHECK(checked > 25);
}
