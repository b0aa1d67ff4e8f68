#pragma once
// The in-house auth service: tokens, users, the link from a user to its Stripe customer, and who may
// do what in which workspace.
#include <map>
#include <string>

#include "sandbox/controls.hpp"
#include "sandbox/stand_in.hpp"

namespace sequent::sandbox::auth {

struct AuthOptions {
  std::uint64_t seed = 1;
  std::int64_t users = 100;  // 1 … users, each with the token token-user-N
  std::map<std::int64_t, std::string> linked_users;  // user id -> its id_stripe from the start
};

struct User {
  std::int64_t id = 0;
  std::string id_stripe;  // empty: none; two users may have the same one
  std::string firstname;
  std::string lastname;
  std::string email;
  std::string phone;
  Timestamp created_at = 0;
  Timestamp updated_at = 0;

  [[nodiscard]] Json to_json() const;
};

/// Somebody's place of work; roles by user id.
struct Workspace {
  std::string id;
  std::string name;
  std::map<std::int64_t, std::string> members;  // owner, admin, billing_admin or member

  /// As one of its members sees it.
  [[nodiscard]] Json seen_by(std::int64_t user) const;
};

/// POST  /auth/validate-token                       200 {message}, 401 {error}; without a bearer it
///                                                  never answers, as the real one does
/// GET   /users/{id}                                the user; 400 for no integer, 404
/// PATCH /users/stripe-user/{id}/{stripe id}        compare and set: the first writer wins. 200 with
///                                                  the user when the link is (now) this one, 409
///                                                  with the user when it is another one
/// GET   /users/me/workspaces                       of the bearer: {userId, workspaces: [{id, name,
///                                                  role, permissions}]}; 401
/// GET   /workspaces/{id}                           {id, name, userId, role, permissions} as the
///                                                  bearer has them; 401, 403 for no member, 404
/// Only an owner, admin or billing_admin has the permission update_billing.
/// Administration: GET state, calls, faults; POST faults, clock, reset;
///   POST /_sandbox/users   {id?, id_stripe?, firstname?, lastname?, email?, phone?, tokens?}
///   POST /_sandbox/tokens  {token, userId}; DELETE /_sandbox/tokens/{token}
///   POST /_sandbox/workspaces {id, name?, members: {user id: role}}; DELETE /_sandbox/workspaces/{id}
class AuthStandIn final : public StandIn {
 public:
  AuthStandIn(AuthOptions options, Timestamp now);

  [[nodiscard]] Reply handle(const net::ServerRequest& request, Timestamp now) override;
  [[nodiscard]] std::vector<WebhookSend> webhooks_due(Timestamp) override { return {}; }
  void webhook_answered(std::uint64_t, int, Timestamp) override {}
  [[nodiscard]] std::optional<Timestamp> next_due() const override { return std::nullopt; }

  [[nodiscard]] const std::map<std::int64_t, User>& users() const { return users_; }

 private:
  void start_afresh(Timestamp now);
  [[nodiscard]] Reply handle_call(const net::ServerRequest& request, Timestamp now);
  [[nodiscard]] Reply serve(const net::ServerRequest& request, Timestamp now);
  [[nodiscard]] Reply validate_token(const net::ServerRequest& request) const;
  [[nodiscard]] Reply read_user(const std::string& id) const;
  [[nodiscard]] Reply link_user(const std::string& id, const std::string& stripe_id, Timestamp now);

  [[nodiscard]] std::optional<std::int64_t> bearer_of(const net::ServerRequest& request) const;
  [[nodiscard]] Reply list_workspaces(const net::ServerRequest& request) const;
  [[nodiscard]] Reply read_workspace(const net::ServerRequest& request,
                                     const std::string& id) const;

  [[nodiscard]] Reply handle_admin(const net::ServerRequest& request, Timestamp now);
  [[nodiscard]] Reply admin_add_user(const net::ServerRequest& request, Timestamp now);
  [[nodiscard]] Reply admin_add_token(const net::ServerRequest& request);
  [[nodiscard]] Reply admin_add_workspace(const net::ServerRequest& request);
  [[nodiscard]] Json admin_state() const;

  AuthOptions options_;
  Controls controls_;
  std::map<std::int64_t, User> users_;
  std::map<std::string, std::int64_t> tokens_;
  std::map<std::string, Workspace> workspaces_;
};

}  // namespace sequent::sandbox::auth
