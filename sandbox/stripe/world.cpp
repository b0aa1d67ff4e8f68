#include "sandbox/stripe/world.hpp"

#include <array>

#include "base/assert.hpp"
#include "sandbox/stripe/billing.hpp"
#include "sandbox/stripe/checkout.hpp"
#include "sandbox/stripe/usage.hpp"

namespace sequent::sandbox::stripe {

Json* Account::find(const std::string& kind, const std::string& id_) {
  const auto collection = kinds.find(kind);
  if (collection == kinds.end()) return nullptr;
  const auto object = collection->second.by_id.find(id_);
  return object == collection->second.by_id.end() ? nullptr : &object->second;
}

Json* Account::find_any(const std::string& id_) {
  for (auto& entry : kinds) {
    const auto object = entry.second.by_id.find(id_);
    if (object != entry.second.by_id.end()) return &object->second;
  }
  return nullptr;
}

Json& Account::add(Json object) {
  const auto object_id = object.at("id").get<std::string>();
  return add_as(object_id, std::move(object));
}

Json& Account::add_as(const std::string& object_id, Json object) {
  auto& collection = kinds[object.at("object").get<std::string>()];
  SEQUENT_ASSERT(!collection.by_id.contains(object_id));
  collection.order.push_back(object_id);
  return collection.by_id.emplace(object_id, std::move(object)).first->second;
}

void Account::remove(const std::string& kind, const std::string& id_) {
  auto& collection = kinds[kind];
  SEQUENT_ASSERT(collection.by_id.erase(id_) == 1);
  std::erase(collection.order, id_);
}

Account& World::account(const std::string& id) {
  auto& found = accounts[id];
  found.id = id;
  return found;
}

void run_timers(World& world, FaultPlan& faults, Timestamp now) {
  // Each timer is taken out before it runs; what it starts (a later timer) may be due as well.
  while (!world.timers.empty() && world.timers.begin()->at <= now) {
    const Timer timer = *world.timers.begin();
    world.timers.erase(world.timers.begin());
    Scene scene{world, world.account(timer.account), faults, timer.at, Cause{}};
    switch (timer.kind) {
      case Timer::Kind::session_expires:
        expire_session_if_open(scene, timer.id);
        break;
      case Timer::Kind::payment_settles:
        settle_payment(scene, timer.id, true);
        break;
      case Timer::Kind::payment_fails:
        settle_payment(scene, timer.id, false);
        break;
      case Timer::Kind::subscription_due:
        advance_subscription(scene, timer.id);
        break;
      case Timer::Kind::invoice_due:
        advance_invoice(scene, timer.id);
        break;
      case Timer::Kind::usage_checked:
        report_usage_errors(scene, timer.id);
        break;
    }
  }
}

}  // namespace sequent::sandbox::stripe
