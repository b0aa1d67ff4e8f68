#include "activities/langfuse/resources.hpp"

namespace sequent::activities::langfuse {

void register_langfuse(runtime::ActivityRegistry& registry, const LangfuseConfig& config,
                       net::HttpClient& http) {
  const auto client = std::make_shared<Client>(config, http);
  registry.add(std::make_unique<IngestionSend>(client));
  for (auto resource : {otel, traces, observations}) {
    for (Operation& operation : resource()) {
      operation.spec.timeout_ms = config.timeout_ms;
      registry.add(std::make_unique<LangfuseActivity>(std::move(operation), client));
    }
  }
}

}  // namespace sequent::activities::langfuse
