#include "activities/auth/auth.hpp"

namespace sequent::activities::auth {

AuthActivity::AuthActivity(runtime::ActivitySpec spec, std::shared_ptr<Client> client)
    : client_(std::move(client)), spec_(std::move(spec)) {
  spec_.timeout_ms = client_->config().timeout_ms;
}

boost::asio::awaitable<runtime::Reconciliation> AuthActivity::reconcile(runtime::Attempt, Json) {
  runtime::Reconciliation harmless;
  harmless.found = runtime::Reconciliation::Found::absent;
  co_return harmless;
}

void register_auth(runtime::ActivityRegistry& registry, const AuthConfig& config,
                   net::HttpClient& http) {
  const auto client = std::make_shared<Client>(config, http);
  registry.add(std::make_unique<TokensCheck>(client));
  registry.add(std::make_unique<UsersGet>(client));
  registry.add(std::make_unique<UsersUpdate>(client));
  registry.add(std::make_unique<WorkspacesList>(client));
  registry.add(std::make_unique<WorkspacesGet>(client));
}

}  // namespace sequent::activities::auth
