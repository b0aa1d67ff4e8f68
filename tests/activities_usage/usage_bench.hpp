#pragma once
// Activities of Flexprice and Langfuse against their stand-ins, over HTTP, with a clock that tests
// move. Every request is held against the provider's published description.
#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "activities/flexprice/resources.hpp"
#include "activities/langfuse/resources.hpp"
#include "openapi.hpp"
#include "sandbox/flexprice/flexprice.hpp"
#include "sandbox/langfuse/langfuse.hpp"
#include "tests/activities/support.hpp"

namespace sequent::tests {

struct UsageBench {
  Bench bench;
  runtime::ActivityRegistry registry;
  Timestamp now = noon;

  /// Runs an activity.
  runtime::ActivityResult call(const std::string& name, const Json& input,
                               runtime::Attempt attempt = first_attempt()) {
    auto* activity = registry.activity(name);
    INFO(name);
    REQUIRE(activity != nullptr);
    return bench.await(activity->run(std::move(attempt), input));
  }
  /// Runs one that must succeed.
  Json must(const std::string& name, const Json& input,
            runtime::Attempt attempt = first_attempt()) {
    const auto result = call(name, input, std::move(attempt));
    INFO(name << ": " << (result ? std::string() : result.error().problem.detail));
    REQUIRE(result.has_value());
    return *result;
  }
  runtime::Reconciliation look(const std::string& name, const Json& input,
                               runtime::Attempt attempt = first_attempt()) {
    return bench.await(registry.activity(name)->reconcile(std::move(attempt), input));
  }
  /// Puts a stand-in on a port; gives its base URL.
  std::string serve(std::shared_ptr<sandbox::StandIn> provider) {
    stand_in = std::move(provider);
    return bench.serve([this](const net::ServerRequest& request) {
      const auto reply = stand_in->handle(request, now);
      return reply.delivery == sandbox::Delivery::answer
                 ? std::optional<net::ServerResponse>(reply.response)
                 : std::nullopt;
    });
  }
  /// An administration call that must succeed.
  Json admin(const std::string& method, const std::string& path, const Json& body = Json()) {
    net::ServerRequest request;
    request.method = method;
    request.path = "/_sandbox/" + path;
    if (!body.is_null()) request.body = dump_json(body);
    const auto reply = stand_in->handle(request, now);
    INFO(reply.response.body);
    REQUIRE(reply.response.status < 300);
    return parse_json(reply.response.body).value();
  }
  /// How often a route was called.
  std::int64_t calls(const std::string& method, const std::string& route) {
    const Json log = admin("GET", "calls");
    for (const Json& call : log.at("calls"))
      if (call.at("method") == method && call.at("route") == route) return call.at("count");
    return 0;
  }
  std::size_t exist(const std::string& kind) {
    return admin("GET", "state").at(kind).at("count").get<std::size_t>();
  }
  void no_duplicates() { CHECK(admin("GET", "calls").at("duplicateEffects") == Json::array()); }
  /// Every request so far is as described.
  void check_requests(const std::optional<OpenApi>& api) {
    if (!api) return;
    for (const auto& request : bench.requests()) {
      CAPTURE(request.method, request.path, request.query, request.body);
      CHECK(api->violations(request) == std::vector<std::string>{});
    }
  }

  std::shared_ptr<sandbox::StandIn> stand_in;
};

struct FlexpriceBench : UsageBench {
  explicit FlexpriceBench(sandbox::flexprice::FlexpriceOptions options = {}) {
    activities::FlexpriceConfig config;
    config.timeout_ms = 2'000;
    config.api_key = [key = options.api_key] { return key; };
    config.base_url =
        serve(std::make_shared<sandbox::flexprice::FlexpriceStandIn>(options)) + "/v1";
    activities::flexprice::register_flexprice(registry, config, bench.client);
  }
  ~FlexpriceBench() { check_requests(api); }
  std::optional<OpenApi> api = OpenApi::load("flexprice-openapi-subset.json", "/v1");

  std::string customer(const std::string& external_id = "cus_1") {
    return text_of(
        must("flexprice.customers.create", {{"external_id", external_id}, {"name", "Jean"}}), "id");
  }
  /// A plan with a monthly price in euros.
  std::string plan(const std::string& key) {
    const auto id =
        text_of(must("flexprice.plans.create", {{"lookup_key", key}, {"name", key}}), "id");
    admin("POST", "prices",
          {{"entity_id", id}, {"currency", "eur"}, {"billing_period", "MONTHLY"}});
    return id;
  }
  std::string addon(const std::string& key) {
    const auto id =
        text_of(must("flexprice.addons.create", {{"lookup_key", key}, {"name", key}}), "id");
    admin("POST", "prices",
          {{"entity_id", id}, {"currency", "eur"}, {"billing_period", "MONTHLY"}});
    return id;
  }
  static Json wanted(const std::string& customer, const std::string& plan,
                     const std::string& key = "sub_1") {
    return {{"customer_id", customer},
            {"plan_id", plan},
            {"currency", "EUR"},
            {"lookup_key", key},
            {"billing_period", "MONTHLY"}};
  }
};

struct LangfuseBench : UsageBench {
  explicit LangfuseBench(Answer answer = {}) {
    const sandbox::langfuse::LangfuseOptions options;
    activities::LangfuseConfig config;
    config.timeout_ms = 2'000;
    config.public_key = [key = options.public_key] { return key; };
    config.secret_key = [key = options.secret_key] { return key; };
    config.base_url = answer ? bench.serve(std::move(answer))
                             : serve(std::make_shared<sandbox::langfuse::LangfuseStandIn>(options));
    activities::langfuse::register_langfuse(registry, config, bench.client);
  }
  ~LangfuseBench() { check_requests(api); }
  std::optional<OpenApi> api = OpenApi::load("langfuse-openapi-subset.json", "");

  Json sent(std::size_t index) {
    return parse_json(bench.requests().at(index).body).value().at("batch");
  }
};

/// An event of a batch.
inline Json event(const std::string& id, const std::string& type = "trace-create") {
  Json body{{"id", "trace-" + id}, {"name", "chat"}};
  if (type == "sdk-log") body = {{"log", "hello"}};
  return {{"id", id}, {"timestamp", "2026-11-21T12:00:00.000Z"}, {"type", type}, {"body", body}};
}

/// A batch of one span.
inline Json span(const std::string& trace = std::string(32, 'a')) {
  const Json one{{"traceId", trace},
                 {"spanId", std::string(16, 'b')},
                 {"name", "chat"},
                 {"startTimeUnixNano", "1795262400000000000"},
                 {"endTimeUnixNano", "1795262401000000000"},
                 {"attributes",
                  {{{"key", "langfuse.user.id"}, {"value", {{"stringValue", "u1"}}}},
                   {{"key", "tokens"}, {"value", {{"intValue", 7}}}}}}};
  return {
      {"resourceSpans",
       {{{"resource", {{"attributes", Json::array()}}}, {"scopeSpans", {{{"spans", {one}}}}}}}}};
}

/// A later attempt of a task whose earlier one may have had its effect.
inline runtime::Attempt unsettled_attempt() {
  auto attempt = first_attempt();
  attempt.number = 2;
  attempt.unsettled = true;
  return attempt;
}
inline runtime::Attempt impatient_attempt() {
  auto attempt = first_attempt();
  attempt.timeout_ms = 300;
  return attempt;
}
inline runtime::Attempt other_task() {
  auto attempt = first_attempt();
  attempt.task = "/do/1/other";
  attempt.idempotency_key = "key-2";
  return attempt;
}

}  // namespace sequent::tests
