// The gate: what may leave, and what answers say.
#include "engine/runtime/outages.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/assert.hpp"

namespace sequent::runtime {

using outages::Evidence;
using outages::Position;

namespace {

constexpr DurationMs patience_ms = 1'000;  // longer, and a call waits on disk instead of in memory
constexpr DurationMs clock_skew_ms = 10'000;  // between nodes
constexpr DurationMs look_again_ms = 50;      // for a place among those under way
constexpr DurationMs healthy_window_ms =
    30'000;  // answers that nobody needs to hear of are forgotten

std::string short_error(const machine::Failure& failure) {
  constexpr std::size_t longest = 120;
  std::string text = std::to_string(failure.problem.status) + " " + failure.problem.title;
  if (text.size() > longest) text.resize(longest);
  return text;
}

}  // namespace

Sign sign_of(const machine::Failure& failure) {
  constexpr int too_many = 429, server_error = 500, request_timeout = 408;
  if (failure.ours) return Sign::nothing;
  // Declined, missing, refused: the provider is well.
  if (failure.outcome == machine::Outcome::permanent) return Sign::answered;
  const auto& problem = failure.problem;
  // One object is locked, and only for a moment: no word about the rate of calls.
  const bool locked = problem.title == "lock_timeout";
  if (failure.throttled || problem.status == too_many)
    return locked ? Sign::answered : Sign::throttled;
  const auto is = [&](machine::ErrorKind kind) {
    return machine::same_type(problem.type, machine::standard_type(kind));
  };
  if (is(machine::ErrorKind::timeout)) return Sign::failed;
  // What broke on our side has another type, whatever its status.
  const bool bad_status = problem.status >= server_error || problem.status == request_timeout;
  if (is(machine::ErrorKind::communication) && bad_status) return Sign::failed;
  return Sign::answered;  // a conflict, a dependency: it says so itself
}

Outages::Outages(Setting setting)
    : setting_(std::move(setting)),
      strand_(boost::asio::make_strand(setting_.executor)),
      alarm_(setting_.alarms.make(strand_)) {}

Outages::Entry& Outages::entry(const CircuitId& circuit) {
  const auto [found, fresh] = entries_.try_emplace(circuit);
  Entry& own = found->second;
  if (fresh) {
    own.whole = circuit.is_whole() ? &own : &entry(circuit.whole());
    own.gate.circuit_ = &found->first;
    own.gate.whole_ = circuit.is_whole() ? nullptr : &own.whole->gate;
  }
  return own;
}

Gate& Outages::gate(const CircuitId& circuit) {
  const std::lock_guard lock{mutex_};
  return entry(circuit).gate;
}

const Outages::Entry* Outages::find(const CircuitId& circuit) const {
  const auto found = entries_.find(circuit);
  return found == entries_.end() ? nullptr : &found->second;
}

Outages::Standing Outages::standing(const CircuitId& circuit) const {
  Standing stands;
  for (const auto* one : {find(circuit), find(circuit.whole())}) {
    if (one == nullptr) continue;
    stands.open = stands.open || one->circuit.position == Position::open;
    stands.half_open = stands.half_open || one->circuit.position == Position::half_open;
  }
  return stands;
}

bool Outages::is_open(const CircuitId& circuit) const {
  const std::lock_guard lock{mutex_};
  const auto stands = standing(circuit);
  return stands.open || stands.half_open;
}

bool Outages::take_back(Gate& gate) {
  if (gate.open_.load(std::memory_order_acquire)) return false;
  const std::lock_guard lock{mutex_};
  const auto stands = standing(gate.circuit());
  if (!stands.open && !stands.half_open) return false;
  gate.come_back();
  (void)hold(entry(gate.circuit()), machine::ParkReason::provider_open);
  return true;
}

Outages::Verdict Outages::hold(Entry& own, machine::ParkReason reason) {
  own.backlog = true;
  own.gate.open_ = false;
  ++totals_.held_back;
  wake();
  return {.kind = Verdict::Kind::park, .reason = reason};
}

// Whether calls may pass without a look at anything else.
void Outages::set_gate(const CircuitId& circuit, Entry& own) {
  const Timestamp now = setting_.clock.now();
  const auto plain = [now](const Entry& one) {
    return one.circuit.position == Position::closed && one.circuit.maintenance.empty() &&
           one.circuit.most_at_once == 0 && one.rate.per_second() <= 0 && one.rate.next(now) <= now;
  };
  const bool open =
      !circuit.is_whole() && !own.backlog && own.tickets == 0 && plain(own) && plain(*own.whole);
  own.gate.open_.store(open, std::memory_order_release);
}

void Outages::set_gates() {
  for (auto& [id, one] : entries_) set_gate(id, one);
}

// What passed the open gate, in the second in which it was counted.
void Outages::roll(Entry& own, Timestamp now) {
  Gate& gate = own.gate;
  const Timestamp at = std::min(now, gate.second_.exchange(now / 1'000) * 1'000);
  Evidence evidence;
  evidence.answered = gate.answered_.exchange(0);
  evidence.latency_ms = gate.latency_ms_.exchange(0);
  if (evidence.answered == 0) return;
  for (auto* one : {&own, own.whole}) {
    one->rate.answered(at, evidence.answered);
    if (one->circuit.position != Position::closed) continue;
    weigh(*one->gate.circuit_, *one, evidence, at);
  }
}

void Outages::roll_all() {
  const Timestamp now = setting_.clock.now();
  for (auto& [id, one] : entries_)
    if (!id.is_whole()) roll(one, now);
}

// Those that waited longer go first, as long as places are few: while the waves are small, and where
// there is a limit. At full speed a new call takes nothing from them.
bool Outages::flows(const CircuitId& circuit, const Entry& own, const Entry& whole) const {
  constexpr double full_speed = 500;
  if (own.rate.per_second() > 0 || whole.rate.per_second() > 0) return false;
  const auto provider = providers_.find(circuit.provider);
  return provider != providers_.end() && provider->second.ramp &&
         provider->second.ramp->per_second() >= full_speed;
}

Outages::Verdict Outages::admit(Gate& gate, const Asking& asking) {
  const Timestamp now = setting_.clock.now();
  if (gate.open_.load(std::memory_order_acquire) &&
      gate.second_.load(std::memory_order_relaxed) == now / 1'000) {
    gate.leave();
    return {};
  }
  const std::lock_guard lock{mutex_};
  Entry& own = entry(gate.circuit());
  roll(own, now);
  auto verdict = judge(own, asking, now);
  if (verdict.kind == Verdict::Kind::go) gate.leave();
  set_gate(gate.circuit(), own);
  return verdict;
}

Outages::Verdict Outages::judge(Entry& own, const Asking& asking, Timestamp now) {
  const CircuitId& circuit = own.gate.circuit();
  Entry& whole = *own.whole;
  for (Entry* one : {&own, &whole})
    if (!one->circuit.maintenance.empty() && outages::pass_time(one->circuit, setting_.rules, now))
      one->dirty = true;
  // Another node, or an operator at one, may have changed something: who calls looks once a second.
  if (setting_.shared && may_sync(now) && !wants_sync_) {
    wants_sync_ = true;
    wake();
  }
  bool let_go = asking.placed;
  bool canary = asking.canary;
  if (const auto found = tickets_.find({asking.run, asking.frame}); found != tickets_.end()) {
    let_go = true;
    canary = found->second.canary;
    --entry(found->second.circuit).tickets;
    tickets_.erase(found);
  }
  const auto stands = standing(circuit);
  if (stands.open || (stands.half_open && !canary))
    return hold(own, machine::ParkReason::provider_open);
  if (own.backlog && !let_go && !flows(circuit, own, whole))
    return hold(own, machine::ParkReason::limit);
  for (const Entry* one : {&own, &whole}) {
    const auto most = one->circuit.most_at_once;
    if (most == 0 || one->in_flight() < outages::places_of(most, peers_, now)) continue;
    if (now - asking.since >= patience_ms) return hold(own, machine::ParkReason::limit);
    return {
        .kind = Verdict::Kind::wait, .at = now + look_again_ms, .placed = let_go, .canary = canary};
  }
  if (asking.placed) return {.canary = canary};
  const Timestamp next = std::max(own.rate.next(now), whole.rate.next(now));
  if (next - now > patience_ms) return hold(own, machine::ParkReason::limit);
  const Timestamp at = std::max(own.rate.take(now), whole.rate.take(now));
  if (at > now) return {.kind = Verdict::Kind::wait, .at = at, .placed = true, .canary = canary};
  return {.canary = canary};
}

void Outages::weigh(const CircuitId& circuit, Entry& own, const Evidence& evidence, Timestamp now) {
  if (!own.dirty && now - own.pending_since > healthy_window_ms) {
    own.pending = {};
    own.pending_since = now;
  }
  own.pending.add(evidence);
  const bool moved =
      outages::observe(own.circuit, setting_.rules, evidence, now, circuit.is_whole());
  if (moved && own.circuit.position == Position::open) own.found_ill = true;
  if (!moved && !evidence.bad() && own.circuit.position != Position::half_open) return;
  own.dirty = true;
  wants_sync_ = true;
  wake();
}

void Outages::ended(Gate& gate, const Ended& how, const machine::Failure* failure) {
  const Timestamp now = setting_.clock.now();
  const Sign sign = failure == nullptr ? Sign::answered : sign_of(*failure);
  gate.come_back();
  if (!how.sent || sign == Sign::nothing) return;
  Evidence evidence;
  evidence.latency_ms = static_cast<std::uint64_t>(std::max<DurationMs>(0, now - how.left_at));
  if (sign == Sign::answered && gate.open_.load(std::memory_order_acquire)) {
    gate.latency_ms_.fetch_add(evidence.latency_ms, std::memory_order_relaxed);
    gate.answered_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  evidence.answered = sign == Sign::answered ? 1 : 0;
  evidence.throttled = sign == Sign::throttled ? 1 : 0;
  if (sign == Sign::failed) {
    evidence.failed = evidence.failed_since_answer = 1;
    evidence.first_failed_at = now;
    evidence.last_error = short_error(*failure);
    evidence.failing.insert(gate.circuit().account);
  }
  if (how.canary) {
    evidence.canaries_failed = sign == Sign::failed ? 1 : 0;
    evidence.canaries_answered = sign == Sign::failed ? 0 : 1;
  }
  const std::lock_guard lock{mutex_};
  Entry& own = entry(gate.circuit());
  roll(own, now);
  for (Entry* one : {&own, own.whole}) {
    if (sign == Sign::answered) one->rate.answered(now);
    // A refusal is about the account; only where there is no other does it bind the provider.
    if (sign == Sign::throttled && one == &own) {
      one->rate.refused(now, failure->retry_after_ms);
      learn(*one);
    }
    // What left before the last change says how things were then.
    const bool before =
        how.left_at < one->circuit.since && one->circuit.since < now + clock_skew_ms;
    if (before && !how.canary) continue;
    weigh(*one->gate.circuit_, *one, evidence, now);
  }
  if (sign == Sign::throttled) ++totals_.throttled;
  if (sign == Sign::failed || sign == Sign::throttled) {
    auto& provider = providers_[gate.circuit().provider];
    if (provider.ramp) provider.ramp->failed();
  }
  set_gate(gate.circuit(), own);
}

void Outages::parking(const CircuitId& circuit) {
  const std::lock_guard lock{mutex_};
  Entry& own = entry(circuit);
  ++own.parking;
  ++own.parked;
  own.backlog = true;
  own.gate.open_ = false;
  wake();
}

void Outages::parked(const CircuitId& circuit, const ParkedPlace* place) {
  const std::lock_guard lock{mutex_};
  Entry& own = entry(circuit);
  SEQUENT_ASSERT(own.parking > 0);
  --own.parking;
  if (place != nullptr) own.queue.arrived(*place);
}

void Outages::share_limits(Entry& one) {
  const auto nodes = static_cast<double>(peers_.nodes);
  one.rate.set_most(one.circuit.most_per_second / nodes);
  one.rate.adopt(one.circuit.learnt_per_second / nodes, one.circuit.learnt_at,
                 setting_.clock.now());
}

// Whoever comes later, or comes back, need not be refused to know.
void Outages::learn(Entry& one) {
  if (one.rate.learnt() <= 0 || one.rate.learnt_at() <= one.circuit.learnt_at) return;
  one.circuit.learnt_per_second = one.rate.learnt() * static_cast<double>(peers_.nodes);
  one.circuit.learnt_at = one.rate.learnt_at();
  one.dirty = true;
  wants_sync_ = true;
  wake();
}

void Outages::set_peers(const outages::Peers& peers) {
  SEQUENT_ASSERT(peers.rank < peers.nodes);
  const std::lock_guard lock{mutex_};
  peers_ = peers;
  for (auto& [id, one] : entries_) share_limits(one);
  set_gates();
}

Outages::Totals Outages::totals() const {
  const std::lock_guard lock{mutex_};
  return totals_;
}

ProviderView Outages::view_of(const CircuitId& id, const Entry& one) const {
  ProviderView view{.id = id, .circuit = one.circuit};
  view.rates = outages::rates_of(one.circuit, setting_.rules, setting_.clock.now());
  view.per_second = one.rate.per_second();
  view.adapted = one.rate.adapted();
  view.in_flight = one.in_flight();
  const auto provider = providers_.find(id.provider);
  if (provider != providers_.end() && provider->second.ramp && one.backlog)
    view.drain_per_second = provider->second.ramp->per_second();
  return view;
}

std::optional<ProviderView> Outages::view(const CircuitId& circuit) const {
  const std::lock_guard lock{mutex_};
  const auto* own = find(circuit);
  const auto* whole = find(circuit.whole());
  // What holds calls of this circuit back, if anything does.
  if (whole != nullptr && whole->circuit.position != Position::closed)
    return view_of(circuit.whole(), *whole);
  if (own == nullptr) return std::nullopt;
  return view_of(circuit, *own);
}

std::vector<ProviderView> Outages::views() {
  constexpr DurationMs at_risk_ms = 3'600'000;
  const auto counts = setting_.store.parked_counts(setting_.clock.now() + at_risk_ms);
  const std::lock_guard lock{mutex_};
  roll_all();
  std::map<CircuitId, ProviderView> views;
  for (const auto& [id, one] : entries_) {
    // Of a whole provider, only what stands apart from its accounts is worth a line.
    const bool plain = one.circuit.position == Position::closed &&
                       one.circuit.maintenance.empty() && one.circuit.most_per_second == 0 &&
                       one.circuit.most_at_once == 0;
    if (!id.is_whole() || !plain) views[id] = view_of(id, one);
  }
  for (const auto& count : counts) {
    auto& view = views[count.circuit];
    view.id = count.circuit;
    view.parked = count.calls;
    view.parked_since = count.oldest;
    view.earliest_deadline = count.earliest_deadline;
    view.at_risk = count.at_risk;
  }
  std::vector<ProviderView> list;
  list.reserve(views.size());
  for (auto& [id, view] : views) list.push_back(std::move(view));
  return list;
}

}  // namespace sequent::runtime
