#pragma once
// All stand-ins of one sandbox, each on its own port: what `sequent sandbox` starts.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "sandbox/auth/auth.hpp"
#include "sandbox/aws/aws.hpp"
#include "sandbox/flexprice/flexprice.hpp"
#include "sandbox/langfuse/langfuse.hpp"
#include "sandbox/stand_in_server.hpp"
#include "sandbox/stripe/stripe.hpp"

namespace sequent::sandbox {

struct SandboxOptions {
  std::string host = "127.0.0.1";
  std::uint16_t stripe_port = 0;  // 0: any free port
  std::uint16_t auth_port = 0;
  std::uint16_t aws_port = 0;
  std::uint16_t flexprice_port = 0;
  std::uint16_t langfuse_port = 0;
  std::string
      webhook_url;  // where Stripe's events go, usually <serve>/webhooks/stripe; empty: nowhere
  std::string webhook_secret = "whsec_sandbox";
  std::string stripe_api_key = "sk_test_sandbox";
  std::uint64_t seed = 1;
  aws::AwsOptions aws;
  stripe::WebhookRetry webhook_retry;
  bool price_everything = false;  // flexprice: plans need no price to be subscribed to
  std::map<std::int64_t, std::string> linked_users;  // auth: user id -> its id_stripe at the start
};

/// threads  safe from any thread of the executor's context; the stand-ins serialise themselves
class Sandbox {
 public:
  /// Listens and serves from then on. `clock` gives the time; administration may advance it.
  /// errors  unavailable: a port is in use; the others are closed again
  [[nodiscard]] static Result<Sandbox> start(boost::asio::any_io_executor executor,
                                             std::function<Timestamp()> clock,
                                             SandboxOptions options);

  [[nodiscard]] std::uint16_t stripe_port() const { return stripe_server_->port(); }
  [[nodiscard]] std::uint16_t auth_port() const { return auth_server_->port(); }
  [[nodiscard]] std::uint16_t aws_port() const { return aws_server_->port(); }
  [[nodiscard]] std::string stripe_url() const;
  [[nodiscard]] std::string auth_url() const;
  [[nodiscard]] std::string aws_url() const;
  [[nodiscard]] std::string flexprice_url() const;  // without the API's /v1
  [[nodiscard]] std::string langfuse_url() const;

  /// YAML that `sequent serve --config` reads: every provider under `providers`.
  [[nodiscard]] std::string configuration() const;

  boost::asio::awaitable<void> stop();

 private:
  SandboxOptions options_;
  std::unique_ptr<StandInServer> stripe_server_;
  std::unique_ptr<StandInServer> auth_server_;
  std::unique_ptr<StandInServer> aws_server_;
  std::unique_ptr<StandInServer> flexprice_server_;
  std::unique_ptr<StandInServer> langfuse_server_;
};

}  // namespace sequent::sandbox
