#pragma once
// The activities of AWS against its stand-in, on a port and with a clock of their own.
#include "activities/aws/aws.hpp"
#include "sandbox/aws/aws.hpp"
#include "tests/activities/support.hpp"

namespace sequent::tests {

/// In whole seconds.
[[nodiscard]] Timestamp real_now();

/// What the stand-in leaves hanging or resets is not answered at all; a long poll is answered at once.
struct AwsProvider {
  Timestamp now = real_now();  // libcurl signs with the machine's clock
  DurationMs skew_ms = 0;      // of the stand-in against it
  DurationMs advanced_ms = 0;
  bool doubted = false;  // a call has failed with an unknown outcome
  sandbox::aws::AwsStandIn stand_in{{}, now};
  Bench bench;
  runtime::ActivityRegistry registry;
  activities::AwsConfig config;
  std::function<void()> when_answered;  // after each answer of the stand-in, if set

  explicit AwsProvider(activities::AwsConfig with = static_keys());
  static activities::AwsConfig static_keys();

  std::optional<net::ServerResponse> answer(const net::ServerRequest& request);
  /// An administration call that must succeed.
  Json admin(const std::string& path, const Json& body);
  Json state();
  /// What the stand-in and attempts take for now: at the start noon in the middle of a month, as
  /// months close.
  [[nodiscard]] Timestamp time() const { return now + advanced_ms; }
  void advance(DurationMs by_ms);
  /// How often a target was called.
  std::int64_t calls(const std::string& target);

  /// A later one is unsettled where the engine would have it so.
  [[nodiscard]] runtime::Attempt attempt(std::uint32_t number = 1) const;
  runtime::ActivityResult call(const std::string& name, const Json& input,
                               std::uint32_t number = 1);
  /// A call that must succeed, or must fail.
  Json done(const std::string& name, const Json& input);
  runtime::Failure failed(const std::string& name, const Json& input);
};

inline constexpr DurationMs hour_ms = 3'600'000;

inline constexpr const char* resolve = "aws.marketplace.resolveCustomer";
inline constexpr const char* meter = "aws.marketplace.batchMeterUsage";
inline constexpr const char* entitlements = "aws.marketplace.getEntitlements";
inline constexpr const char* receive = "aws.sqs.receive";
inline constexpr const char* remove_message = "aws.sqs.delete";

}  // namespace sequent::tests
