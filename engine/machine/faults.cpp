// Errors: who catches them, how `try` tries again, and when the instance faults.
#include <algorithm>

#include "base/assert.hpp"
#include "engine/machine/decider.hpp"

namespace sequent::machine {

using definition::RetryPolicy;
using definition::TryTask;

namespace {

constexpr DurationMs longest_delay_ms = 24 * 3'600'000;

bool member_fits(const std::string& name, const Json& expected, const Json& error) {
  const auto actual = error.find(name);
  if (actual == error.end()) return expected.is_null();
  if (name == "type" && expected.is_string() && actual->is_string())
    return same_type(expected.get_ref<const std::string&>(), actual->get_ref<const std::string&>());
  return *actual == expected;
}

DurationMs backoff_delay(const RetryPolicy& policy, DurationMs delay, std::uint32_t retry) {
  SEQUENT_ASSERT(retry >= 1);
  switch (policy.backoff) {
    case RetryPolicy::Backoff::constant:
      return delay;
    case RetryPolicy::Backoff::linear:
      return std::min(longest_delay_ms, delay * retry);
    case RetryPolicy::Backoff::exponential: {
      auto grown = delay;
      for (std::uint32_t i = 1; i < retry && grown < longest_delay_ms; ++i) grown *= 2;
      return std::min(grown, longest_delay_ms);
    }
  }
  return delay;
}

}  // namespace

/// Which `try` takes an error, and what it does about it.
struct Decider::Catch {
  FrameId frame = 0;
  Timestamp retry_at = 0;
  NodeIndex next = no_node;
};

std::optional<Decider::Catch> Decider::catcher(FrameId from, const Problem& problem,
                                               DurationMs at_least_ms, bool including_self) {
  const auto error = to_json(problem);
  auto id = including_self ? from : frame(from).parent;
  for (; id != 0; id = frame(id).parent) {
    const auto& candidate = frame(id);
    const auto* task = std::get_if<TryTask>(&node_of(candidate).body);
    const auto* attempt = std::get_if<TryState>(&candidate.detail);
    if (task == nullptr || attempt == nullptr || attempt->catching) continue;

    auto at = here(candidate);
    const Json variables{{task->as, error}};
    at.variables = &variables;
    const auto& dot = *candidate.input;
    const auto holds = [&](const std::optional<ExpressionId>& condition, bool otherwise) {
      if (!condition) return otherwise;
      const auto result = evaluator.truth(*condition, dot, at);
      return result && *result;  // a condition that fails catches nothing
    };
    if (task->error_filter.is_object()) {
      const auto fits = std::all_of(
          task->error_filter.items().begin(), task->error_filter.items().end(),
          [&](const auto& member) { return member_fits(member.key(), member.value(), error); });
      if (!fits) continue;
    }
    const auto expressions_fit =
        std::all_of(task->error_filter_expressions.begin(), task->error_filter_expressions.end(),
                    [&](const auto& member) {
                      const auto expected = evaluator.value(member.second, dot, at);
                      return expected && member_fits(member.first, *expected, error);
                    });
    if (!expressions_fit || !holds(task->when, true) || holds(task->except_when, false)) continue;

    const auto handler = task->catch_tasks.empty() ? no_node : task->catch_tasks.front();
    if (!task->retry) return Catch{.frame = id, .next = handler};
    const auto& policy = *task->retry;
    const auto retries = attempt->attempt;  // this would be retry number `attempt`
    auto allowed = holds(policy.when, true) && !holds(policy.except_when, false) &&
                   (!policy.max_attempts || retries <= *policy.max_attempts);
    if (allowed && policy.total_duration && attempt->first_failed_at != 0) {
      const auto limit = evaluator.duration(*policy.total_duration, dot, at);
      allowed = limit && now - candidate.started_at < *limit;
    }
    if (allowed) {
      const auto delay = evaluator.duration(policy.delay, dot, at);
      auto wait = delay ? backoff_delay(policy, *delay, retries) : 0;
      if (policy.jitter_from && policy.jitter_to) {
        const auto low = evaluator.duration(*policy.jitter_from, dot, at).value_or(0);
        const auto high = evaluator.duration(*policy.jitter_to, dot, at).value_or(low);
        if (high > low)
          wait +=
              low + static_cast<DurationMs>(random() % static_cast<std::uint64_t>(high - low + 1));
        else
          wait += low;
      }
      return Catch{.frame = id,
                   .retry_at = std::max<Timestamp>(now + std::max(wait, at_least_ms), 1)};
    }
    // Retries are used up: the handler gets it, or it goes on outwards. It is never swallowed.
    if (handler != no_node) return Catch{.frame = id, .next = handler};
  }
  return std::nullopt;
}

Decider::Taker Decider::taker_of(FrameId id, const Problem& problem) {
  const auto kept = random_;
  const auto found = catcher(id, problem, 0, false);
  random_ = kept;
  if (!found) return Taker::nobody;
  return found->retry_at != 0 ? Taker::retry : Taker::handler;
}

void Decider::raise(FrameId id, Problem problem, DurationMs at_least_ms, bool including_self,
                    const InstanceId& faulted_child) {
  SEQUENT_ASSERT(find(id) != nullptr);
  if (problem.instance.empty()) problem.instance = node_of(frame(id)).pointer;
  if (const auto taken = catcher(id, problem, at_least_ms, including_self)) {
    ErrorCaught caught{.frame = taken->frame,
                       .source = id,
                       .error = std::move(problem),
                       .retry_at = taken->retry_at,
                       .next = taken->next};
    if (faulted_child != InstanceId{}) {
      caught.child = faulted_child;
      caught.child_place = place_of(id);
    }
    emit(std::move(caught));
    if (taken->retry_at == 0) make_ready(taken->frame);
    return;
  }
  emit(TaskFaulted{.frame = id, .error = problem});
  emit(InstanceFaulted{.frame = id, .error = std::move(problem)});
}

void Decider::fault_workflow(Problem problem) {
  if (problem.instance.empty()) problem.instance = "/";
  emit(InstanceFaulted{.frame = 0, .error = std::move(problem)});
}

}  // namespace sequent::machine
