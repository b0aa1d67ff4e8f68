#pragma once
// What a payment leaves behind: payment intents, charges, invoices, subscriptions, and how each
// leads to the next.
#include <functional>
#include <optional>

#include "sandbox/stripe/errors.hpp"
#include "sandbox/stripe/world.hpp"

namespace sequent::sandbox::stripe {

// ---- billing.cpp: intents and charges

/// The intent of a session's payment, made at its first attempt. status requires_payment_method.
Json& intent_of_session(Scene& scene, Json& session);
/// The intent of an open invoice, made along with its open payment on the first call.
Json& intent_of_invoice(Scene& scene, Json& invoice);
/// A charge of the whole intent; a success makes it the intent's latest charge and succeeds it.
/// method  the payment method; empty: one that nobody has named
Json& charge_intent(Scene& scene, Json& intent, bool success, const std::string& method = "");
/// The succeeded setup intent of a session in mode setup.
Json& set_up(Scene& scene, const Json& session);

/// What the bank says to a payment method. Stripe's own test names decide: one with Declined or
/// Fail in it is refused, authenticationRequired asks the customer, any other pays. The
/// administration can make a customer's card fail whatever it is called.
enum class CardAnswer : std::uint8_t { approved, declined, needs_action, no_card };

/// The method that an invoice or subscription would be paid with: its own, its subscription's, its
/// customer's; empty when there is none.
[[nodiscard]] std::string payment_method_of(Account& account, const Json& holder);
[[nodiscard]] CardAnswer ask_card(Account& account, const Json& holder, const std::string& method);
/// Stripe has no method of another name.
[[nodiscard]] Answer<void> check_payment_method(const Json& params, const std::string& name);
/// 402, as for a card that the bank refused.
[[nodiscard]] std::unexpected<ApiError> card_refused(CardAnswer answer);

// ---- invoicing.cpp: an invoice's life

inline constexpr std::int64_t draft_seconds = 3'600;  // then a draft is finalized by itself

struct LineOrder {
  const Json& price;
  Json quantity;  // null where the price is metered
  std::int64_t amount = 0;
  Json description;
  std::int64_t start = 0;
  std::int64_t end = 0;
  Json subscription;  // ids, null where there is none
  Json item;
  bool proration = false;
};
[[nodiscard]] Json invoice_line(Scene& scene, const LineOrder& order);

struct InvoiceOrder {
  std::string customer;
  std::string currency;
  std::string reason;
  Json lines = Json::array();
  const Json* subscription = nullptr;
  bool auto_advance = false;                         // finalized by itself an hour later
  std::function<void(Json& invoice)> settings = {};  // the last touch before it is told
};
/// Emits invoice.created.
Json& draft_invoice(Scene& scene, InvoiceOrder order);
/// A draft with the session's lines. The subscription, where there is one, gives the items.
Json& draft_invoice(Scene& scene, const Json& session, const Json* subscription);
/// draft -> open: gets its number and links. Emits invoice.finalized.
void finalize_invoice(Scene& scene, Json& invoice);
/// open -> paid. Emits invoice.paid, invoice.payment_succeeded and invoice_payment.paid.
/// intent  null: nothing was due, or it was paid outside of Stripe
void pay_invoice(Scene& scene, Json& invoice, const Json* intent);

/// Finalizes with the customer's balance taken into account; what is then nothing is paid.
void open_invoice(Scene& scene, Json& invoice);
/// One attempt to take the money of an open invoice, and what follows for its subscription.
CardAnswer collect_invoice(Scene& scene, Json& invoice, std::optional<CardAnswer> forced = {},
                           const std::string& method = "");
/// open_invoice(), then collect_invoice() where there is something to charge automatically.
void close_draft(Scene& scene, Json& invoice, std::optional<CardAnswer> forced = {});
/// open or uncollectible -> void, open -> uncollectible; the payment is given up.
void give_up_invoice(Scene& scene, Json& invoice, const std::string& status);
/// What is due on it by now: finalization of a draft, another attempt.
void advance_invoice(Scene& scene, const std::string& id);
void await_invoice(Scene& scene, const Json& invoice);

// ---- items.cpp: what a subscription is made of

/// Months and years count as 30 and 365 days: nothing here depends on the calendar.
[[nodiscard]] std::int64_t period_seconds(const Json& recurring);
/// In minor units; 0 where the price is metered, since nothing is used here.
[[nodiscard]] std::int64_t amount_of(const Json& price, const Json& quantity);
/// The item that `params` (of items[n] or of a subscription item) describe: a new one, or `former`
/// changed. Its subscription and period are for the caller to set.
/// errors  no price, an inactive or one-time one, a quantity of a metered one
[[nodiscard]] Answer<Json> make_item(Scene& scene, const Json& params, const std::string& within,
                                     const Json* former);
[[nodiscard]] Json new_item(Scene& scene, const Json& price, const Json& quantity);
void set_item_price(Json& item, const Json& price);
void set_item_period(Json& item, std::int64_t start, std::int64_t end);
/// One currency, one item for each price, and one interval where the version wants that.
[[nodiscard]] Answer<void> check_items(const Scene& scene, const Json& items, bool flexible);
/// The line for a whole period of an item.
[[nodiscard]] Json line_of_item(Scene& scene, const Json& subscription, const Json& item);
[[nodiscard]] std::int64_t total_of_lines(const Json& lines);
/// Credits for what the former items have not used by `at`, debits for what is left of the new.
[[nodiscard]] Json proration_lines(Scene& scene, const Json& subscription, const Json& former,
                                   const Json& items, std::int64_t at);

// ---- changes.cpp: what may be set on a subscription, and what a change sets off

/// Connect, dates, collection and payment method, as far as the parameters alone tell.
[[nodiscard]] Answer<void> check_settings(const Scene& scene, const Json& params);
/// Writes the settings among `params` over the subscription: all but its items, trial and end.
void apply_settings(Json& subscription, const Json& params);
/// cancel_at_period_end, cancel_at and the reasons given.
void apply_planned_end(const Scene& scene, Json& subscription, const Json& params);
/// Applies `params` of an update as a whole or not at all: events, prorations and, where the change
/// is billed at once, its invoice included.
/// single  they come from a call on one item, and errors name its own parameters
Answer<void> change_subscription(Scene& scene, Json& subscription, const Json& params,
                                 bool single = false);

// ---- lifecycle.cpp: a subscription's states

/// With every member at its default; nothing is stored or told.
[[nodiscard]] Json new_subscription(Scene& scene, const std::string& customer,
                                    const std::string& currency);
/// Of a completed session. status  active, or incomplete while the first payment is open
Json& start_subscription(Scene& scene, const Json& session, const std::string& status);
/// Emits customer.subscription.updated with what differs from `before`, if anything does.
void tell_subscription(Scene& scene, const Json& before, const Json& subscription);
/// The next period begins; its invoice is drafted. Stands where the caller's clock stands, so that
/// the administration can bring a renewal forward.
Json& renew_subscription(Scene& scene, Json& subscription);
/// Ends it now and tells of it.
void end_subscription(Scene& scene, Json& subscription,
                      const std::string& reason = "cancellation_requested");
/// The invoice of a subscription was paid, or could not be: incomplete and past_due become active,
/// active becomes past_due, and the last attempt leads to unpaid.
void note_invoice_paid(Scene& scene, const Json& invoice);
void note_invoice_failed(Scene& scene, const Json& invoice, bool last_attempt);
void note_invoice_given_up(Scene& scene, const Json& invoice);
/// What is due on it by now: expiry, trial end, renewal, planned end.
void advance_subscription(Scene& scene, const std::string& id);
void await_subscription(Scene& scene, const Json& subscription);
[[nodiscard]] bool has_ended(const Json& subscription);
[[nodiscard]] Json* subscription_of(Account& account, const Json& invoice);

}  // namespace sequent::sandbox::stripe
