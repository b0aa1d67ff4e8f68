// Calls that have an effect: may they be repeated, for how long, and what undoes them?
#include <algorithm>

#include "engine/definition/lint/linter.hpp"

namespace sequent::definition::lint {
namespace {

constexpr DurationMs longest_delay_ms = 24 * 3'600'000;  // of one retry: machine/faults.cpp

// The method of `call: http` where it is a constant that may be repeated by its meaning.
bool is_harmless_request(const CallTask& call) {
  if (call.activity.name != "http" || !call.arguments.skeleton.is_object()) return false;
  const auto method = text_of(call.arguments.skeleton, "method");
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" ||
         method == "OPTIONS";
}

bool is_harmless(const CallTask& call) {
  return call.activity.idempotent || call.activity.in_store || is_harmless_request(call);
}

Linter::Spot at_task(const Node& node, const char* member) {
  return {.node = &node, .pointer = node.place + member, .offset = {}};
}

void check_repeat(Linter& linter, const Node& node, const CallTask& call) {
  const ActivitySpec& spec = call.activity;
  if (is_harmless(call) || spec.can_look) return;
  if (spec.keys_unsure) {
    linter.warn(unprotected_effect, at_task(node, "/call"),
                "`" + node.name + "` may have its effect twice: nobody promises that the server " +
                    "knows the Idempotency-Key that is sent",
                "use an activity of the provider, a method that may be repeated, or accept this "
                "where the server is known to keep keys");
  } else if (spec.key_retention_ms == 0) {
    linter.warn(unprotected_effect, at_task(node, "/call"),
                "`" + node.name + "` may have its effect twice: " + spec.name +
                    " has no idempotency key and can't look for what an earlier attempt made",
                "let the activity look (reconcile), or ask before the call whether it is done");
  }
}

/// How long the retries of a policy may go on when nothing but they take time; nothing = without
/// end, and what an expression computes is taken for nothing.
std::optional<DurationMs> longest(const RetryPolicy& policy, DurationMs attempt_ms) {
  const auto fixed = [](const std::optional<Duration>& duration) {
    return duration ? duration->fixed_ms : 0;
  };
  std::optional<DurationMs> sum;
  if (policy.max_attempts) {
    const std::uint32_t retries = *policy.max_attempts;
    sum = attempt_ms + fixed(policy.attempt_duration);
    DurationMs delay = policy.delay.fixed_ms;
    constexpr std::uint32_t most_counted = 100'000;  // by then it is beyond every key
    for (std::uint32_t i = 1; i <= std::min(retries, most_counted); ++i) {
      *sum += std::min(delay, longest_delay_ms) + fixed(policy.jitter_to) + attempt_ms +
              fixed(policy.attempt_duration);
      if (policy.backoff == RetryPolicy::Backoff::exponential)
        delay = std::min(delay * 2, longest_delay_ms);
      if (policy.backoff == RetryPolicy::Backoff::linear) delay += policy.delay.fixed_ms;
    }
  }
  if (!policy.total_duration) return sum;
  if (policy.total_duration->expression) return sum ? sum : DurationMs{0};
  const DurationMs limit = policy.total_duration->fixed_ms;
  return sum ? std::min(*sum, limit) : limit;
}

bool is_within(const std::vector<NodeIndex>& tasks, NodeIndex task) {
  return std::find(tasks.begin(), tasks.end(), task) != tasks.end();
}

// From the call outwards: a `try` around another one tries all of it again.
void check_key(Linter& linter, const Node& node, const CallTask& call) {
  const ActivitySpec& spec = call.activity;
  if (is_harmless(call) || spec.key_retention_ms == 0) return;
  const Program& program = linter.program();
  DurationMs so_far = 0;
  const Node* inner = &node;
  while (inner->parent != no_node) {
    const auto index = static_cast<NodeIndex>(inner - program.nodes.data());
    const Node& outer = program.node(inner->parent);
    const auto* attempt = std::get_if<TryTask>(&outer.body);
    inner = &outer;
    if (attempt == nullptr || !attempt->retry || !is_within(attempt->tasks, index)) continue;
    const auto span = longest(*attempt->retry, so_far);
    if (span && *span <= spec.key_retention_ms) {
      so_far = *span;
      continue;
    }
    linter.warn(
        retry_outlives_key, {.node = &node, .pointer = outer.place + "/catch/retry", .offset = {}},
        "the retries of `" + outer.name + "` may go on " +
            (span ? "for " + format_duration(*span) : std::string("without end")) +
            ", and the idempotency key of `" + node.name + "` (" + spec.name + ") is good for " +
            format_duration(spec.key_retention_ms) + ": what is sent again later is a new request",
        "limit them: limit: {duration: {hours: " +
            std::to_string(std::max<DurationMs>(1, spec.key_retention_ms / 2 / 3'600'000)) + "}}");
    return;
  }
}

void check_charge(Linter& linter, const Node& node, const CallTask& call) {
  if (!call.activity.charges || node.compensation) return;
  linter.warn(charge_without_compensation, at_task(node, "/call"),
              "`" + node.name + "` bills somebody (" + call.activity.name +
                  "), and nothing says what undoes it",
              "name the task or the workflow (NAMESPACE/NAME) that does in metadata.compensate");
}

}  // namespace

void check_effects(Linter& linter) {
  for (const Node& node : linter.program().nodes) {
    const auto* call = std::get_if<CallTask>(&node.body);
    if (call == nullptr) continue;
    check_repeat(linter, node, *call);
    check_key(linter, node, *call);
    check_charge(linter, node, *call);
  }
}

}  // namespace sequent::definition::lint
