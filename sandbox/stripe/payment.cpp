// The customer's side of a checkout session, as the administration plays it.
#include "base/assert.hpp"
#include "sandbox/stripe/billing.hpp"
#include "sandbox/stripe/checkout.hpp"
#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {
namespace {

Json& session_of(Scene& scene, const std::string& id) {
  Json* session = scene.account.find("checkout.session", id);
  SEQUENT_ASSERT(session != nullptr);
  return *session;
}

Json* named_object(Scene& scene, const Json& holder, const char* member, const std::string& kind) {
  const auto id = text_of(holder, member);
  return id.empty() ? nullptr : scene.account.find(kind, id);
}

// Subscriptions and invoices belong to somebody: who came without a customer gets one now.
void ensure_customer(Scene& scene, Json& session) {
  if (session.at("customer").is_string()) return;
  const bool invoices = session.at("invoice_creation").is_object() &&
                        session.at("invoice_creation").at("enabled").get<bool>();
  const bool needed = session.at("mode") == "subscription" || invoices ||
                      session.at("customer_creation") == "always";
  if (!needed) return;
  const auto email = text_of(session, "customer_email", "guest@example.com");
  session["customer"] = add_customer(scene, {{"email", email}}).at("id");
}

void note_customer_details(Scene& scene, Json& session) {
  if (session.at("customer_details").is_object()) return;
  const Json* customer = named_object(scene, session, "customer", "customer");
  session["customer_details"] = {
      {"address", nullptr},
      {"business_name", nullptr},
      {"email", customer != nullptr ? customer->at("email") : Json("guest@example.com")},
      {"individual_name", nullptr},
      {"name", nullptr},
      {"phone", nullptr},
      {"tax_exempt", "none"},
      {"tax_ids", nullptr}};
}

bool wants_invoice(const Json& session) {
  return session.at("mode") == "subscription" ||
         (session.at("invoice_creation").is_object() &&
          session.at("invoice_creation").at("enabled").get<bool>());
}

// The invoice of a one-off payment is made after the money came, that of a subscription before.
void bill(Scene& scene, Json& session, Json* intent, bool money_came) {
  if (!wants_invoice(session)) return;
  Json* invoice = named_object(scene, session, "invoice", "invoice");
  Json* subscription = named_object(scene, session, "subscription", "subscription");
  if (invoice == nullptr) {
    if (!money_came && subscription == nullptr) return;
    invoice = &draft_invoice(scene, session, subscription);
    finalize_invoice(scene, *invoice);
    session["invoice"] = invoice->at("id");
    if (subscription != nullptr) (*subscription)["latest_invoice"] = invoice->at("id");
  }
  if (money_came) pay_invoice(scene, *invoice, intent);
}

void complete(Scene& scene, Json& session, const std::string& payment_status) {
  session["status"] = "complete";
  session["payment_status"] = payment_status;
  session["url"] = nullptr;
  note_customer_details(scene, session);
  scene.world.timers.erase({.at = session.at("expires_at").get<std::int64_t>() * 1000,
                            .kind = Timer::Kind::session_expires,
                            .account = scene.account.id,
                            .id = text_of(session, "id")});
}

void pay_now(Scene& scene, Json& session) {
  ensure_customer(scene, session);
  const bool due = session.at("amount_total").is_number() && session.at("amount_total") > 0;
  Json* intent = due ? &intent_of_session(scene, session) : nullptr;
  if (intent != nullptr) charge_intent(scene, *intent, true);
  if (session.at("mode") == "subscription")
    session["subscription"] = start_subscription(scene, session, "active").at("id");
  if (session.at("mode") == "setup") session["setup_intent"] = set_up(scene, session).at("id");
  complete(scene, session, due ? "paid" : "no_payment_required");
  bill(scene, session, intent, true);
  emit(scene, "checkout.session.completed", session);
}

void pay_later(Scene& scene, Json& session, bool success, DurationMs after_ms) {
  ensure_customer(scene, session);
  Json& intent = intent_of_session(scene, session);
  intent["status"] = "processing";
  emit(scene, "payment_intent.processing", intent);
  if (session.at("mode") == "subscription")
    session["subscription"] = start_subscription(scene, session, "incomplete").at("id");
  complete(scene, session, "unpaid");
  bill(scene, session, &intent, false);
  emit(scene, "checkout.session.completed", session);
  scene.world.timers.insert(
      {.at = scene.now + after_ms,
       .kind = success ? Timer::Kind::payment_settles : Timer::Kind::payment_fails,
       .account = scene.account.id,
       .id = text_of(session, "id")});
}

void conclude_subscription(Scene& scene, Json& session, const std::string& status) {
  Json* subscription = named_object(scene, session, "subscription", "subscription");
  if (subscription == nullptr) return;
  const Json previous{{"status", subscription->at("status")}};
  (*subscription)["status"] = status;
  emit(scene, "customer.subscription.updated", *subscription, previous);
  await_subscription(scene, *subscription);
}

}  // namespace

Answer<Json> pay_session(Scene& scene, const std::string& id, Payment payment,
                         DurationMs bank_answers_after_ms) {
  Json* session = scene.account.find("checkout.session", id);
  if (session == nullptr) return no_such("checkout.session", id);
  if (text_of(*session, "status") != "open")
    return std::unexpected(ApiError{
        .status = 409,
        .message = "expected an open session, but " + id + " is " + text_of(*session, "status")});
  const bool due = session->at("amount_total").is_number() && session->at("amount_total") > 0;
  if (payment != Payment::paid && !due)
    return std::unexpected(
        ApiError{.message = "session " + id + " has nothing to pay: only the outcome paid fits"});
  switch (payment) {
    case Payment::paid:
      pay_now(scene, *session);
      break;
    case Payment::async_success:
      pay_later(scene, *session, true, bank_answers_after_ms);
      break;
    case Payment::async_failure:
      pay_later(scene, *session, false, bank_answers_after_ms);
      break;
    case Payment::declined:
      charge_intent(scene, intent_of_session(scene, *session), false);
      break;
  }
  return *session;
}

void expire_session_if_open(Scene& scene, const std::string& id) {
  Json& session = session_of(scene, id);
  if (text_of(session, "status") != "open") return;
  session["status"] = "expired";
  session["url"] = nullptr;
  session["client_secret"] = nullptr;
  emit(scene, "checkout.session.expired", session);
}

void settle_payment(Scene& scene, const std::string& id, bool success) {
  Json& session = session_of(scene, id);
  Json& intent = intent_of_session(scene, session);
  charge_intent(scene, intent, success);
  if (success) {
    session["payment_status"] = "paid";
    bill(scene, session, &intent, true);
    conclude_subscription(scene, session, "active");
    emit(scene, "checkout.session.async_payment_succeeded", session);
    return;
  }
  if (Json* invoice = named_object(scene, session, "invoice", "invoice")) {
    (*invoice)["attempted"] = true;
    (*invoice)["attempt_count"] = invoice->at("attempt_count").get<int>() + 1;
    emit(scene, "invoice.payment_failed", *invoice);
  }
  conclude_subscription(scene, session, "incomplete_expired");
  emit(scene, "checkout.session.async_payment_failed", session);
}

}  // namespace sequent::sandbox::stripe
