#include "activities/auth/auth.hpp"
#include "activities/input.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::auth {

namespace {

Json workspace_schema() {
  return literal(R"json({
    "type": "object",
    "required": ["id", "permissions"],
    "properties": {
      "id": {"type": "string"},
      "name": {"type": "string"},
      "role": {"type": "string"},
      "permissions": {"type": "array", "items": {"type": "string"}}
    }
  })json");
}

runtime::ActivitySpec workspaces_spec() {
  runtime::ActivitySpec spec;
  spec.name = "auth.workspaces.list";
  spec.version = "1";
  spec.provider = "auth";
  spec.summary = "Who a token belongs to, and what this user may do in which workspace.";
  spec.input_schema = literal(R"json({
    "type": "object",
    "required": ["token"],
    "additionalProperties": false,
    "properties": {"token": {"type": "string", "minLength": 1}}
  })json");
  spec.output_schema = literal(R"json({
    "type": "object",
    "required": ["userId", "workspaces"],
    "properties": {"userId": {"type": "integer"}, "workspaces": {"type": "array"}}
  })json");
  spec.output_schema["properties"]["workspaces"]["items"] = workspace_schema();
  spec.idempotent = true;
  return compiled(std::move(spec));
}

runtime::ActivitySpec workspace_spec() {
  runtime::ActivitySpec spec = workspaces_spec();
  spec.name = "auth.workspaces.get";
  spec.summary = "What a token's owner may do in one workspace.";
  spec.input_schema["required"].push_back("workspace");
  spec.input_schema["properties"]["workspace"] =
      literal(R"({"type": "string", "minLength": 1, "maxLength": 200})");
  spec.output_schema = workspace_schema();
  spec.output_schema["required"].push_back("userId");
  spec.output_schema["properties"]["userId"] = literal(R"({"type": "integer"})");
  return compiled(std::move(spec));
}

}  // namespace

WorkspacesList::WorkspacesList(std::shared_ptr<Client> client)
    : AuthActivity(workspaces_spec(), std::move(client)) {}

boost::asio::awaitable<runtime::ActivityResult> WorkspacesList::run(runtime::Attempt attempt,
                                                                    Json input) {
  if (auto refused = refused_input(spec(), input)) co_return std::unexpected(std::move(*refused));
  Call call = call_of(attempt, input, "GET", "/users/me/workspaces");
  auto answer = co_await client_->send(std::move(call));
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  co_return std::move(answer->body);
}

WorkspacesGet::WorkspacesGet(std::shared_ptr<Client> client)
    : AuthActivity(workspace_spec(), std::move(client)) {}

boost::asio::awaitable<runtime::ActivityResult> WorkspacesGet::run(runtime::Attempt attempt,
                                                                   Json input) {
  if (auto refused = refused_input(spec(), input)) co_return std::unexpected(std::move(*refused));
  Call call = call_of(attempt, input, "GET",
                      "/workspaces/" + net::percent_encode(text_of(input, "workspace")));
  auto answer = co_await client_->send(std::move(call));
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  co_return std::move(answer->body);
}

}  // namespace sequent::activities::auth
