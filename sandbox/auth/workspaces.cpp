// Workspaces: who belongs to which, in which role, and what that permits.
#include <algorithm>
#include <array>

#include "sandbox/auth/answer.hpp"
#include "sandbox/auth/auth.hpp"

namespace sequent::sandbox::auth {
namespace {

Json permissions_of(const std::string& role) {
  Json permissions = Json::array({"read"});
  if (role == "owner" || role == "admin") permissions.push_back("update_settings");
  if (role != "member") permissions.push_back("update_billing");
  return permissions;
}

Reply unauthorized() {
  return refusal(401, "Unauthorized", "A valid session is expected");
}

}  // namespace

Json Workspace::seen_by(std::int64_t user) const {
  const auto& role = members.at(user);
  return {{"id", id}, {"name", name}, {"role", role}, {"permissions", permissions_of(role)}};
}

std::optional<std::int64_t> AuthStandIn::bearer_of(const net::ServerRequest& request) const {
  constexpr std::string_view scheme = "Bearer ";
  const auto header = request.headers.value("Authorization");
  if (!header.starts_with(scheme)) return std::nullopt;
  const auto found = tokens_.find(header.substr(scheme.size()));
  if (found == tokens_.end()) return std::nullopt;
  return found->second;
}

Reply AuthStandIn::list_workspaces(const net::ServerRequest& request) const {
  const auto user = bearer_of(request);
  if (!user) return unauthorized();
  Json mine = Json::array();
  for (const auto& [id, workspace] : workspaces_)
    if (workspace.members.contains(*user)) mine.push_back(workspace.seen_by(*user));
  return answer(200, {{"userId", *user}, {"workspaces", mine}});
}

Reply AuthStandIn::read_workspace(const net::ServerRequest& request, const std::string& id) const {
  const auto user = bearer_of(request);
  if (!user) return unauthorized();
  const auto found = workspaces_.find(id);
  if (found == workspaces_.end()) return refusal(404, "Not Found", "workspace_not_found");
  if (!found->second.members.contains(*user))
    return refusal(403, "Forbidden", "not_a_workspace_member");
  Json body = found->second.seen_by(*user);
  body["userId"] = *user;
  return answer(200, body);
}

// An id that exists is overwritten: that is how somebody gains or loses a role.
Reply AuthStandIn::admin_add_workspace(const net::ServerRequest& request) {
  constexpr std::array<std::string_view, 4> roles = {"owner", "admin", "billing_admin", "member"};
  const auto body = admin_body(request);
  if (!body) return admin_mistake(body.error());
  const auto known = only_members(*body, {"id", "name", "members"});
  if (!known) return admin_mistake(known.error());
  Workspace workspace;
  workspace.id = text_of(*body, "id");
  workspace.name = text_of(*body, "name", workspace.id);
  const Json members = body->value("members", Json());
  bool good = !workspace.id.empty() && members.is_object();
  if (good)
    for (const auto& [text, role] : members.items()) {
      const auto user = integer_of(text);
      const bool fits = user && users_.contains(*user) && role.is_string() &&
                        std::ranges::find(roles, role.get<std::string>()) != roles.end();
      good = good && fits;
      if (fits) workspace.members[*user] = role.get<std::string>();
    }
  if (!good)
    return admin_mistake({.code = ErrorCode::invalid_request,
                          .detail = "expected {\"id\": a text, \"members\": {the id of a user: "
                                    "owner, admin, billing_admin or member}}, got " +
                                    dump_json(*body)});
  const auto id = workspace.id;
  workspaces_[id] = std::move(workspace);
  return admin_answer(201, {{"id", id}});
}

}  // namespace sequent::sandbox::auth
