#pragma once
// Checkout sessions after their creation: the customer pays, the time runs out, the bank answers.
#include "sandbox/stripe/errors.hpp"
#include "sandbox/stripe/world.hpp"

namespace sequent::sandbox::stripe {

enum class Payment : std::uint8_t {
  paid,           // complete and paid at once
  async_success,  // complete but unpaid, paid when the bank answers
  async_failure,  // complete but unpaid, and the bank says no
  declined,       // the card is refused, the session stays open
};

/// What the customer does on the payment page.
/// effect  payment intent, charge, invoice, subscription and their events as Stripe makes them
/// errors  the session is not open
Answer<Json> pay_session(Scene& scene, const std::string& session, Payment payment,
                         DurationMs bank_answers_after_ms);

/// Expires an open session and tells of it; does nothing to any other.
void expire_session_if_open(Scene& scene, const std::string& session);

/// The bank's answer to a payment that was left unpaid.
void settle_payment(Scene& scene, const std::string& session, bool success);

}  // namespace sequent::sandbox::stripe
