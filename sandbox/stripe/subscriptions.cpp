#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {

void end_subscription(Scene& scene, Json& subscription) {
  subscription["status"] = "canceled";
  subscription["canceled_at"] = scene.seconds();
  subscription["ended_at"] = scene.seconds();
  subscription["cancellation_details"]["reason"] = "cancellation_requested";
  emit(scene, "customer.subscription.deleted", subscription);
}

Answer<Json> cancel_subscription(const Call& call) {
  Json* subscription = call.scene.account.find("subscription", call.id);
  if (subscription == nullptr || text_of(*subscription, "status") == "canceled")
    return no_such("subscription", call.id);
  if (call.params.contains("cancellation_details"))
    (*subscription)["cancellation_details"].update(call.params.at("cancellation_details"));
  end_subscription(call.scene, *subscription);
  return *subscription;
}

}  // namespace sequent::sandbox::stripe
