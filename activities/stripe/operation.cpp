#include "activities/stripe/operation.hpp"

#include <algorithm>

#include "activities/input.hpp"
#include "activities/outcomes.hpp"
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

// A member that an expression found nothing for is one that was not given.
void drop_nulls(Json& value) {
  if (value.is_object()) {
    for (auto member = value.begin(); member != value.end();)
      member = member->is_null() ? value.erase(member) : std::next(member);
  }
  if (value.is_structured())
    for (Json& member : value) drop_nulls(member);
}

// In the change of an object null has a meaning: it unsets the member.
bool ignores_nulls(const Operation& operation) {
  return operation.method != "POST" || !operation.path.ends_with('}');
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return !word.empty() && std::find(words.begin(), words.end(), word) != words.end();
}

// What the refusal may prove; settle() finds out whether it does.
bool may_prove_effect(const Operation& operation, const Failure& refusal, const Attempt& attempt) {
  const Json& extensions = refusal.problem.extensions;
  const std::string code = text_of(extensions, "code");
  const bool gone = refusal.problem.status == 404 && code == "resource_missing";
  switch (operation.already) {
    case Already::nothing:
      return false;
    case Already::deleted:
      // Of an account that is gone Stripe says what it says of one that was never ours: that proves
      // something only after an attempt of our own.
      return gone || (operation.platform_only && attempt.unsettled && code == "account_invalid");
    case Already::reached:
      return operation.method == "DELETE" ? gone : refusal.problem.status == 400;
    case Already::ours:
      return contains(operation.taken, code) ||
             contains(operation.taken, text_of(extensions, "param"));
    case Already::identifier:
      return extensions.value("duplicateIdentifier", false);
  }
  return false;
}

// A DELETE may be repeated, so that there is no doubt in a lost answer; but of an account Stripe can't
// say later that it is gone, and only the doubt of this attempt will tell.
bool lost_for_good(const Operation& operation, const Failure& failure) {
  const int status = failure.problem.status;
  return operation.method == "DELETE" && operation.platform_only &&
         failure.outcome == Outcome::transient && (status == 408 || status >= 500);
}

Failure still_unknown(Reconciliation looked) {
  SEQUENT_ASSERT(looked.failure.has_value());
  looked.failure->outcome = Outcome::unknown;
  looked.failure->key_spent = false;
  return std::move(*looked.failure);
}

std::string path_member(const std::string& path) {
  const auto open = path.find('{');
  return path.substr(open + 1, path.find('}', open) - open - 1);
}

Json deleted_object(const Json& input, const Operation& operation) {
  static const Json::json_pointer kind("/properties/object/const");
  Json object = Json::object();
  object["id"] = text_of(input, path_member(operation.path));
  object["object"] = operation.spec.output_schema.at(kind);
  object["deleted"] = true;
  return object;
}

// Usage events can't be read: the answer is what was asked for.
Json duplicate_event(const Json& parameters) {
  Json event = parameters;
  event.erase("expand");
  event["object"] = "billing.meter_event";
  event["duplicate"] = true;
  if (!event.contains("timestamp")) event["timestamp"] = nullptr;
  return event;
}

}  // namespace

std::string StripeActivity::account_of(const Json& input) const {
  return operation_.platform_only ? "" : text_of(input, "account");
}

Call StripeActivity::call_of(const Attempt& attempt, const Json& input) const {
  Call call;
  call.method = operation_.method;
  call.parameters = input.is_object() ? input : Json::object();
  call.account = account_of(call.parameters);
  if (!operation_.platform_only) call.parameters.erase("account");
  if (ignores_nulls(operation_)) drop_nulls(call.parameters);
  call.path = fill_path(operation_.path, call.parameters);
  if (operation_.adapt) operation_.adapt(call.parameters, attempt, client_->config());
  if (operation_.creates()) leave_traces(call.parameters, attempt);
  if (operation_.keyed) call.idempotency_key = attempt.idempotency_key;
  call.timeout_ms = attempt.timeout_ms;
  call.now = attempt.now;
  call.request_id = attempt.request_id;
  return call;
}

