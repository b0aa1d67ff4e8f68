#pragma once
// What a waiting caller wants to come about, and what he hears then: the same for a run that lives here
// and for one that was read from the store.
#include "engine/runtime/resident.hpp"

namespace sequent::runtime {

[[nodiscard]] inline bool satisfied(const Facts& facts, Until until) {
  if (machine::is_ended(facts.status)) return true;
  return until == Until::responded && facts.response != nullptr;
}

[[nodiscard]] inline WaitResult result_of(const Facts& facts, Until until) {
  WaitResult result;
  result.status = facts.status;
  result.ended = machine::is_ended(facts.status);
  result.error = facts.error;
  // Who asks for the end gets the workflow's output; who asks for the answer, the respond task's.
  const bool responded = until == Until::responded && facts.response;
  result.response = responded ? facts.response : facts.output;
  if (responded) result.answer = facts.answer;
  return result;
}

}  // namespace sequent::runtime
