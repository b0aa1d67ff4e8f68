#pragma once
#include <memory>

#include "activities/auth/client.hpp"
#include "engine/runtime/activity.hpp"

namespace sequent::activities::auth {

/// What the calls have in common: their specifications are idempotent, as repeating is harmless.
class AuthActivity : public runtime::Activity {
 public:
  AuthActivity(runtime::ActivitySpec spec, std::shared_ptr<Client> client);
  [[nodiscard]] const runtime::ActivitySpec& spec() const override { return spec_; }

 protected:
  /// The request of one attempt, with the input's `token`.
  [[nodiscard]] static Call call_of(const runtime::Attempt& attempt, const Json& input,
                                    std::string method, std::string path);

  std::shared_ptr<Client> client_;

 private:
  runtime::ActivitySpec spec_;
};

/// auth.tokens.check: POST auth/validate-token.
/// shape   with {token}; output {valid: true, message?}
/// errors  401 authentication, permanent: the token is not valid
class TokensCheck final : public AuthActivity {
 public:
  explicit TokensCheck(std::shared_ptr<Client> client);
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override;
};

/// auth.users.get: GET users/{userId}.
/// shape   with {userId, token?}; output the user: {id, id_stripe ("" = none), email, …}
/// errors  404, permanent: no such user
class UsersGet final : public AuthActivity {
 public:
  explicit UsersGet(std::shared_ptr<Client> client);
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override;
};

/// auth.users.update: PATCH users/stripe-user/{userId}/{stripeId}, the first writer wins.
/// shape   with {userId, stripeId, token?}; output {user, linked, stripeId}: `stripeId` is the one
///         that is stored, `linked` whether it is the given one. A workflow that lost deletes its
///         own customer and goes on with the stored one.
/// effect  sets id_stripe once; repeating gives the same answer
class UsersUpdate final : public AuthActivity {
 public:
  explicit UsersUpdate(std::shared_ptr<Client> client);
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override;
};

/// auth.workspaces.list: GET users/me/workspaces, of the token's owner.
/// shape   with {token}; output {userId, workspaces: [{id, name?, role?, permissions: [text]}]}
/// errors  401 authentication, permanent: the token is not valid
class WorkspacesList final : public AuthActivity {
 public:
  explicit WorkspacesList(std::shared_ptr<Client> client);
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override;
};

/// auth.workspaces.get: GET workspaces/{workspace}, as the token's owner may see it.
/// shape   with {workspace, token}; output {id, userId, name?, role?, permissions: [text]}
/// errors  permanent: 401 the token is not valid; 403 no member; 404 no such workspace
class WorkspacesGet final : public AuthActivity {
 public:
  explicit WorkspacesGet(std::shared_ptr<Client> client);
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override;
};

void register_auth(runtime::ActivityRegistry& registry, const AuthConfig& config,
                   net::HttpClient& http);

}  // namespace sequent::activities::auth
