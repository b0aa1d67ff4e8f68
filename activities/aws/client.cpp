#include "activities/aws/client.hpp"

#include <algorithm>

#include "activities/aws/outcome.hpp"
#include "activities/outcomes.hpp"
#include "engine/runtime/activity.hpp"

namespace sequent::activities::aws {

namespace {

constexpr std::size_t max_response_bytes = 8 << 20;  // ten messages of 256 KiB and their escapes

struct Facts {
  std::string_view target;
  std::string_view content_type;
  std::string_view signing_name;
  std::string_view host;  // before ".<region>.amazonaws.com"
};

Facts facts_of(Service service) {
  switch (service) {
    case Service::metering:
      return {"AWSMPMeteringService.", "application/x-amz-json-1.1", "aws-marketplace",
              "metering.marketplace"};
    case Service::entitlement:
      return {"AWSMPEntitlementService.", "application/x-amz-json-1.1", "aws-marketplace",
              "entitlement.marketplace"};
    case Service::sqs:
      return {"AmazonSQS.", "application/x-amz-json-1.0", "sqs", "sqs"};
  }
  return {};
}

// A queue may live in another region than the rest; its URL says which.
std::string region_of(const Call& call, const AwsConfig& config) {
  constexpr std::string_view start = "https://sqs.";
  const std::string url = text_of(call.body, "QueueUrl");
  if (call.service != Service::sqs || !config.base_url.empty() || !url.starts_with(start))
    return config.region;
  const auto rest = url.substr(start.size());
  const auto dot = rest.find(".amazonaws.com");
  const auto region = rest.substr(0, dot);
  const bool plain = !region.empty() && region.size() <= 32 &&
                     std::all_of(region.begin(), region.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                     });
  return dot != std::string::npos && plain ? region : config.region;
}

std::string endpoint_of(const Call& call, const AwsConfig& config, const std::string& region) {
  if (!config.base_url.empty()) return config.base_url + "/";
  return "https://" + std::string(facts_of(call.service).host) + "." + region + ".amazonaws.com" +
         (region.starts_with("cn-") ? ".cn/" : "/");
}

// "sqs.us-east-1.amazonaws.com" of the URL. Named by us, so that what is signed is what is sent,
// port included.
std::string host_of(const std::string& url) {
  const auto from = url.find("://") + 3;
  return url.substr(from, url.find('/', from) - from);
}

}  // namespace

net::ClientRequest Client::request_of(const Call& call, const AwsCredentials& credentials) const {
  const Facts facts = facts_of(call.service);
  const std::string region = region_of(call, config_);
  net::ClientRequest request;
  request.method = "POST";
  request.url = endpoint_of(call, config_, region);
  request.timeout_ms =
      static_cast<long>(call.timeout_ms > 0 ? call.timeout_ms : config_.timeout_ms);
  request.max_response_bytes = max_response_bytes;
  request.headers.set("Host", host_of(request.url));
  request.headers.set("Content-Type", std::string(facts.content_type));
  request.headers.set("X-Amz-Target", std::string(facts.target) + call.operation);
  if (!credentials.session_token.empty())
    request.headers.set("X-Amz-Security-Token", credentials.session_token);
  request.basic_auth = {credentials.access_key_id, credentials.secret_access_key};
  request.aws_sigv4 = "aws:amz:" + region + ":" + std::string(facts.signing_name);
  request.body = dump_json(call.body);
  return request;
}

// Refused session credentials were never looked behind, so a second try with new ones is safe.
boost::asio::awaitable<std::expected<Json, Failure>> Client::send(Call call) {
  for (int round = 1;; ++round) {
    const auto found = co_await credentials_.find(call.now, config_.timeout_ms);
    if (!found) co_return std::unexpected(found.error());
    net::ClientRequest request = request_of(call, found->credentials);
    const net::ClientResult result = co_await http_.send(std::move(request));
    if (result)
      runtime::note_request_id(call.request_id, result->headers.value("x-amzn-RequestId"));
    const bool renewable = result && found->cached && expired_credentials(*result);
    if (renewable) credentials_.forget();
    if (!renewable || round == 2)
      co_return outcome_of(call.operation, result, call.now, call.repeat);
  }
}

}  // namespace sequent::activities::aws
