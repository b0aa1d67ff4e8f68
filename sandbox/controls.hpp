#pragma once
// What every stand-in has under /_sandbox/ besides its own state: faults, the call log, the clock.
#include <optional>

#include "sandbox/calls.hpp"
#include "sandbox/faults.hpp"
#include "sandbox/stand_in.hpp"

namespace sequent::sandbox {

/// An answer of the administration. Mistakes are 400 with {"error": a sentence}.
[[nodiscard]] Reply admin_answer(int status, const Json& body);
[[nodiscard]] Reply admin_mistake(const Error& error);

/// The body of an administration request; an empty one counts as {}.
[[nodiscard]] Result<Json> admin_body(const net::ServerRequest& request);
/// Refuses members that are not among `known`, so that a misspelt one is never ignored.
[[nodiscard]] Result<void> only_members(const Json& body,
                                        std::initializer_list<std::string_view> known);

/// What the faults of one call leave of it.
struct CallFaults {
  DurationMs latency_ms = 0;
  std::optional<Fault> main;  // at most one besides latency
};

/// The answer, where a fault decides it alone: reset or hang before the effect, outage, HTML.
/// Nothing when the call must run, or when the provider words the answer (429, 500).
[[nodiscard]] std::optional<Reply> reply_without_effect(const CallFaults& faults);
/// Spoils the reply of a call that ran: lost answer, hang, huge answer, latency.
void spoil(Reply& reply, const CallFaults& faults);

class Controls {
 public:
  explicit Controls(std::uint64_t seed) : faults(seed) {}

  FaultPlan faults;
  CallLog calls;
  DurationMs clock_offset = 0;

  [[nodiscard]] CallFaults take(const net::ServerRequest& request, Timestamp now);
  /// Answers /_sandbox/{faults,calls,clock}; nothing for other paths.
  [[nodiscard]] std::optional<Reply> handle(const net::ServerRequest& request, Timestamp now);

 private:
  [[nodiscard]] Reply handle_faults(const net::ServerRequest& request, Timestamp now);
  [[nodiscard]] Reply handle_clock(const net::ServerRequest& request, Timestamp now);
};

}  // namespace sequent::sandbox
