#pragma once
// The AWS stand-in: Marketplace metering and entitlements, SQS, and the endpoint at which a
// container finds its temporary credentials. All on one port; X-Amz-Target tells them apart.
#include <map>
#include <string>

#include "sandbox/aws/marketplace.hpp"
#include "sandbox/aws/queues.hpp"
#include "sandbox/controls.hpp"
#include "sandbox/stand_in.hpp"

namespace sequent::sandbox::aws {

inline constexpr std::string_view queue_account = "000000000000";
inline constexpr std::string_view notification_queue = "marketplace-notifications";

struct AwsOptions {
  std::uint64_t seed = 1;
  std::string region = "us-east-1";
  std::string access_key_id = "AKIASANDBOX";
  std::string secret_access_key = "sandbox-secret-access-key";
  std::string container_token = "sandbox-container-token";  // Authorization of GET /credentials
};

/// POST / with X-Amz-Target and SigV4, as in PROVIDERS.md 3:
///   AWSMPMeteringService.ResolveCustomer, .BatchMeterUsage   AWSMPEntitlementService.GetEntitlements
///   AmazonSQS.SendMessage, .ReceiveMessage, .DeleteMessage, .ChangeMessageVisibility
/// GET /credentials   temporary credentials, as a container finds them
/// Administration under /_sandbox/; faults name a call by its target, "path": "*BatchMeterUsage":
///   GET  state, calls; GET|POST|DELETE faults; POST clock, reset
///   POST products       {code, dimensions}
///   POST tokens         {customerIdentifier?, productCode?, concurrent?, subscribed?, ttlSeconds?,
///                       singleUse?}
///   POST notifications  {action, customerIdentifier, offerIdentifier?, freeTrial?, raw?, copies?,
///                       queue?}: comes true, and into the queue as the topic would send it
///   POST messages       {body, queue?}        POST queues {name, visibilitySeconds?, maxReceives?}
///   POST entitlements   {customerIdentifier, dimension?, value, expiresInSeconds?}
///   POST unprocessed    {records}: so many usage records come back unprocessed
///   POST credentials    {ttlSeconds?}: all temporary ones end now; how long the next ones last
class AwsStandIn final : public StandIn {
 public:
  AwsStandIn(AwsOptions options, Timestamp now);

  [[nodiscard]] Reply handle(const net::ServerRequest& request, Timestamp now) override;
  [[nodiscard]] std::optional<Reply> resume(std::uint64_t ticket, Timestamp now) override;
  [[nodiscard]] std::vector<WebhookSend> webhooks_due(Timestamp) override { return {}; }
  void webhook_answered(std::uint64_t, int, Timestamp) override {}
  [[nodiscard]] std::optional<Timestamp> next_due() const override { return std::nullopt; }
  /// When the first notification can be received, by the stand-in's clock: for who polls only then.
  [[nodiscard]] std::optional<Timestamp> next_notification() const {
    return queues_.next_visible(std::string(notification_queue));
  }

 private:
  struct Call;  // one request on its way
  struct Temporary {
    std::string secret_access_key;
    std::string token;
    Timestamp expires_at = 0;
  };
  struct Waiting {
    Receive receive;
    CallFaults faults;
  };

  void start_afresh(Timestamp now);
  [[nodiscard]] Reply handle_call(const net::ServerRequest& request, Timestamp real_now);
  [[nodiscard]] Reply serve(Call& call);
  [[nodiscard]] Answer<void> check_signature(const Call& call) const;
  [[nodiscard]] Answer<std::string> secret_of(const Call& call, const std::string& key) const;
  [[nodiscard]] Answer<Json> run(Call& call, const Json& body);
  [[nodiscard]] Answer<Json> receive(Call& call, const Json& body);
  [[nodiscard]] Reply refused(const Call& call, const AwsError& error);
  [[nodiscard]] Reply hand_out_credentials(const net::ServerRequest& request, Timestamp now);

  [[nodiscard]] Reply handle_admin(const net::ServerRequest& request, Timestamp now);
  [[nodiscard]] Result<Json> admin_post(const std::string& what, const Json& body, Timestamp now);
  [[nodiscard]] Result<Json> admin_notify(const Json& body, Timestamp now);
  [[nodiscard]] Result<Json> admin_message(const Json& body, Timestamp now);
  [[nodiscard]] Result<Json> admin_queue(const Json& body);
  [[nodiscard]] Result<Json> admin_credentials(const Json& body);

  AwsOptions options_;
  Controls controls_;
  Marketplace marketplace_;
  Queues queues_;
  Random random_;
  std::map<std::string, Temporary> temporary_;  // by access key id
  DurationMs temporary_ttl_ms_ = 3'600'000;
  std::map<std::uint64_t, Waiting> waiting_;  // long polls
  std::uint64_t last_ticket_ = 0;
  std::uint64_t refusals_ = 0;
};

}  // namespace sequent::sandbox::aws
