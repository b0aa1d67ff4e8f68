#include "tests/activities_aws/support.hpp"

#include <catch2/catch.hpp>
#include <chrono>

namespace sequent::tests {

Timestamp real_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count() * 1'000;
}

namespace {

Timestamp next_mid_month(Timestamp now) {
  using namespace std::chrono;
  auto day = ceil<days>(sys_time<milliseconds>{milliseconds{now}});
  while (year_month_day{day}.day() != std::chrono::day{15}) day += days{1};
  return duration_cast<milliseconds>((day + hours{12}).time_since_epoch()).count();
}

}  // namespace

activities::AwsConfig AwsProvider::static_keys() {
  activities::AwsConfig config;
  config.credentials = [] {
    return activities::AwsCredentials{"AKIASANDBOX", "sandbox-secret-access-key", ""};
  };
  return config;
}

AwsProvider::AwsProvider(activities::AwsConfig with) : config(std::move(with)) {
  config.base_url =
      bench.serve([this](const net::ServerRequest& request) { return answer(request); });
  config.notifications.queue_url = config.base_url + "/000000000000/marketplace-notifications";
  if (!config.container_url.empty()) config.container_url = config.base_url + config.container_url;
  advance(next_mid_month(now) - now);
  activities::aws::register_aws(registry, config, bench.client);
}

std::optional<net::ServerResponse> AwsProvider::answer(const net::ServerRequest& request) {
  auto reply = stand_in.handle(request, now + skew_ms);
  if (reply.delivery == sandbox::Delivery::later)
    reply = stand_in.resume(reply.ticket, now + skew_ms + 20'000).value();
  if (when_answered) when_answered();
  if (reply.delivery != sandbox::Delivery::answer) return std::nullopt;
  return reply.response;
}

Json AwsProvider::admin(const std::string& path, const Json& body) {
  net::ServerRequest request;
  request.method = "POST";
  request.path = "/_sandbox/" + path;
  request.body = dump_json(body);
  const auto reply = stand_in.handle(request, now);
  INFO(reply.response.body);
  REQUIRE(reply.response.status < 300);
  return parse_json(reply.response.body).value();
}

void AwsProvider::advance(DurationMs by_ms) {
  advanced_ms += by_ms;
  net::ServerRequest request;
  request.method = "POST";
  request.path = "/_sandbox/clock";
  request.body = dump_json({{"advanceMs", by_ms}});
  REQUIRE(stand_in.handle(request, now).response.status == 200);
}

Json AwsProvider::state() {
  net::ServerRequest request;
  request.method = "GET";
  request.path = "/_sandbox/state";
  return parse_json(stand_in.handle(request, now).response.body).value();
}

std::int64_t AwsProvider::calls(const std::string& target) {
  net::ServerRequest request;
  request.method = "GET";
  request.path = "/_sandbox/calls";
  const Json log = parse_json(stand_in.handle(request, now).response.body).value();
  for (const auto& call : log.at("calls"))
    if (text_of(call, "route").ends_with(target)) return call.at("count").get<std::int64_t>();
  return 0;
}

runtime::Attempt AwsProvider::attempt(std::uint32_t number) const {
  auto attempt = first_attempt();
  attempt.now = time();
  attempt.number = number;
  attempt.unsettled = number > 1 && doubted;
  attempt.timeout_ms = 3'000;
  return attempt;
}

runtime::ActivityResult AwsProvider::call(const std::string& name, const Json& input,
                                          std::uint32_t number) {
  auto* activity = registry.activity(name);
  REQUIRE(activity != nullptr);
  auto result = bench.await(activity->run(attempt(number), input));
  if (!result && result.error().outcome == machine::Outcome::unknown) doubted = true;
  return result;
}

Json AwsProvider::done(const std::string& name, const Json& input) {
  const auto result = call(name, input);
  INFO((result ? std::string() : result.error().problem.detail));
  REQUIRE(result.has_value());
  return *result;
}

runtime::Failure AwsProvider::failed(const std::string& name, const Json& input) {
  const auto result = call(name, input);
  REQUIRE_FALSE(result.has_value());
  return result.error();
}

}  // namespace sequent::tests
