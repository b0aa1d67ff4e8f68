#include "activities/stripe/operation.hpp"

#include "activities/input.hpp"
#include "activities/outcomes.hpp"
#include "activities/schemas.hpp"
#include "activities/stripe/versions.hpp"
#include "base/assert.hpp"

namespace sequent::activities::stripe {

namespace {

using runtime::ActivityResult;
using runtime::Attempt;
using runtime::Reconciliation;

// Takes the path's members out of the parameters.
std::string fill_path(const std::string& path, Json& parameters) {
  const auto open = path.find('{');
  if (open == std::string::npos) return path;
  const auto close = path.find('}', open);
  SEQUENT_ASSERT(close != std::string::npos);
  const std::string name = path.substr(open + 1, close - open - 1);
  const std::string value = text_of(parameters, name);
  SEQUENT_ASSERT(!value.empty());  // run() has checked the input
  parameters.erase(name);
  return path.substr(0, open) + net::percent_encode(value) + path.substr(close + 1);
}

void drop_nulls(Json& object) {
  for (auto member = object.begin(); member != object.end();)
    member = member->is_null() ? object.erase(member) : std::next(member);
}

bool proves_effect(Already already, const Failure& refusal) {
  const std::string code = text_of(refusal.problem.extensions, "code");
  switch (already) {
    case Already::nothing:
      return false;
    case Already::deleted:
      return refusal.problem.status == 404 && code == "resource_missing";
    case Already::expired:
      return refusal.problem.status == 400;
    case Already::refunded:
      return code == "charge_already_refunded";
  }
  return false;
}

Failure still_unknown(Reconciliation looked) {
  SEQUENT_ASSERT(looked.failure.has_value());
  looked.failure->outcome = Outcome::unknown;
  looked.failure->key_spent = false;
  return std::move(*looked.failure);
}

Json deleted_object(const Json& input, const std::string& path) {
  const auto open = path.find('{'), close = path.find('}');
  const std::string member = path.substr(open + 1, close - open - 1);
  Json object = Json::object();
  object["id"] = text_of(input, member);
  object["object"] = member;
  object["deleted"] = true;
  return object;
}

}  // namespace

Call StripeActivity::call_of(const Attempt& attempt, const Json& input) const {
  Call call;
  call.method = operation_.method;
  call.parameters = input.is_object() ? input : Json::object();
  call.account = text_of(call.parameters, "account");
  call.parameters.erase("account");
  if (operation_.creates() || operation_.method == "GET") drop_nulls(call.parameters);
  call.path = fill_path(operation_.path, call.parameters);
  if (operation_.adapt) operation_.adapt(call.parameters, client_->config());
  if (operation_.creates()) leave_traces(call.parameters, attempt);
  call.idempotency_key = attempt.idempotency_key;
  call.timeout_ms = attempt.timeout_ms;
  call.now = attempt.now;
  return call;
}

boost::asio::awaitable<ActivityResult> StripeActivity::run(Attempt attempt, Json input) {
  if (auto refused = refused_input(spec(), input)) co_return std::unexpected(std::move(*refused));
  if (operation_.creates() && attempt.unsettled && is_revised(attempt.idempotency_key)) {
    // A new key protects from nothing that the spent one may have made: look before making.
    Reconciliation looked = co_await reconcile(attempt, input);
    if (looked.found == Reconciliation::Found::adopted) co_return std::move(looked.object);
    if (looked.found == Reconciliation::Found::undecided)
      co_return std::unexpected(still_unknown(std::move(looked)));
  }
  Call call = call_of(attempt, input);
  auto answer = co_await client_->send(std::move(call));
  if (answer) co_return normalised(std::move(*answer));
  Failure failure = std::move(answer.error());
  if (!proves_effect(operation_.already, failure)) co_return std::unexpected(std::move(failure));
  ActivityResult settled =
      co_await settle(std::move(attempt), std::move(input), std::move(failure));
  co_return settled;
}

boost::asio::awaitable<ActivityResult> StripeActivity::settle(Attempt attempt, Json input,
                                                              Failure refusal) {
  if (operation_.already == Already::deleted) co_return deleted_object(input, operation_.path);
  if (operation_.already == Already::refunded) {
    Reconciliation looked = co_await reconcile(attempt, input);
    if (looked.found == Reconciliation::Found::adopted) co_return std::move(looked.object);
    co_return std::unexpected(std::move(refusal));
  }
  // Expired: the session itself knows.
  std::string path = fill_path(operation_.path, input);
  path.erase(path.rfind('/'));
  ActivityResult session = co_await read_back(std::move(attempt), std::move(input), path);
  if (session && text_of(*session, "status") == "expired") co_return session;
  co_return std::unexpected(std::move(refusal));
}

boost::asio::awaitable<ActivityResult> StripeActivity::read_back(Attempt attempt, Json input,
                                                                 std::string path) {
  Call call;
  call.method = "GET";
  call.path = std::move(path);
  call.account = text_of(input, "account");
  call.parameters = Json::object();
  if (input.contains("expand")) call.parameters["expand"] = input["expand"];
  call.timeout_ms = attempt.timeout_ms;
  call.now = attempt.now;
  auto answer = co_await client_->send(std::move(call));
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  co_return normalised(std::move(*answer));
}

boost::asio::awaitable<Reconciliation> StripeActivity::reconcile(Attempt attempt, Json input) {
  Reconciliation result;
  if (!operation_.creates()) {
    // Reads and absolute writes: repeating settles it.
    result.found = Reconciliation::Found::absent;
    co_return result;
  }
  std::vector<Search> searches = operation_.searches(input, attempt);
  const std::string account = text_of(input, "account");
  result = co_await find_traces(*client_, attempt, operation_.path, account, std::move(searches));
  if (result.found != Reconciliation::Found::adopted) co_return result;

  // As it is now and in full: lists leave out what must be expanded, and a session's client secret.
  const std::string path = operation_.path + "/" + text_of(result.object, "id");
  ActivityResult object = co_await read_back(attempt, std::move(input), path);
  if (object) {
    result.object = std::move(*object);
  } else {
    result.found = Reconciliation::Found::undecided;
    result.failure = std::move(object.error());
  }
  co_return result;
}

Json input_schema(Json properties, std::vector<std::string> required) {
  properties["account"] = literal(R"json({
    "type": "string", "pattern": "^acct_",
    "description": "connected account on which the call acts; absent: the platform"
  })json");
  properties["expand"] = literal(R"json({
    "type": "array", "maxItems": 20, "items": {"type": "string"},
    "description": "members to be given as objects instead of ids"
  })json");
  Json schema = Json::object();
  schema["type"] = "object";
  schema["properties"] = std::move(properties);
  schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  return schema;
}

