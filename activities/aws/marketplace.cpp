// Who bought, and what they may use.
#include <algorithm>

#include "activities/aws/aws.hpp"
#include "activities/input.hpp"
#include "activities/outcomes.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::aws {

namespace {

constexpr int max_pages = 40;
constexpr int page_size = 25;  // AWS gives no more

runtime::ActivitySpec resolve_spec(const AwsConfig& config) {
  runtime::ActivitySpec spec;
  spec.name = "aws.marketplace.resolveCustomer";
  spec.version = "1";
  spec.provider = "aws";
  spec.summary = "Redeems the registration token that a buyer brings from AWS Marketplace.";
  spec.input_schema = literal(R"json({
    "type": "object",
    "required": ["RegistrationToken"],
    "additionalProperties": false,
    "properties": {"RegistrationToken": {"type": "string", "minLength": 1}}
  })json");
  spec.output_schema = literal(R"json({
    "type": "object",
    "required": ["ProductCode", "CustomerAWSAccountId"],
    "properties": {
      "ProductCode": {"type": "string"},
      "CustomerAWSAccountId": {"type": "string"},
      "CustomerIdentifier": {"type": "string"},
      "LicenseArn": {"type": "string"}
    }
  })json");
  spec.idempotent = true;
  // A token must not lie in a queue for long: six tries take about a minute.
  spec.retry.max_attempts = 6;
  spec.retry.max_ms = 20'000;
  spec.timeout_ms = config.timeout_ms;
  return compiled(std::move(spec));
}

runtime::ActivitySpec entitlements_spec(const AwsConfig& config) {
  runtime::ActivitySpec spec;
  spec.name = "aws.marketplace.getEntitlements";
  spec.version = "1";
  spec.provider = "aws";
  spec.summary = "Reads what buyers of a contract product are entitled to.";
  spec.input_schema = literal(R"json({
    "type": "object",
    "required": ["ProductCode"],
    "additionalProperties": false,
    "properties": {
      "ProductCode": {"type": "string", "minLength": 1, "maxLength": 255},
      "Filter": {
        "type": "object",
        "additionalProperties": false,
        "not": {"required": ["CUSTOMER_IDENTIFIER", "CUSTOMER_AWS_ACCOUNT_ID"]},
        "properties": {
          "CUSTOMER_IDENTIFIER": {"$ref": "#/$defs/values"},
          "CUSTOMER_AWS_ACCOUNT_ID": {"$ref": "#/$defs/values"},
          "DIMENSION": {"$ref": "#/$defs/values"},
          "LICENSE_ARN": {"$ref": "#/$defs/values"}
        }
      }
    },
    "$defs": {"values": {"type": "array", "minItems": 1, "items": {"type": "string"}}}
  })json");
  spec.output_schema = literal(R"json({
    "type": "object",
    "required": ["Entitlements"],
    "properties": {"Entitlements": {"type": "array", "items": {
      "type": "object",
      "properties": {
        "ProductCode": {"type": "string"},
        "Dimension": {"type": "string"},
        "CustomerIdentifier": {"type": "string"},
        "CustomerAWSAccountId": {"type": "string"},
        "LicenseArn": {"type": "string"},
        "Value": {"type": "object", "description": "one of IntegerValue, DoubleValue, BooleanValue, StringValue"},
        "ExpirationDate": {"type": "number", "description": "seconds since 1970"}
      }
    }}}
  })json");
  spec.idempotent = true;
  spec.timeout_ms = 2 * config.timeout_ms;  // several pages
  return compiled(std::move(spec));
}

Failure too_many_pages() {
  Failure failure;
  failure.outcome = Outcome::permanent;
  failure.problem = provider_problem(
      "aws", ErrorKind::communication, 413, "Too many entitlements",
      "AWS has more than " + std::to_string(max_pages) +
          " pages of entitlements for this request: ask for one customer with a Filter");
  return failure;
}

}  // namespace

ResolveCustomer::ResolveCustomer(std::shared_ptr<Client> client)
    : AwsActivity(resolve_spec(client->config()), client) {}

boost::asio::awaitable<runtime::ActivityResult> ResolveCustomer::run(runtime::Attempt attempt,
                                                                     Json input) {
  if (auto refused = refused_input(spec(), input)) co_return std::unexpected(std::move(*refused));
  Call call;
  call.service = Service::metering;
  call.operation = "ResolveCustomer";
  call.body = std::move(input);
  call.timeout_ms = attempt.timeout_ms;
  call.now = attempt.now;
  call.request_id = attempt.request_id;
  auto answer = co_await client_->send(std::move(call));
  co_return answer;
}

GetEntitlements::GetEntitlements(std::shared_ptr<Client> client)
    : AwsActivity(entitlements_spec(client->config()), client) {}

boost::asio::awaitable<runtime::ActivityResult> GetEntitlements::run(runtime::Attempt attempt,
                                                                     Json input) {
  if (auto refused = refused_input(spec(), input)) co_return std::unexpected(std::move(*refused));
  Json all = Json::array();
  input["MaxResults"] = page_size;
  for (int page = 0; page < max_pages; ++page) {
    Call call;
    call.service = Service::entitlement;
    call.operation = "GetEntitlements";
    call.body = input;
    call.timeout_ms = std::min(attempt.timeout_ms, client_->config().timeout_ms);
    call.now = attempt.now;
    call.request_id = attempt.request_id;
    const auto answer = co_await client_->send(std::move(call));
    if (!answer) co_return std::unexpected(answer.error());
    const auto found = answer->find("Entitlements");
    if (found != answer->end() && found->is_array())
      all.insert(all.end(), found->begin(), found->end());
    const std::string next = text_of(*answer, "NextToken");
    if (next.empty()) {
      Json output = Json::object();
      output["Entitlements"] = std::move(all);
      co_return output;
    }
    input["NextToken"] = next;  // an empty page may have one too
  }
  co_return std::unexpected(too_many_pages());
}

}  // namespace sequent::activities::aws
