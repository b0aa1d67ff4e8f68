#include "engine/outages/circuit.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sequent::outages {
namespace {

constexpr std::size_t most_windows = 16;
constexpr std::size_t most_failing = 4;  // two are enough to know

void move_to(Circuit& circuit, Position position, Timestamp now) {
  circuit.position = position;
  circuit.since = now;
  circuit.window.clear();
  circuit.failed_in_a_row = 0;
  circuit.row_since = 0;
  circuit.failing.clear();
  circuit.canaries_sent = circuit.canaries_answered = 0;
  circuit.prober.clear();
  circuit.probing_until = 0;
}

DurationMs probe_delay(const Settings& settings, std::uint32_t openings) {
  auto delay = settings.first_probe_ms;
  for (std::uint32_t i = 1; i < openings && delay < settings.longest_probe_ms; ++i) delay *= 2;
  return std::min(delay, settings.longest_probe_ms);
}

void open_by_evidence(Circuit& circuit, const Settings& settings, std::string reason,
                      Timestamp now) {
  move_to(circuit, Position::open, now);
  if (circuit.opened_at == 0) circuit.opened_at = now;
  ++circuit.openings;
  circuit.cause = Cause::evidence;
  circuit.reason = std::move(reason);
  circuit.by.clear();
  circuit.probe_at = now + probe_delay(settings, circuit.openings);
}

void close(Circuit& circuit, Timestamp now) {
  move_to(circuit, Position::closed, now);
  circuit.openings = 0;
  circuit.opened_at = 0;
  circuit.probe_at = 0;
}

Bucket& bucket_at(Circuit& circuit, const Settings& settings, Timestamp now) {
  const Timestamp from = now - now % settings.bucket_ms;
  // Clocks of nodes differ by seconds; what is farther off was seen before a clock was set back.
  const Timestamp farthest = from + 4 * settings.bucket_ms;
  while (!circuit.window.empty() && circuit.window.back().from > farthest)
    circuit.window.pop_back();
  if (circuit.window.empty() || circuit.window.back().from < from)
    circuit.window.push_back({.from = from});
  while (circuit.window.size() > settings.buckets) circuit.window.pop_front();
  return circuit.window.back();
}

std::string share(std::uint32_t part, std::uint32_t of, const char* what) {
  return std::to_string(part) + " of the last " + std::to_string(of) + " calls " + what;
}

/// Why the evidence is enough to open; "" = it is not.
std::string verdict(const Circuit& circuit, const Settings& settings, Timestamp now, bool whole) {
  if (whole && circuit.failing.size() < 2) return "";
  const Rates rates = rates_of(circuit, settings, now);
  const std::string error = circuit.last_error.empty() ? "" : ": " + circuit.last_error;
  if (circuit.failed_in_a_row >= settings.failures_in_a_row &&
      now - circuit.row_since >= settings.row_at_least_ms)
    return std::to_string(circuit.failed_in_a_row) + " calls failed in a row" + error;
  if (rates.volume < settings.minimum_volume) return "";
  if (rates.error_rate >= settings.error_rate)
    return share(rates.failed, rates.volume, "failed") + error;
  if (rates.throttled >= settings.throttle_rate * rates.volume)
    return share(rates.throttled, rates.volume, "were refused as too many");
  return "";
}

void judge_probe(Circuit& circuit, const Settings& settings, const Evidence& evidence,
                 Timestamp now) {
  if (evidence.canaries_failed > 0)
    return open_by_evidence(
        circuit, settings,
        "a probe failed" + (evidence.last_error.empty() ? "" : ": " + evidence.last_error), now);
  circuit.canaries_answered += evidence.canaries_answered;
  if (circuit.canaries_sent > 0 && circuit.canaries_answered >= circuit.canaries_sent)
    close(circuit, now);
}

}  // namespace

std::string_view name_of(Position position) {
  switch (position) {
    case Position::closed:
      return "closed";
    case Position::half_open:
      return "half-open";
    case Position::open:
      return "open";
  }
  return "";
}

std::string_view name_of(Cause cause) {
  switch (cause) {
    case Cause::none:
      return "none";
    case Cause::evidence:
      return "evidence";
    case Cause::hand:
      return "operator";
    case Cause::maintenance:
      return "maintenance";
  }
  return "";
}

void Evidence::add(const Evidence& other) {
  if (other.answered > 0 || failed_since_answer == 0) first_failed_at = other.first_failed_at;
  failed_since_answer = (other.answered > 0 ? 0 : failed_since_answer) + other.failed_since_answer;
  answered += other.answered;
  failed += other.failed;
  throttled += other.throttled;
  canaries_answered += other.canaries_answered;
  canaries_failed += other.canaries_failed;
  latency_ms += other.latency_ms;
  if (!other.last_error.empty()) last_error = other.last_error;
  for (const auto& account : other.failing)
    if (failing.size() < most_failing) failing.insert(account);
}

Rates rates_of(const Circuit& circuit, const Settings& settings, Timestamp now) {
  const Timestamp oldest = now - settings.bucket_ms * static_cast<DurationMs>(settings.buckets);
  Rates rates;
  std::uint64_t latency = 0;
  for (const auto& bucket : circuit.window) {
    if (bucket.from <= oldest) continue;
    rates.volume += bucket.answered + bucket.failed + bucket.throttled;
    rates.failed += bucket.failed;
    rates.throttled += bucket.throttled;
    latency += bucket.latency_ms;
  }
  if (rates.volume == 0) return rates;
  rates.error_rate = static_cast<double>(rates.failed) / rates.volume;
  rates.mean_latency_ms = static_cast<double>(latency) / rates.volume;
  return rates;
}

