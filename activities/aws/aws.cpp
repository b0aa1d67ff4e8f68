#include "activities/aws/aws.hpp"

namespace sequent::activities::aws {

void register_aws(runtime::ActivityRegistry& registry, const AwsConfig& config,
                  net::HttpClient& http) {
  const auto client = std::make_shared<Client>(config, http);
  registry.add(std::make_unique<ResolveCustomer>(client));
  registry.add(std::make_unique<BatchMeterUsage>(client));
  registry.add(std::make_unique<GetEntitlements>(client));
  registry.add(std::make_unique<SqsReceive>(client));
  registry.add(std::make_unique<SqsDelete>(client));
}

}  // namespace sequent::activities::aws
