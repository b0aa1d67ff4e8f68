#include "persistence/postgres/settling.hpp"

#include <utility>

namespace sequent::persistence::postgres {
namespace {

constexpr std::string_view settle = R"sql(
  UPDATE event SET settled = 1 WHERE settled = 0 AND event_id IN (
    SELECT event_id FROM event WHERE event_id = ANY(?1) ORDER BY event_id FOR UPDATE)
)sql";
constexpr std::string_view forget_sets = R"sql(
  DELETE FROM collected_event WHERE set_id = ANY(?1)
)sql";

}  // namespace

void Unsettled::add(std::int64_t event_id) {
  const std::lock_guard lock{mutex_};
  ids_.push_back(event_id);
}

std::vector<std::int64_t> Unsettled::take() {
  const std::lock_guard lock{mutex_};
  return std::exchange(ids_, {});
}

void Unsettled::give_back(const std::vector<std::int64_t>& ids) {
  if (ids.empty()) return;
  const std::lock_guard lock{mutex_};
  ids_.insert(ids_.end(), ids.begin(), ids.end());
}

void Settling::queue(Connection& connection) const {
  if (ids_.empty()) return;
  Integers events;
  for (const std::int64_t id : ids_) events.add(id);
  connection.queue(settle, events);
  connection.queue(forget_sets, events);
}

}  // namespace sequent::persistence::postgres
