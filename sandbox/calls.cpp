#include "sandbox/calls.hpp"

namespace sequent::sandbox {

void CallLog::saw(const CallSeen& call) {
  ++total_;
  const auto count_in = [&](Counter& counter) {
    ++counter.count;
    if (!call.answered) ++counter.unanswered;
    if (call.replayed) ++counter.replayed;
    ++counter.statuses[std::to_string(call.status)];
    ++counter.routes[call.method + " " + call.route];
  };
  count_in(by_route_[{call.route, call.method}]);
  if (!call.idempotency_key.empty()) count_in(by_key_[{call.idempotency_key, call.account}]);
}

void CallLog::made(const std::string& fingerprint, const std::string& kind, const std::string& id,
                   const std::string& idempotency_key) {
  ++by_kind_[kind];
  by_fingerprint_[fingerprint].push_back({kind, id, idempotency_key});
  if (!idempotency_key.empty()) effects_by_key_[idempotency_key].push_back(id);
}

Json CallLog::to_json() const {
  Json calls = Json::array();
  for (const auto& [name, counter] : by_route_)
    calls.push_back({{"method", name.second},
                     {"route", name.first},
                     {"count", counter.count},
                     {"unanswered", counter.unanswered},
                     {"statuses", counter.statuses}});
  Json keys = Json::array();
  for (const auto& [name, counter] : by_key_) {
    const auto effects = effects_by_key_.find(name.first);
    keys.push_back(
        {{"key", name.first},
         {"account", name.second},
         {"count", counter.count},
         {"replayed", counter.replayed},
         {"unanswered", counter.unanswered},
         {"statuses", counter.statuses},
         {"routes", counter.routes},
         {"effects", effects == effects_by_key_.end() ? Json::array() : Json(effects->second)}});
  }
  Json duplicates = Json::array();
  for (const auto& [fingerprint, effects] : by_fingerprint_) {
    if (effects.size() < 2) continue;
    Json objects = Json::array();
    for (const auto& effect : effects)
      objects.push_back({{"id", effect.id}, {"idempotencyKey", effect.idempotency_key}});
    duplicates.push_back({{"kind", effects.front().kind}, {"objects", objects}});
  }
  return {{"total", total_},
          {"calls", calls},
          {"idempotencyKeys", keys},
          {"effects", by_kind_},
          {"duplicateEffects", duplicates}};
}

}  // namespace sequent::sandbox
