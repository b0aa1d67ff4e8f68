// What operators ask of providers.
#include "engine/runtime/engine_impl.hpp"

namespace sequent::runtime {
namespace {

namespace asio = boost::asio;

std::unexpected<Error> no_health() {
  return fail(ErrorCode::unavailable, "This store keeps no health of providers.");
}

}  // namespace

asio::awaitable<Result<std::vector<ProviderView>>> Engine::providers() {
  std::function<Result<std::vector<ProviderView>>()> job =
      [node = impl_->node]() -> Result<std::vector<ProviderView>> {
    if (!node->outages) return std::vector<ProviderView>{};
    return node->outages->views();
  };
  return on_reads<std::vector<ProviderView>>(impl_->node, std::move(job));
}

std::optional<ProviderView> Engine::provider(const definition::CircuitId& circuit) const {
  const auto& outages = impl_->node->outages;
  return outages ? outages->view(circuit) : std::nullopt;
}

asio::awaitable<Result<ProviderView>> Engine::change_provider(definition::CircuitId circuit,
                                                              Outages::Change change) {
  std::function<Result<ProviderView>()> job = [node = impl_->node, circuit = std::move(circuit),
                                               change =
                                                   std::move(change)]() -> Result<ProviderView> {
    if (!node->outages) return no_health();
    return node->outages->change(circuit, change);
  };
  return on_reads<ProviderView>(impl_->node, std::move(job));
}

}  // namespace sequent::runtime