bool observe(Circuit& circuit, const Settings& settings, const Evidence& evidence, Timestamp now,
             bool whole) {
  const Position before = circuit.position;
  if (evidence.failed > 0) {
    circuit.last_failed_at = now;
    if (!evidence.last_error.empty()) circuit.last_error = evidence.last_error;
  }
  if (circuit.position == Position::half_open) {
    judge_probe(circuit, settings, evidence, now);
    return circuit.position != before;
  }
  if (circuit.position == Position::open) return false;  // what was under way comes home
  auto& bucket = bucket_at(circuit, settings, now);
  bucket.answered += evidence.answered;
  bucket.failed += evidence.failed;
  bucket.throttled += evidence.throttled;
  bucket.latency_ms += evidence.latency_ms;
  // A refusal is an answer too, if not the wanted one.
  if (evidence.answered + evidence.throttled > 0) circuit.failed_in_a_row = 0;
  if (circuit.failed_in_a_row == 0 && evidence.failed_since_answer > 0)
    circuit.row_since = evidence.first_failed_at != 0 ? evidence.first_failed_at : now;
  circuit.row_since = std::min(circuit.row_since, now);
  circuit.failed_in_a_row += evidence.failed_since_answer;
  for (const auto& account : evidence.failing)
    if (circuit.failing.size() < most_failing) circuit.failing.insert(account);
  if (rates_of(circuit, settings, now).failed == 0) circuit.failing.clear();
  if (!evidence.bad()) return false;
  auto why = verdict(circuit, settings, now, whole);
  if (why.empty()) return false;
  open_by_evidence(circuit, settings, std::move(why), now);
  return true;
}

bool pass_time(Circuit& circuit, const Settings& settings, Timestamp now) {
  auto changed = std::erase_if(circuit.maintenance,
                               [now](const Window& window) { return window.to <= now; }) > 0;
  const auto current = std::ranges::find_if(
      circuit.maintenance, [now](const Window& window) { return window.from <= now; });
  const bool held_by_hand =
      circuit.position == Position::open && circuit.cause == Cause::hand && circuit.probe_at == 0;
  const bool begun = circuit.position == Position::open && circuit.cause == Cause::maintenance;
  if (current != circuit.maintenance.end() && !held_by_hand &&
      (!begun || circuit.probe_at < current->to)) {
    move_to(circuit, Position::open, now);
    if (circuit.opened_at == 0) circuit.opened_at = now;
    circuit.cause = Cause::maintenance;
    circuit.reason = current->reason;
    circuit.by = current->by;
    circuit.probe_at = current->to;
    return true;
  }
  // Farther off than any probe is only what a clock says that was set back since.
  const Timestamp latest_probe = now + 2 * settings.longest_probe_ms;
  if (circuit.position == Position::open && circuit.cause == Cause::evidence &&
      circuit.probe_at > latest_probe) {
    circuit.probe_at = now + settings.longest_probe_ms;
    changed = true;
  }
  const bool far_off = circuit.probing_until > now + 2 * settings.canary_patience_ms;
  if (circuit.position == Position::half_open && (circuit.probing_until <= now || far_off)) {
    // Its node died, or the canaries' runs were cancelled. Nothing is known, so nothing gets worse.
    const auto opened_at = circuit.opened_at;
    move_to(circuit, Position::open, now);
    circuit.opened_at = opened_at;
    circuit.probe_at = now + settings.first_probe_ms;
    circuit.reason = "the probe brought no answer in time";
    changed = true;
  }
  return changed;
}

Timestamp next_change(const Circuit& circuit) {
  Timestamp next = 0;
  const auto consider = [&next](Timestamp at) {
    if (at != 0 && (next == 0 || at < next)) next = at;
  };
  if (circuit.position == Position::half_open) consider(circuit.probing_until);
  for (const auto& window : circuit.maintenance) {
    const bool begun = circuit.position == Position::open && circuit.since >= window.from;
    consider(begun ? window.to : window.from);
  }
  return next;
}

bool may_probe(const Circuit& circuit, Timestamp now) {
  return circuit.position == Position::open && circuit.probe_at != 0 && circuit.probe_at <= now;
}

void begin_probe(Circuit& circuit, const Settings& settings, const std::string& node,
                 Timestamp now) {
  SEQUENT_ASSERT(may_probe(circuit, now));
  move_to(circuit, Position::half_open, now);
  circuit.prober = node;
  circuit.probing_until = now + settings.canary_patience_ms;
}

void open_by_hand(Circuit& circuit, const std::string& reason, const std::string& by,
                  Timestamp until, Timestamp now) {
  move_to(circuit, Position::open, now);
  if (circuit.opened_at == 0) circuit.opened_at = now;
  circuit.cause = Cause::hand;
  circuit.reason = reason;
  circuit.by = by;
  circuit.probe_at = until;
}

void close_by_hand(Circuit& circuit, const std::string& reason, const std::string& by,
                   Timestamp now) {
  close(circuit, now);
  circuit.cause = Cause::hand;
  circuit.reason = reason;
  circuit.by = by;
  // The window that is on would open it again at once: the hand knows better.
  std::erase_if(circuit.maintenance, [now](const Window& window) { return window.from <= now; });
}

bool declare(Circuit& circuit, Window window, Timestamp now) {
  if (window.to <= window.from || window.to <= now) return false;
  if (std::ranges::find(circuit.maintenance, window) != circuit.maintenance.end()) return true;
  if (circuit.maintenance.size() >= most_windows) return false;
  circuit.maintenance.push_back(std::move(window));
  std::ranges::sort(circuit.maintenance, {}, &Window::from);
  return true;
}

}  // namespace sequent::outages
