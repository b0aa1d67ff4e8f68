#include <algorithm>

#include "activities/auth/auth.hpp"
#include "activities/input.hpp"
#include "activities/outcomes.hpp"
#include "activities/schemas.hpp"
#include "base/digest.hpp"

namespace sequent::activities::auth {

namespace {

runtime::ActivitySpec check_spec() {
  runtime::ActivitySpec spec;
  spec.name = "auth.tokens.check";
  spec.version = "1";
  spec.provider = "auth";
  spec.summary =
      "Asks the authentication service whether a bearer token is valid; with userId also whether "
      "it "
      "is that user's, as far as the token says whose it is.";
  spec.input_schema = literal(R"json({
    "type": "object",
    "required": ["token"],
    "additionalProperties": false,
    "properties": {
      "token": {"type": "string", "minLength": 1},
      "userId": {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^[0-9]+$"}]}
    }
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

std::string text_of_id(const Json& id) {
  return id.is_string() ? id.get<std::string>() : dump_json(id);
}

// The service answers only that a token is valid, and reads any user for anybody; whose the token is
// stands in the token alone. Its signature is the service's to check, before this. Nothing: the
// token does not say.
std::optional<std::string> owner_of(const std::string& token) {
  const auto first = token.find('.');
  const auto second = token.find('.', first == std::string::npos ? first : first + 1);
  if (second == std::string::npos) return std::nullopt;
  std::string claims = token.substr(first + 1, second - first - 1);
  std::replace(claims.begin(), claims.end(), '-', '+');
  std::replace(claims.begin(), claims.end(), '_', '/');
  claims.resize((claims.size() + 3) / 4 * 4, '=');
  const auto bytes = base64_decode(claims);
  if (!bytes) return std::nullopt;
  const auto parsed = parse_json(*bytes);
  if (!parsed || !parsed->is_object()) return std::nullopt;
  for (const char* claim : {"sub", "id", "userId"}) {
    const auto found = parsed->find(claim);
    if (found == parsed->end() || !(found->is_string() || found->is_number_integer())) continue;
    // A name or an address is no user's number, and can't be compared with one.
    std::string id = text_of_id(*found);
    if (!id.empty() && id.find_first_not_of("0123456789") == std::string::npos) return id;
  }
  return std::nullopt;
}

Failure not_theirs() {
  Failure failure;
  failure.outcome = Outcome::permanent;
  failure.problem =
      provider_problem("auth", ErrorKind::authorization, 403, "Token of another user",
                       "the token is valid and belongs to another user than the one that is named");
  return failure;
}

}  // namespace

TokensCheck::TokensCheck(std::shared_ptr<Client> client)
    : AuthActivity(check_spec(), std::move(client)) {}

boost::asio::awaitable<runtime::ActivityResult> TokensCheck::run(runtime::Attempt attempt,
                                                                 Json input) {
  if (auto refused = refused_input(spec(), input)) co_return std::unexpected(std::move(*refused));
  const auto named = input.find("userId");
  const std::string user = named == input.end() ? "" : text_of_id(*named);
  Call call = call_of(attempt, input, "POST", "/auth/validate-token");
  call.token = bare_token(std::move(call.token));
  const auto owner = owner_of(call.token);
  const auto answer = co_await client_->send(std::move(call));
  if (!answer) co_return std::unexpected(answer.error());
  if (!user.empty() && owner && *owner != user) co_return std::unexpected(not_theirs());
  Json output = Json::object();
  output["valid"] = true;
  const std::string message = text_of(answer->body, "message");
  if (!message.empty()) output["message"] = message;
  co_return output;
}

}  // namespace sequent::activities::auth
