#pragma once
// What the composition root configures for the activities: addresses, keys and time limits. Nothing
// here is read from the environment.
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "base/time.hpp"

namespace sequent::activities {

/// Reads a credential when a request is made, so that a rotated one takes effect without a restart.
/// Nothing: it is not configured.
using CredentialSource = std::function<std::optional<std::string>()>;

struct StripeConfig {
  std::string base_url = "https://api.stripe.com";
  CredentialSource api_key;                       // sk_… or rk_…
  std::string api_version = "2026-07-29.dahlia";  // sent as Stripe-Version with every request
  DurationMs timeout_ms = 30'000;                 // of one attempt
  int reconcile_pages = 50;  // pages of 100 objects read at most to prove that there is none
};

/// The in-house authentication service, directly or behind its gateway.
struct AuthConfig {
  std::string base_url;
  CredentialSource service_token;  // bearer token where a call's input has none; may be empty
  DurationMs timeout_ms = 5'000;   // short: the service never answers a request without a token
};

struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // empty: they are no temporary ones
};

/// The queue into which AWS Marketplace's topic delivers.
struct AwsNotifications {
  std::string queue_url;         // empty: none is read
  int visibility_seconds = 300;  // how long a message that we could not keep stays hidden
  int wait_seconds = 20;         // of a long poll
};

struct AwsConfig {
  std::string region = "us-east-1";  // where SaaS products are metered
  std::string base_url;  // of all services at once; empty: each one's own address in the region
  /// Written down, from the environment or a profile; read when a request is made.
  std::function<std::optional<AwsCredentials>()> credentials;
  std::string container_url;         // where else temporary credentials are found; empty: nowhere
  CredentialSource container_token;  // its Authorization; may be empty
  DurationMs timeout_ms = 30'000;    // of one request
  AwsNotifications notifications;
};

struct FlexpriceConfig {
  std::string base_url = "https://us.api.flexprice.io/v1";
  CredentialSource api_key;    // sk_…
  std::string environment_id;  // X-Environment-ID; empty where the key belongs to one environment
  DurationMs timeout_ms = 30'000;
  int reconcile_pages = 20;  // pages of 1,000 subscriptions of one customer read at most
};

struct LangfuseConfig {
  std::string base_url = "https://cloud.langfuse.com";
  CredentialSource public_key;  // pk-lf-…
  CredentialSource secret_key;  // sk-lf-…
  DurationMs timeout_ms = 30'000;
};

struct HttpConfig {
  DurationMs timeout_ms = 30'000;
  std::size_t max_response_bytes = 2 << 20;  // the engine's payload limit
};

struct ProviderConfig {
  HttpConfig http;
  StripeConfig stripe;
  AuthConfig auth;
  AwsConfig aws;
  FlexpriceConfig flexprice;
  LangfuseConfig langfuse;
};

}  // namespace sequent::activities
