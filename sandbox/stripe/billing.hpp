#pragma once
// What a payment leaves behind: payment intents, charges, invoices, subscriptions.
#include "sandbox/stripe/world.hpp"

namespace sequent::sandbox::stripe {

/// The intent of a session's payment, made at its first attempt. status requires_payment_method.
Json& intent_of_session(Scene& scene, Json& session);
/// A charge of the whole intent; a success makes it the intent's latest charge and succeeds it.
Json& charge_intent(Scene& scene, Json& intent, bool success);

/// A draft with the session's lines. The subscription, where there is one, gives the period.
Json& draft_invoice(Scene& scene, const Json& session, const Json* subscription);
/// draft -> open: gets its number and links. Emits invoice.finalized.
void finalize_invoice(Scene& scene, Json& invoice);
/// open -> paid. Emits invoice.paid, invoice.payment_succeeded and invoice_payment.paid.
void pay_invoice(Scene& scene, Json& invoice, const Json* intent);

/// status  active, or incomplete while the first payment is open
Json& start_subscription(Scene& scene, const Json& session, const std::string& status);

/// The succeeded setup intent of a session in mode setup.
Json& set_up(Scene& scene, const Json& session);

}  // namespace sequent::sandbox::stripe
