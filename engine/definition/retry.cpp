// Retry policies.
#include "engine/definition/compiler.hpp"

namespace sequent::definition {
namespace {

RetryPolicy::Backoff read_backoff(Compiler& compiler, const Value& value) {
  Fields fields{compiler.report, value, "a backoff"};
  auto out = RetryPolicy::Backoff::constant;
  int given = 0;
  const std::pair<std::string_view, RetryPolicy::Backoff> kinds[] = {
      {"constant", RetryPolicy::Backoff::constant},
      {"linear", RetryPolicy::Backoff::linear},
      {"exponential", RetryPolicy::Backoff::exponential}};
  for (const auto& [name, kind] : kinds) {
    const auto member = fields.get(name);
    if (!member) continue;
    ++given;
    out = kind;
    // The language gives these objects no properties (yet), so any content is a mistake.
    if (!member->json->is_null()) Fields{compiler.report, *member, "this backoff"}.finish();
  }
  fields.finish();
  if (given != 1 && fields.usable()) {
    compiler.report.at_key(value.pointer,
                           "expected one of constant, linear and exponential, got " +
                               std::string{given == 0 ? "none" : "several"},
                           "write backoff: {exponential: {}}");
  }
  return out;
}

void read_limit(Compiler& compiler, const Value& value, RetryPolicy& policy,
                const Variables& variables) {
  Fields fields{compiler.report, value, "a retry limit"};
  if (const auto attempt = fields.get("attempt")) {
    Fields inner{compiler.report, *attempt, "a limit of attempts"};
    if (const auto count = inner.get("count")) {
      const auto number =
          read_integer(compiler.report, *count, "the number of retries", 0, 1'000'000);
      if (number) policy.max_attempts = static_cast<std::uint32_t>(*number);
    }
    if (const auto duration = inner.get("duration"))
      policy.attempt_duration = read_duration(compiler, *duration, "a duration", variables);
    inner.finish();
  }
  if (const auto duration = fields.get("duration"))
    policy.total_duration = read_duration(compiler, *duration, "a duration", variables);
  fields.finish();
}

void read_jitter(Compiler& compiler, const Value& value, RetryPolicy& policy,
                 const Variables& variables) {
  Fields fields{compiler.report, value, "a jitter"};
  if (const auto from = fields.require("from", "a duration"))
    policy.jitter_from = read_duration(compiler, *from, "a duration", variables);
  if (const auto to = fields.require("to", "a duration"))
    policy.jitter_to = read_duration(compiler, *to, "a duration", variables);
  fields.finish();
  const bool fixed = policy.jitter_from && policy.jitter_to && !policy.jitter_from->expression &&
                     !policy.jitter_to->expression;
  if (fixed && policy.jitter_from->fixed_ms > policy.jitter_to->fixed_ms) {
    compiler.report.at_value(value.pointer + "/from",
                             "expected a jitter whose `from` is at most its `to`, got " +
                                 format_duration(policy.jitter_from->fixed_ms) + " and " +
                                 format_duration(policy.jitter_to->fixed_ms));
  }
}

}  // namespace

std::optional<RetryPolicy> read_retry(Compiler& compiler, const Value& value,
                                      const Variables& variables) {
  if (value.json->is_string()) {
    const auto named = compiler.resolve("retries", "retry policy", value);
    if (!named || !named->json->is_object()) return std::nullopt;
    return read_retry(compiler, *named, variables);
  }
  RetryPolicy out;
  Fields fields{compiler.report, value, "a retry policy"};
  if (const auto when = fields.get("when"))
    out.when = read_expression(compiler, *when, "`when`", variables);
  if (const auto except = fields.get("exceptWhen"))
    out.except_when = read_expression(compiler, *except, "`exceptWhen`", variables);
  if (const auto delay = fields.get("delay")) {
    if (const auto duration = read_duration(compiler, *delay, "a duration", variables))
      out.delay = *duration;
  }
  if (const auto backoff = fields.get("backoff")) out.backoff = read_backoff(compiler, *backoff);
  if (const auto limit = fields.get("limit")) read_limit(compiler, *limit, out, variables);
  if (const auto jitter = fields.get("jitter")) read_jitter(compiler, *jitter, out, variables);
  fields.finish();
  return out;
}

}  // namespace sequent::definition
