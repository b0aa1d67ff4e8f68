// CloudEvents in.
#include "api/cloud_events.hpp"
#include "api/delivery.hpp"
#include "api/resources.hpp"

namespace sequent::api {

Json delivery_json(const runtime::Delivered& delivered) {
  return {{"id", delivered.id},
          {"duplicate", delivered.duplicate},
          {"held", delivered.held},
          {"runs", delivered.runs},
          {"started", delivered.started}};
}

// 202 once every event is durable. A batch that breaks off may be sent again: source and id tell
// which events are here already.
asio::awaitable<Answer> receive_events(Context& context, const Call& call) {
  const auto& config = context.config;
  auto in = read_events(call.request, config.max_batch_events, config.max_json_depth);
  if (!in) co_return problem(context, in.error());
  Json items = Json::array();
  for (Json& event : in->events) {
    auto delivering = context.ports.engine.deliver(std::move(event), "api");
    const auto delivered = co_await std::move(delivering);
    if (!delivered) co_return problem(context, delivered.error());
    items.push_back(delivery_json(*delivered));
  }
  const Json body = in->batch ? page_json(std::move(items), "") : items.at(0);
  co_return json_answer(202, body);
}

}  // namespace sequent::api
