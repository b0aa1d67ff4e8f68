#pragma once
#include <memory>
#include <vector>

#include "activities/aws/client.hpp"
#include "engine/runtime/activity.hpp"

namespace sequent::activities::aws {

/// What all calls have in common: their specifications are idempotent, as repeating is harmless.
/// shape   input and output are AWS's own, under AWS's own names; times are seconds since 1970, and
///         may be RFC 3339 texts in an input
/// errors  see outcome.hpp
class AwsActivity : public runtime::Activity {
 public:
  AwsActivity(runtime::ActivitySpec spec, std::shared_ptr<Client> client)
      : client_(std::move(client)), spec_(std::move(spec)) {}
  [[nodiscard]] const runtime::ActivitySpec& spec() const override { return spec_; }

 protected:
  std::shared_ptr<Client> client_;

 private:
  runtime::ActivitySpec spec_;
};

/// aws.marketplace.resolveCustomer: ResolveCustomer.
/// shape   with {RegistrationToken}; output {ProductCode, CustomerAWSAccountId, CustomerIdentifier?,
///         LicenseArn?}: a concurrent agreement has no CustomerIdentifier
/// errors  InvalidTokenException, ExpiredTokenException, permanent: the buyer must come again from
///         Marketplace. No time of life is published, so tries end within a minute, then it parks.
class ResolveCustomer final : public AwsActivity {
 public:
  explicit ResolveCustomer(std::shared_ptr<Client> client);
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override;
};

/// aws.marketplace.batchMeterUsage: BatchMeterUsage, 25 records at a time.
/// shape   with {ProductCode?, UsageRecords: 0 to 100 of {Timestamp, CustomerIdentifier |
///         CustomerAWSAccountId, LicenseArn?, Dimension, Quantity?, UsageAllocations?}}, at most one
///         record for each buyer, dimension and hour; output {Results: in the order of the records,
///         {UsageRecord, Status, MeteringRecordId?, Message?, MayBeRecorded?}, Accepted, Refused}.
///         Status is Success, CustomerNotSubscribed, DuplicateRecord, or the code of an error that is
///         about one record (TimestampOutOfBoundsException …): AWS refuses the whole batch for it, so
///         the record is found by halving and the others are sent without it.
///         MayBeRecorded: an earlier attempt had no answer, and the hour has closed since
/// errors  transient too: AWS left records unprocessed, three times over. permanent: what is wrong
///         with the whole request (product code, rights)
/// effect  each record once, whatever is repeated: AWS knows it by buyer, dimension and hour
class BatchMeterUsage final : public AwsActivity {
 public:
  explicit BatchMeterUsage(std::shared_ptr<Client> client);
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override;
};

/// aws.marketplace.getEntitlements: GetEntitlements, every page.
/// shape   with {ProductCode, Filter?}; output {Entitlements}; none is no error: not entitled
/// errors  permanent: more than 40 pages, which a filter would make fewer
class GetEntitlements final : public AwsActivity {
 public:
  explicit GetEntitlements(std::shared_ptr<Client> client);
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override;
};

/// aws.sqs.receive: ReceiveMessage.
/// shape   with {QueueUrl?: the configured one, MaxNumberOfMessages?, WaitTimeSeconds?,
///         VisibilityTimeout?}; output {Messages: [{MessageId, ReceiptHandle, Body, …}]}, maybe empty
/// effect  hides the messages for a while; those of a lost answer come back by themselves
class SqsReceive final : public AwsActivity {
 public:
  explicit SqsReceive(std::shared_ptr<Client> client);
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override;
};

/// aws.sqs.delete: DeleteMessage.
/// shape   with {QueueUrl?: the configured one, ReceiptHandle}; output {}
/// effect  the message is gone, unless it was received anew since: then it comes back
class SqsDelete final : public AwsActivity {
 public:
  explicit SqsDelete(std::shared_ptr<Client> client);
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override;
};

void register_aws(runtime::ActivityRegistry& registry, const AwsConfig& config,
                  net::HttpClient& http);

}  // namespace sequent::activities::aws
