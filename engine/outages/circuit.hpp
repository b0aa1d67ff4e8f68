#pragma once
// The health of one provider, account and class of operations: a small state machine. Nothing here
// reads a clock, asks a store or knows a thread; a node reports what it saw, everybody sees the same.
//
//   closed ──(evidence, a hand, a maintenance window)──> open
//   open ──(probe_at, and a node that has parked calls)──> half_open: that node lets a few of them go
//   half_open ──(all of them were answered)──> closed: what is parked drains
//   half_open ──(one failed, or nothing came back in time)──> open, for longer
//
// An answer is health, whatever it says: a declined card, a missing object, a refused key. What
// counts against a provider is silence, a broken connection, a 5xx, and a storm of 429.
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "engine/definition/circuit_id.hpp"

namespace sequent::outages {

using definition::CircuitId;

enum class Position : std::uint8_t { closed, half_open, open };
[[nodiscard]] std::string_view name_of(Position position);

/// Why it is open, or was last.
enum class Cause : std::uint8_t { none, evidence, hand, maintenance };
[[nodiscard]] std::string_view name_of(Cause cause);

struct Settings {
  DurationMs bucket_ms = 3'000;  // of the sliding window
  std::size_t buckets = 10;
  std::uint32_t minimum_volume = 20;  // calls in the window before rates mean anything
  double error_rate = 0.5;
  double throttle_rate = 0.9;  // below, the rate limit adapts instead
  // Little traffic never reaches the volume: so many failures in a row open too, unless they fell in
  // one moment, as when a connection breaks that carried them all.
  std::uint32_t failures_in_a_row = 5;
  DurationMs row_at_least_ms = 1'000;
  DurationMs first_probe_ms = 5'000, longest_probe_ms = 60'000;  // doubled from opening to opening
  std::uint32_t canaries = 3;
  DurationMs canary_patience_ms = 90'000;  // longer than an attempt may take
};

/// What one node saw of one circuit since it last said so.
struct Evidence {
  std::uint32_t answered = 0, failed = 0, throttled = 0;
  std::uint32_t failed_since_answer = 0;                     // the failures after the last answer
  std::uint32_t canaries_answered = 0, canaries_failed = 0;  // of those above
  std::uint64_t latency_ms = 0;                              // sum over answered and failed
  std::string last_error;                                    // "503 Service Unavailable"
  std::set<std::string> failing;                             // accounts, at most a few
  Timestamp first_failed_at = 0;                             // of failed_since_answer

  [[nodiscard]] bool bad() const { return failed > 0 || throttled > 0; }
  [[nodiscard]] bool empty() const { return answered + failed + throttled == 0; }
  void add(const Evidence& other);
};

struct Bucket {
  Timestamp from = 0;
  std::uint32_t answered = 0, failed = 0, throttled = 0;
  std::uint64_t latency_ms = 0;
};

/// Announced in advance: no call leaves between the two, and nobody judges by silence.
struct Window {
  Timestamp from = 0, to = 0;
  std::string reason, by;
  bool operator==(const Window&) const = default;
};

struct Circuit {
  Position position = Position::closed;
  Cause cause = Cause::none;
  std::string reason, by;      // of the last change
  Timestamp since = 0;         // when it came to this position
  Timestamp opened_at = 0;     // the outage, over all its probes; 0 = none
  Timestamp probe_at = 0;      // open: canaries may go from then on; 0 = only a hand closes it
  std::uint32_t openings = 0;  // in a row, without a good probe
  std::string prober;          // half_open: the node whose canaries are out
  Timestamp probing_until = 0;
  std::uint32_t canaries_sent = 0, canaries_answered = 0;
  std::deque<Bucket> window;
  std::uint32_t failed_in_a_row = 0;
  Timestamp row_since = 0;
  Timestamp last_failed_at = 0;
  std::string last_error;
  std::set<std::string> failing;  // a whole provider: accounts that failed in the window
  double most_per_second = 0;     // an operator's limits over all nodes; 0 = none
  std::uint32_t most_at_once = 0;
  double learnt_per_second = 0;  // over all nodes, from the last refusals; 0 = none
  Timestamp learnt_at = 0;
  std::vector<Window> maintenance;  // by `from`; those that are over are forgotten
};

struct Rates {
  std::uint32_t volume = 0, failed = 0, throttled = 0;
  double error_rate = 0, mean_latency_ms = 0;
};
[[nodiscard]] Rates rates_of(const Circuit& circuit, const Settings& settings, Timestamp now);

/// Takes in what a node saw. True when the position changed. `whole` = the provider's own circuit:
/// it opens only when several accounts fail, for one that fails has a circuit of its own.
bool observe(Circuit& circuit, const Settings& settings, const Evidence& evidence, Timestamp now,
             bool whole);
/// What time alone changes: windows begin and end, a probe that nobody answers is over. True when
/// anything changed.
bool pass_time(Circuit& circuit, const Settings& settings, Timestamp now);
/// The next time at which pass_time() has something to do; 0 = none.
[[nodiscard]] Timestamp next_change(const Circuit& circuit);

[[nodiscard]] bool may_probe(const Circuit& circuit, Timestamp now);
/// open -> half_open; `node` lets canaries go once everybody can see this.
void begin_probe(Circuit& circuit, const Settings& settings, const std::string& node,
                 Timestamp now);

/// `until` 0: until a hand closes it.
void open_by_hand(Circuit& circuit, const std::string& reason, const std::string& by,
                  Timestamp until, Timestamp now);
void close_by_hand(Circuit& circuit, const std::string& reason, const std::string& by,
                   Timestamp now);
/// The same window twice is one; more than a few are refused (false).
[[nodiscard]] bool declare(Circuit& circuit, Window window, Timestamp now);

[[nodiscard]] std::string encode(const Circuit& circuit);
/// A circuit that this build can't read is a fresh one: it is learnt again.
[[nodiscard]] Circuit decode(const std::string& text);

}  // namespace sequent::outages
