#include "activities/auth/auth.hpp"

namespace sequent::activities::auth {

AuthActivity::AuthActivity(runtime::ActivitySpec spec, std::shared_ptr<Client> client)
    : client_(std::move(client)), spec_(std::move(spec)) {
  spec_.timeout_ms = client_->config().timeout_ms;
}

Call AuthActivity::call_of(const runtime::Attempt& attempt, const Json& input, std::string method,
                           std::string path) {
  Call call;
  call.method = std::move(method);
  call.path = std::move(path);
  call.token = text_of(input, "token");
  call.timeout_ms = attempt.timeout_ms;
  call.now = attempt.now;
  return call;
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