Operation read_operation(std::string name, std::string path, std::string summary, Json input,
                         Json output) {
  Operation operation = write_operation(std::move(name), "GET", std::move(path), std::move(summary),
                                        std::move(input), std::move(output));
  operation.spec.key_retention_ms = 0;
  operation.spec.idempotent = true;
  return operation;
}

Operation write_operation(std::string name, std::string method, std::string path,
                          std::string summary, Json input, Json output) {
  Operation operation;
  operation.spec.name = std::move(name);
  operation.spec.version = "1";
  operation.spec.provider = "stripe";
  operation.spec.summary = std::move(summary);
  operation.spec.input_schema = std::move(input);
  operation.spec.output_schema = std::move(output);
  operation.spec.key_retention_ms = 23 * 3'600'000LL;
  operation.spec = compiled(std::move(operation.spec));
  operation.method = std::move(method);
  operation.path = std::move(path);
  return operation;
}

Json list_properties(Json more) {
  more["limit"] = literal(R"({"type": "integer", "minimum": 1, "maximum": 100})");
  more["starting_after"] = literal(R"({"type": "string"})");
  more["ending_before"] = literal(R"({"type": "string"})");
  more["created"] = literal(R"json({
    "anyOf": [
      {"type": "integer"},
      {"type": "object", "additionalProperties": false, "properties": {
        "gt": {"type": "integer"}, "gte": {"type": "integer"},
        "lt": {"type": "integer"}, "lte": {"type": "integer"}}}
    ],
    "description": "seconds since 1970"
  })json");
  return more;
}

Json object_schema(std::string_view kind, Json properties) {
  properties["id"] = literal(R"({"type": "string"})");
  properties["object"]["const"] = std::string(kind);
  Json schema = Json::object();
  schema["type"] = "object";
  schema["required"] = {"id", "object"};
  schema["properties"] = std::move(properties);
  return schema;
}

Json list_schema(std::string_view kind) {
  Json schema = literal(R"json({
    "type": "object",
    "required": ["object", "data", "has_more"],
    "properties": {
      "object": {"const": "list"},
      "data": {"type": "array"},
      "has_more": {"type": "boolean"},
      "url": {"type": "string"}
    }
  })json");
  schema["properties"]["data"]["items"] = object_schema(kind, Json::object());
  return schema;
}

Json metadata_schema() {
  return literal(R"json({
    "type": ["object", "null"],
    "maxProperties": 47,
    "propertyNames": {"maxLength": 40, "pattern": "^[^\\[\\]]+$"},
    "additionalProperties": {"type": ["string", "number", "boolean"], "maxLength": 500}
  })json");
}

}  // namespace sequent::activities::stripe
