#include "api/standing.hpp"

#include "api/run_json.hpp"

namespace sequent::api {

asio::awaitable<void> add_standing(Context& context, InstanceId id, Json& told) {
  auto reading = context.ports.engine.read(id);
  const auto run = co_await std::move(reading);
  if (!run || machine::is_ended(run->view.status)) co_return;
  told["status"] = machine::name_of(run->view.status);
  told["waitingFor"] = waiting_json(run->view.waiting_for);
}

}  // namespace sequent::api
