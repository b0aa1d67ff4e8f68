#include "activities/flexprice/operation.hpp"

#include "activities/input.hpp"
#include "activities/json_api.hpp"
#include "activities/schemas.hpp"
#include "base/assert.hpp"

namespace sequent::activities::flexprice {

namespace {

using runtime::ActivityResult;
using runtime::Attempt;
using runtime::Reconciliation;

Json with_output(const Operation& operation, Json answer, const Json& input) {
  return operation.output != nullptr ? operation.output(std::move(answer), input)
                                     : std::move(answer);
}

// Flexprice refuses a repetition with one of these; and where two marks are on one error it answers
// 404 or 500 to the same request, so that a 500 has to be looked into as well.
bool worth_looking(const Failure& refusal) {
  const int status = refusal.problem.status;
  return status == 400 || status == 404 || status == 409 || status == 500;
}

Failure look_failed(const Attempt& attempt, Reconciliation looked) {
  SEQUENT_ASSERT(looked.failure.has_value());
  if (attempt.unsettled) looked.failure->outcome = Outcome::unknown;
  return std::move(*looked.failure);
}

}  // namespace

Call FlexpriceActivity::call_of(const Attempt& attempt, const Json& input) const {
  Call call;
  call.method = operation_.method;
  Json members = input;
  call.path = fill_path(operation_.path, members);
  for (const auto& [member, parameter] : operation_.query) {
    if (!members.contains(member)) continue;
    call.query[parameter] = members[member];
    members.erase(member);
  }
  if (operation_.adapt != nullptr) operation_.adapt(members, attempt);
  // A DELETE has a body where members are left over.
  const bool has_body = call.method == "POST" || call.method == "PUT" || !members.empty();
  SEQUENT_ASSERT(call.method != "GET" || members.empty());
  if (has_body && call.method != "GET") call.body = std::move(members);
  call.repeat = operation_.spec.idempotent ? Repeat::harmless : Repeat::guarded;
  call.timeout_ms = attempt.timeout_ms;
  call.now = attempt.now;
  return call;
}

boost::asio::awaitable<ActivityResult> FlexpriceActivity::run(Attempt attempt, Json input) {
  if (input.is_object()) drop_nulls(input);
  if (auto refused = refused_input(spec(), input)) co_return std::unexpected(std::move(*refused));
  if (operation_.look_when == Operation::When::before) {
    Reconciliation looked = co_await operation_.look(client_, attempt, input);
    if (looked.found == Reconciliation::Found::adopted) co_return std::move(looked.object);
    if (looked.found == Reconciliation::Found::undecided)
      co_return std::unexpected(look_failed(attempt, std::move(looked)));
  }
  Call call = call_of(attempt, input);
  auto answer = co_await client_->send(std::move(call));
  if (answer) co_return with_output(operation_, std::move(*answer), input);
  Failure failure = std::move(answer.error());
  if (operation_.gone_is_done && failure.problem.status == 404)
    co_return with_output(operation_, Json::object(), input);
  if (operation_.look_when == Operation::When::after_refusal && worth_looking(failure)) {
    ActivityResult settled =
        co_await settle(std::move(attempt), std::move(input), std::move(failure));
    co_return settled;
  }
  co_return std::unexpected(std::move(failure));
}

boost::asio::awaitable<ActivityResult> FlexpriceActivity::settle(Attempt attempt, Json input,
                                                                 Failure refusal) {
  Reconciliation looked = co_await operation_.look(client_, std::move(attempt), std::move(input));
  if (looked.found == Reconciliation::Found::adopted) co_return std::move(looked.object);
  // What the read says for certain (there is no such subscription) beats an ambiguous refusal; and
  // where it could not be read, nobody knows yet what the refusal means.
  if (looked.failure) co_return std::unexpected(std::move(*looked.failure));
  co_return std::unexpected(std::move(refusal));
}

boost::asio::awaitable<Reconciliation> FlexpriceActivity::reconcile(Attempt attempt, Json input) {
  if (operation_.look == nullptr) co_return absent();  // repeating settles it
  if (input.is_object()) drop_nulls(input);
  Reconciliation looked = co_await operation_.look(client_, std::move(attempt), std::move(input));
  co_return looked;
}

Operation operation(std::string name, std::string method, std::string path, std::string summary,
                    Json input, Json output) {
  Operation operation;
  operation.spec.name = std::move(name);
  operation.spec.version = "1";
  operation.spec.provider = "flexprice";
  operation.spec.summary = std::move(summary);
  operation.spec.input_schema = std::move(input);
  operation.spec.output_schema = std::move(output);
  operation.spec = compiled(std::move(operation.spec));
  operation.method = std::move(method);
  operation.path = std::move(path);
  return operation;
}

Operation harmless(std::string name, std::string method, std::string path, std::string summary,
                   Json input, Json output) {
  Operation made = operation(std::move(name), std::move(method), std::move(path),
                             std::move(summary), std::move(input), std::move(output));
  made.spec.idempotent = true;
  return made;
}

Json deleted_output(Json, const Json& input) {
  Json output = Json::object();
  output["deleted"] = true;
  for (const char* member : {"customer_id", "plan_id", "addon_id", "addon_association_id"}) {
    const std::string id = text_of(input, member);
    if (!id.empty()) output["id"] = id;
  }
  return output;
}

std::string unrevised(const std::string& key) {
  const auto mark = key.rfind("_r");
  if (mark == std::string::npos || mark + 2 == key.size()) return key;
  const bool numbered = key.find_first_not_of("0123456789", mark + 2) == std::string::npos;
  return numbered ? key.substr(0, mark) : key;
}

Call read_call(const Attempt& attempt, std::string path) {
  Call call;
  call.method = "GET";
  call.path = std::move(path);
  call.timeout_ms = attempt.timeout_ms;
  call.now = attempt.now;
  return call;
}

Call search_call(const Attempt& attempt, std::string path, Json filter) {
  Call call = read_call(attempt, std::move(path));
  call.method = "POST";
  call.body = std::move(filter);
  return call;
}

Reconciliation adopted(Json object) {
  Reconciliation result;
  result.found = Reconciliation::Found::adopted;
  result.object = std::move(object);
  return result;
}

Reconciliation absent() {
  Reconciliation result;
  result.found = Reconciliation::Found::absent;
  return result;
}

Reconciliation undecided(Failure failure) {
  Reconciliation result;
  result.failure = std::move(failure);
  return result;
}

}  // namespace sequent::activities::flexprice
