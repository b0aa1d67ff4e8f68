#include "activities/auth/auth.hpp"
#include "activities/input.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::auth {

namespace {

runtime::ActivitySpec get_spec() {
  runtime::ActivitySpec spec;
  spec.name = "auth.users.get";
  spec.version = "1";
  spec.provider = "auth";
  spec.summary = "Reads a user; id_stripe is empty while no Stripe customer is linked.";
  spec.input_schema = literal(R"json({
    "type": "object",
    "required": ["userId"],
    "additionalProperties": false,
    "properties": {
      "userId": {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^[0-9]+$"}]},
      "token": {"type": "string", "minLength": 1}
    }
  })json");
  spec.output_schema = literal(R"json({
    "type": "object",
    "required": ["id"],
    "properties": {
      "id": {"type": "integer"},
      "id_stripe": {"type": ["string", "null"]},
      "email": {"type": "string"},
      "firstname": {"type": "string"},
      "lastname": {"type": "string"},
      "phone": {"type": ["string", "null"]}
    }
  })json");
  spec.idempotent = true;
  return compiled(std::move(spec));
}

runtime::ActivitySpec update_spec() {
  runtime::ActivitySpec spec = get_spec();
  spec.name = "auth.users.update";
  spec.summary = "Links a user to a Stripe customer unless another one is linked already.";
  spec.input_schema["required"].push_back("stripeId");
  spec.input_schema["properties"]["stripeId"] =
      literal(R"({"type": "string", "pattern": "^cus_"})");
  const Json user = spec.output_schema;
  spec.output_schema = literal(R"json({
    "type": "object",
    "required": ["user", "linked", "stripeId"],
    "properties": {"linked": {"type": "boolean"}, "stripeId": {"type": "string"}}
  })json");
  spec.output_schema["properties"]["user"] = user;
  return compiled(std::move(spec));
}

std::string user_id(const Json& input) {
  const Json& id = input.at("userId");
  return net::percent_encode(id.is_string() ? id.get<std::string>() : dump_json(id));
}

// 409 carries the user as stored, bare or under `user`.
Json linked_output(const Answer& answer, const std::string& asked) {
  const auto nested = answer.body.find("user");
  Json output = Json::object();
  output["user"] = nested != answer.body.end() && nested->is_object() ? *nested : answer.body;
  const std::string stored = text_of(output["user"], "id_stripe");
  output["stripeId"] = stored;
  output["linked"] = stored == asked;
  return output;
}

}  // namespace

UsersGet::UsersGet(std::shared_ptr<Client> client) : AuthActivity(get_spec(), std::move(client)) {}

boost::asio::awaitable<runtime::ActivityResult> UsersGet::run(runtime::Attempt attempt,
                                                              Json input) {
  if (auto refused = refused_input(spec(), input)) co_return std::unexpected(std::move(*refused));
  Call call = call_of(attempt, input, "GET", "/users/" + user_id(input));
  auto answer = co_await client_->send(std::move(call));
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  co_return std::move(answer->body);
}

UsersUpdate::UsersUpdate(std::shared_ptr<Client> client)
    : AuthActivity(update_spec(), std::move(client)) {}

boost::asio::awaitable<runtime::ActivityResult> UsersUpdate::run(runtime::Attempt attempt,
                                                                 Json input) {
  if (auto refused = refused_input(spec(), input)) co_return std::unexpected(std::move(*refused));
  const std::string asked = text_of(input, "stripeId");
  Call call = call_of(attempt, input, "PATCH",
                      "/users/stripe-user/" + user_id(input) + "/" + net::percent_encode(asked));
  const auto answer = co_await client_->send(std::move(call), 409);
  if (!answer) co_return std::unexpected(answer.error());
  co_return linked_output(*answer, asked);
}

}  // namespace sequent::activities::auth
