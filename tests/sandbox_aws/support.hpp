#pragma once
// Drives the AWS stand-in in-process, with requests signed as a client signs them.
#include "sandbox/aws/aws.hpp"
#include "tests/sandbox/support.hpp"

namespace sequent::sandbox {

inline constexpr const char* metering = "AWSMPMeteringService.";
inline constexpr const char* entitlement = "AWSMPEntitlementService.";
inline constexpr const char* sqs = "AmazonSQS.";

/// What a request is signed with; a test changes one thing and expects a refusal.
struct Signing {
  std::string key = "AKIASANDBOX";
  std::string secret = "sandbox-secret-access-key";
  std::string token;
  std::string region = "us-east-1";
  std::string service;  // empty: the target's own
  DurationMs skew_ms = 0;
};

struct AwsTest {
  aws::AwsStandIn stand_in;
  Caller caller;

  explicit AwsTest(aws::AwsOptions options = {})
      : stand_in(std::move(options), test_start), caller{stand_in, test_start, {}} {}

  [[nodiscard]] HeaderMap headers(const std::string& target, const std::string& body,
                                  const Signing& signing) const;
  Answered call(const std::string& target, const Json& body, const Signing& signing = {});
  /// A call that must succeed.
  Json done(const std::string& target, const Json& body);
  /// The code of a call that must be refused, without namespace and suffix.
  std::string refused(const std::string& target, const Json& body, const Signing& signing = {});

  /// A buyer with a token; subscribed unless told otherwise.
  Json buyer(const Json& more = {{"subscribed", true}}) { return caller.admin("tokens", more); }
};

[[nodiscard]] std::string code_of(const Answered& answered);

inline const std::string queue_url = "http://127.0.0.1:1/000000000000/marketplace-notifications";

}  // namespace sequent::sandbox
