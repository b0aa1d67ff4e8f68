#include "simulation/provider.hpp"

#include "base/assert.hpp"
#include "simulation/key.hpp"

namespace sequent::simulation {
namespace {

machine::Failure kept_failure(Reaction reaction) {
  auto kept = reaction == Reaction::refuse
                  ? failure(machine::Outcome::permanent, 402, "the card was refused")
                  : failure(machine::Outcome::unknown, 500, "the provider broke down");
  kept.key_spent = true;
  return kept;
}

}  // namespace

machine::Failure failure(machine::Outcome outcome, int status, const std::string& detail) {
  machine::Failure failed;
  failed.outcome = outcome;
  failed.problem = machine::make_problem(machine::ErrorKind::communication, detail);
  failed.problem.status = status;
  return failed;
}

Provider::Kept* Provider::kept(const Request& request) {
  const auto found = keys_.find(request.attempt.idempotency_key);
  if (found == keys_.end()) return nullptr;
  if (clock_.now() - found->second.born_at < request.retention_ms + slack_ms_)
    return &found->second;
  keys_.erase(found);
  return nullptr;
}

Json Provider::make(const Request& request) {
  const auto id = "obj_" + std::to_string(objects_.size() + 1);
  const Json object{{"id", id}, {"made", request.input}};
  objects_.insert(id);
  const auto base = without_revision(request.attempt.idempotency_key);
  if (!by_key_.emplace(base, object).second)
    notebook_.breach("each key makes one object",
                     request.activity + " at " + request.attempt.task + " made " + id + " beside " +
                         text_of(by_key_.at(base), "id") + " under " + base);
  // Versions of a workflow may say more in a call; what it does is named by the rest.
  Json effect = request.input;
  if (effect.is_object()) effect.erase("edition");
  if (effect.is_object()) effect.erase("undoable");
  // To undo what an operator has skipped takes nothing back, and looks alike in all runs.
  if (effect.contains("undoes") && effect["undoes"].is_null()) effect["key"] = base;
  const auto [known, fresh] = by_effect_.emplace(dump_json(effect), id);
  if (!fresh && !edited_.contains(text_of(request.input, "run")))
    notebook_.breach("no effect happens twice", request.activity + " at " + request.attempt.task +
                                                    " made " + id + " beside " + known->second +
                                                    " for " + known->first);
  notebook_.note("made " + id + " " + request.attempt.idempotency_key);
  if (request.input.contains("undoable")) undoable_[id] = text_of(request.input, "run");
  if (request.input.contains("undoes")) {
    undone_.push_back({.object = text_of(request.input, "undoes"), .by = request.attempt.instance});
    notebook_.note("undid " + undone_.back().object);
  }
  return object;
}

Json Provider::object_under(const std::string& key) const {
  const auto found = by_key_.find(without_revision(key));
  return found == by_key_.end() ? Json() : found->second;
}

runtime::ActivityResult Provider::handle(const Request& request, Reaction reaction) {
  if (reaction == Reaction::busy)
    return std::unexpected(failure(machine::Outcome::transient, 429, "too many requests"));
  const auto& key = request.attempt.idempotency_key;
  const auto [first, fresh] = first_input_.emplace(key, request.input);
  if (!fresh && first->second != request.input)
    notebook_.breach(
        "the bytes under a key never change",
        key + " carried " + dump_json(first->second) + " and now " + dump_json(request.input));
  if (request.keyed) {
    if (const auto* known = kept(request)) {
      if (known->input != request.input)
        return std::unexpected(
            failure(machine::Outcome::permanent, 400, "the key belongs to another request"));
      return known->answer;
    }
  }
  const bool breaks = reaction == Reaction::break_undone || reaction == Reaction::break_done;
  runtime::ActivityResult answer = std::unexpected(kept_failure(reaction));
  if (reaction == Reaction::serve) {
    answer = make(request);
  } else if (reaction == Reaction::break_done) {
    (void)make(request);
  }
  SEQUENT_ASSERT(request.keyed || !breaks);
  if (request.keyed) {
    keys_[key] = {.input = request.input, .answer = answer, .born_at = clock_.now()};
  } else if (!answer) {
    answer.error().key_spent = false;
  }
  return answer;
}

runtime::Reconciliation Provider::look(const Request& request) const {
  runtime::Reconciliation looked;
  const auto found = by_key_.find(without_revision(request.attempt.idempotency_key));
  looked.found = runtime::Reconciliation::Found::absent;
  if (found == by_key_.end()) return looked;
  looked.found = runtime::Reconciliation::Found::adopted;
  looked.object = found->second;
  return looked;
}

}  // namespace sequent::simulation
