#include "activities/debug/debug.hpp"
#include "activities/input.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::debug {

namespace {

using runtime::Reconciliation;

machine::Failure failure_told_by(const Json& input, std::uint32_t attempt) {
  const std::string outcome = text_of(input, "outcome", "permanent");
  machine::Failure failure;
  failure.outcome = outcome == "transient" ? machine::Outcome::transient
                    : outcome == "unknown" ? machine::Outcome::unknown
                                           : machine::Outcome::permanent;
  failure.problem = machine::make_problem(
      machine::ErrorKind::communication,
      text_of(input, "message", "failed as told") + " (attempt " + std::to_string(attempt) + ")");
  failure.problem.status = input.value("status", 500);
  failure.problem.title = "Failed as told";
  failure.retry_after_ms = input.value("retryAfterMs", DurationMs{0});
  failure.key_spent = input.value("keySpent", false);
  return failure;
}

Json answer(std::uint32_t attempt) {
  Json output = Json::object();
  output["attempt"] = attempt;
  return output;
}

}  // namespace

Fail::Fail() {
  spec_.name = "debug.fail";
  spec_.version = "1";
  spec_.provider = "debug";
  spec_.summary = "Fails as told, for the first `times` attempts.";
  spec_.input_schema = literal(R"json({
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "outcome": {"enum": ["transient", "permanent", "unknown"]},
      "status": {"type": "integer", "minimum": 100, "maximum": 599},
      "times": {"type": "integer", "minimum": 0},
      "message": {"type": "string"},
      "retryAfterMs": {"type": "integer", "minimum": 0},
      "keySpent": {"type": "boolean"},
      "found": {"enum": ["adopted", "absent", "undecided"]}
    }
  })json");
  spec_.output_schema = literal(R"json({
    "type": "object", "required": ["attempt"], "properties": {"attempt": {"type": "integer"}}
  })json");
  spec_.key_retention_ms = 24 * 3'600'000LL;
  spec_.can_look = true;
  spec_ = compiled(std::move(spec_));
}

boost::asio::awaitable<runtime::ActivityResult> Fail::run(runtime::Attempt attempt, Json input) {
  if (auto refused = refused_input(spec(), input)) co_return std::unexpected(std::move(*refused));
  const auto times = input.find("times");
  const bool fails = times == input.end() || attempt.number <= times->get<std::uint32_t>();
  if (fails) co_return std::unexpected(failure_told_by(input, attempt.number));
  co_return answer(attempt.number);
}

boost::asio::awaitable<Reconciliation> Fail::reconcile(runtime::Attempt attempt, Json input) {
  const std::string found = text_of(input, "found", "undecided");
  Reconciliation result;
  if (found == "adopted") {
    result.found = Reconciliation::Found::adopted;
    result.object = answer(attempt.number);
  } else if (found == "absent") {
    result.found = Reconciliation::Found::absent;
  } else {
    result.failure = failure_told_by(input, attempt.number);
  }
  co_return result;
}

}  // namespace sequent::activities::debug