boost::asio::awaitable<ActivityResult> StripeActivity::run(Attempt attempt, Json input) {
  if (ignores_nulls(operation_)) drop_nulls(input);
  if (auto refused = refused_input(spec(), input)) co_return std::unexpected(std::move(*refused));
  if (operation_.can_look() && attempt.unsettled && is_revised(attempt.idempotency_key)) {
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
  if (lost_for_good(operation_, failure)) failure.outcome = Outcome::unknown;
  if (!may_prove_effect(operation_, failure, attempt))
    co_return std::unexpected(std::move(failure));
  ActivityResult settled =
      co_await settle(std::move(attempt), std::move(input), std::move(failure));
  co_return settled;
}

boost::asio::awaitable<ActivityResult> StripeActivity::settle(Attempt attempt, Json input,
                                                              Failure refusal) {
  if (operation_.already == Already::deleted) co_return deleted_object(input, operation_);
  if (operation_.already == Already::identifier) {
    Call call = call_of(attempt, input);
    co_return duplicate_event(call.parameters);
  }
  if (operation_.already == Already::reached) {
    ActivityResult reached =
        co_await read_goal(std::move(attempt), std::move(input), std::move(refusal));
    co_return reached;
  }
  Reconciliation looked = co_await reconcile(attempt, input);
  if (looked.found == Reconciliation::Found::adopted) co_return std::move(looked.object);
  co_return std::unexpected(std::move(refusal));
}

boost::asio::awaitable<ActivityResult> StripeActivity::read_goal(Attempt attempt, Json input,
                                                                 Failure refusal) {
  Json parameters = input;
  std::string path = fill_path(operation_.path, parameters);
  // "…/{session}/expire" acts on the object at "…/{session}".
  if (!operation_.path.ends_with('}')) path.erase(path.rfind('/'));
  ActivityResult object = co_await read_back(std::move(attempt), std::move(input), path);
  if (object && contains(operation_.goals, text_of(*object, "status"))) co_return object;
  co_return std::unexpected(std::move(refusal));
}

boost::asio::awaitable<ActivityResult> StripeActivity::read_back(Attempt attempt, Json input,
                                                                 std::string path) {
  Call asked = call_of(attempt, input);
  Call call;
  call.method = "GET";
  call.path = std::move(path);
  call.account = account_of(input);
  call.parameters = Json::object();
  if (asked.parameters.contains("expand"))
    call.parameters["expand"] = std::move(asked.parameters["expand"]);
  call.timeout_ms = attempt.timeout_ms;
  call.now = attempt.now;
  call.request_id = attempt.request_id;
  auto answer = co_await client_->send(std::move(call));
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  co_return normalised(std::move(*answer));
}

boost::asio::awaitable<Reconciliation> StripeActivity::reconcile(Attempt attempt, Json input) {
  Reconciliation result;
  if (!operation_.can_look()) {
    // Repeating settles it while the identifier of a usage event lasts, whatever the key.
    const bool counted_once = operation_.already == Already::identifier &&
                              attempt.now - attempt.first_sent_at < spec().key_retention_ms;
    if (counted_once) {
      result.found = Reconciliation::Found::absent;
      co_return result;
    }
    result = co_await Activity::reconcile(std::move(attempt), std::move(input));
    co_return result;
  }
  const std::string account = account_of(input);
  std::string path;
  if (operation_.creates()) {
    std::vector<Search> searches = operation_.searches(input, attempt);
    result = co_await find_traces(*client_, attempt, operation_.path, account, std::move(searches));
    path = operation_.path + "/" + text_of(result.object, "id");
  } else {
    // What is told of an account is told in that account, although the platform asked for it.
    std::string told_in = text_of(input, "account");
    Json parameters = input;
    path = fill_path(operation_.path, parameters);
    result = co_await find_event(*client_, attempt, std::move(told_in), operation_.told_by);
  }
  if (result.found != Reconciliation::Found::adopted) co_return result;

  // As it is now and in full: lists leave out what must be expanded, and a session's client secret.
  ActivityResult object = co_await read_back(attempt, std::move(input), path);
  if (object) {
    result.object = std::move(*object);
  } else {
    result.found = Reconciliation::Found::undecided;
    result.failure = std::move(object.error());
  }
  co_return result;
}

}  // namespace sequent::activities::stripe
