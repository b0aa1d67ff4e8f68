#include "tests/activities/stripe_support.hpp"

#include <catch2/catch.hpp>

namespace sequent::tests {

StripeBench::StripeBench(Answer answer, activities::StripeConfig config) {
  config.base_url = bench.serve(std::move(answer));
  if (!config.api_key) config.api_key = [] { return "sk_test_local"; };
  activities::stripe::register_stripe(registry, config, bench.client);
}

runtime::Activity& StripeBench::activity(const std::string& name) {
  auto* found = registry.activity(name);
  REQUIRE(found != nullptr);
  return *found;
}

runtime::ActivityResult StripeBench::call(const std::string& name, const Json& input,
                                          const runtime::Attempt& attempt) {
  auto& found = activity(name);
  const auto violations = found.spec().input->validate(input);
  INFO((violations.empty() ? std::string() : violations.front().message));
  REQUIRE(violations.empty());
  return bench.await(found.run(attempt, input));
}

runtime::Reconciliation StripeBench::look(const std::string& name, const Json& input,
                                          const runtime::Attempt& attempt) {
  return bench.await(activity(name).reconcile(attempt, input));
}

runtime::Attempt next_day() {
  auto attempt = first_attempt();
  attempt.number = 2;
  attempt.now += 24 * 3'600'000LL;
  attempt.unsettled = true;
  return attempt;
}

Json decoded(const std::string& form) {
  Json values = Json::object();
  for (const auto& [name, value] : net::parse_query(form)) values[name] = value;
  return values;
}

net::ServerResponse stripe_error(int status, const Json& error) {
  auto response = json_response(status, {{"error", error}});
  response.headers.set("Request-Id", "req_1");
  return response;
}

net::ServerResponse stripe_list(const Json& data, bool has_more) {
  return json_response(
      200, {{"object", "list"}, {"data", data}, {"has_more", has_more}, {"url", "/v1/x"}});
}

}  // namespace sequent::tests
