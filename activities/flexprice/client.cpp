#include "activities/flexprice/client.hpp"

#include "activities/flexprice/outcome.hpp"
#include "activities/json_api.hpp"

namespace sequent::activities::flexprice {

namespace {

constexpr std::size_t max_response_bytes = 2 << 20;  // the engine's payload limit

net::ClientRequest request_of(const Call& call, const FlexpriceConfig& config,
                              const std::string& key) {
  net::ClientRequest request;
  request.method = call.method;
  request.url = config.base_url + call.path + query_of(call.query);
  request.timeout_ms = static_cast<long>(call.timeout_ms > 0 ? call.timeout_ms : config.timeout_ms);
  request.max_response_bytes = max_response_bytes;
  request.headers.set("x-api-key", key);
  request.headers.set("Accept", "application/json");
  if (!config.environment_id.empty())
    request.headers.set("X-Environment-ID", config.environment_id);
  if (!call.body.is_null()) {
    request.headers.set("Content-Type", "application/json");
    request.body = dump_json(call.body);
  }
  return request;
}

}  // namespace

boost::asio::awaitable<std::expected<Json, Failure>> Client::send(Call call) {
  const auto key = config_.api_key ? config_.api_key() : std::optional<std::string>{};
  if (!key || key->empty())
    co_return std::unexpected(not_configured("flexprice",
                                             "no Flexprice API key is configured on this node: set "
                                             "providers.flexprice.apiKey, then retry"));
  net::ClientRequest request = request_of(call, config_, *key);
  const net::ClientResult result = co_await http_.send(std::move(request));
  const Asked asked{call.method, call.path, call.repeat, call.now};
  co_return outcome_of(asked, result);
}

}  // namespace sequent::activities::flexprice
