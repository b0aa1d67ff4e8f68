#include "activities/auth/auth.hpp"
#include "activities/input.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::auth {

namespace {

runtime::ActivitySpec check_spec() {
  runtime::ActivitySpec spec;
  spec.name = "auth.tokens.check";
  spec.version = "1";
  spec.provider = "auth";
  spec.summary = "Asks the authentication service whether a bearer token is valid.";
  spec.input_schema = literal(R"json({
    "type": "object",
    "required": ["token"],
    "additionalProperties": false,
    "properties": {"token": {"type": "string", "minLength": 1}}
  })json");
  spec.output_schema = literal(R"json({
    "type": "object",
    "required": ["valid"],
    "properties": {"valid": {"const": true}, "message": {"type": "string"}}
  })json");
  spec.idempotent = true;
  return compiled(std::move(spec));
}

// A workflow may hand on the whole Authorization header.
std::string bare_token(std::string token) {
  constexpr std::string_view scheme = "Bearer ";
  return token.starts_with(scheme) ? token.substr(scheme.size()) : token;
}

}  // namespace

TokensCheck::TokensCheck(std::shared_ptr<Client> client)
    : AuthActivity(check_spec(), std::move(client)) {}

boost::asio::awaitable<runtime::ActivityResult> TokensCheck::run(runtime::Attempt attempt,
                                                                 Json input) {
  if (auto refused = refused_input(spec(), input)) co_return std::unexpected(std::move(*refused));
  Call call = call_of(attempt, input, "POST", "/auth/validate-token");
  call.token = bare_token(std::move(call.token));
  const auto answer = co_await client_->send(std::move(call));
  if (!answer) co_return std::unexpected(answer.error());
  Json output = Json::object();
  output["valid"] = true;
  const std::string message = text_of(answer->body, "message");
  if (!message.empty()) output["message"] = message;
  co_return output;
}

}  // namespace sequent::activities::auth
