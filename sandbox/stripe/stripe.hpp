#pragma once
// The Stripe stand-in: keys, versions, accounts, idempotency and faults around the route table.
#include <string>
#include <vector>

#include "sandbox/controls.hpp"
#include "sandbox/stand_in.hpp"
#include "sandbox/stripe/errors.hpp"
#include "sandbox/stripe/idempotency.hpp"
#include "sandbox/stripe/world.hpp"

namespace sequent::sandbox::stripe {

struct StripeOptions {
  std::uint64_t seed = 1;
  std::string api_key = "sk_test_sandbox";
  std::string api_version = std::string(newest_version);  // where Stripe-Version is absent
  std::string webhook_url;                                // empty: no endpoints at the start
  std::string webhook_secret;                             // of both: the platform's, the accounts'
  WebhookRetry webhook_retry;
};

/// POST /v1/… as in PROVIDERS.md 2; administration under /_sandbox/:
///   GET  state                         what exists, by account and kind; what usage adds up to,
///                                      by account and event name (see usage.hpp)
///   GET  calls, GET|POST|DELETE faults, POST clock     see controls.hpp
///   POST checkout/{session}/pay        {outcome, account?, bankAnswersAfterMs?}
///   POST checkout/{session}/expire     {account?}
///   POST accounts                      {id?, type?, country?, email?}: one that may charge at once
///   POST accounts/{account}/fulfil     its owner hands in all that is required
///   POST accounts/{account}/withdraw   {capability?, requirement?, reason?}
///   POST account-links/open            {url, complete?}: its owner follows the link
///   GET|POST webhook-endpoints         {url, secret | secrets, version?, connect?, events?}
///   GET  webhook-deliveries            each with its attempts' statuses
///   POST dashboard                     {method?, path, params?, account?}: a click of the account's
///                                      owner: the API's own call, without a key or a request
///   POST subscriptions/{id}/renew      {outcome?: paid|declined|no-card}: the period is over
///   POST subscriptions/{id}/give-up    {status?: unpaid|canceled}: the last attempt has failed
///   POST invoices/{id}/pay             {outcome?}: the customer, on the invoice's own page
///   POST portal/{session|customer}/…   the customer in the portal, see portal.hpp:
///   POST portal/{session}/cancel       {subscription?, when?: period-end|now, feedback?, comment?}
///   POST portal/{session}/resume       {subscription?}: no planned end any more
///   POST portal/{session}/change-plan  {subscription?, price, quantity?}
///   POST portal/{session}/change-card  {paymentMethod, subscription?}
///   POST customers/{id}/card           {fails?}: from now on nothing can be taken from it
///   POST products/{id}/reprice         {unitAmount}: another default price, the old one archived
///   POST meters                        {eventName}: an active meter of this name that adds up, the
///                                      one that is there already or another
///   POST events/deliver                {type?, object?, afterMs?}: the oldest such event once more
///   POST reset                         as freshly started, with the same ids to come
class StripeStandIn final : public StandIn {
 public:
  StripeStandIn(StripeOptions options, Timestamp now);

  [[nodiscard]] Reply handle(const net::ServerRequest& request, Timestamp now) override;
  [[nodiscard]] std::vector<WebhookSend> webhooks_due(Timestamp now) override;
  void webhook_answered(std::uint64_t delivery, int status, Timestamp now) override;
  [[nodiscard]] std::optional<Timestamp> next_due() const override;

  /// For tests and the simulation: the objects of an account, as JSON with private members.
  [[nodiscard]] World& world() { return *world_; }

 private:
  struct Request;  // one API call on its way through the steps of handle_api()

  void start_afresh(Timestamp now);
  [[nodiscard]] Reply handle_api(const net::ServerRequest& request, Timestamp now);
  [[nodiscard]] Answer<void> admit(Request& call) const;
  [[nodiscard]] Answer<void> decode(Request& call) const;
  [[nodiscard]] Reply serve(Request& call);
  [[nodiscard]] Reply execute(Request& call);
  [[nodiscard]] Reply failed(Request& call, const ApiError& error);
  [[nodiscard]] Reply server_error(Request& call, const Fault& fault);
  void remember(Request& call, const Reply& reply);

  [[nodiscard]] Reply handle_admin(const net::ServerRequest& request, Timestamp now);
  /// Nothing for a path that is none of its own.
  [[nodiscard]] std::optional<Reply> admin_billing(const net::ServerRequest& request,
                                                   Timestamp now);
  [[nodiscard]] Reply admin_checkout(const net::ServerRequest& request, Timestamp now);
  [[nodiscard]] Reply admin_add_endpoint(const net::ServerRequest& request, Timestamp now);
  /// Nothing for paths that do not act on connected accounts.
  [[nodiscard]] std::optional<Reply> admin_connect(const net::ServerRequest& request,
                                                   Timestamp now);
  [[nodiscard]] Json admin_state(Timestamp now) const;
  [[nodiscard]] Json admin_deliveries() const;

  StripeOptions options_;
  Controls controls_;
  std::unique_ptr<World> world_;
  IdempotencyTable keys_;
};

}  // namespace sequent::sandbox::stripe
