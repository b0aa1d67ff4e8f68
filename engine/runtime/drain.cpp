// What is parked: probing while a provider is out of order, and letting go when it is back.
#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/assert.hpp"
#include "engine/runtime/outages.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::runtime {

using outages::Position;

namespace {

constexpr DurationMs tick_ms = 100;  // while something drains
constexpr DurationMs sync_every_ms = 1'000;
constexpr DurationMs ticket_ms = 30'000;   // a run that can't be loaded now is let go again later
constexpr DurationMs read_again_ms = 200;  // a queue whose first calls are all on their way
constexpr std::size_t queue_page = 128;
constexpr std::size_t least_under_way = 20;  // of a drain, however slow it is
constexpr double seconds_under_way = 5;      // no more than leave in this time are out at once

}  // namespace

// From any thread, under the mutex.
void Outages::wake() {
  if (woken_ || stopped_) return;
  woken_ = true;
  boost::asio::post(strand_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->tick();
  });
}

void Outages::adopted() {
  const std::lock_guard lock{mutex_};
  look_ = true;
  for (auto& [id, one] : entries_) one.queue.forget();  // theirs stand among ours
  wake();
}

void Outages::stop() {
  const std::lock_guard lock{mutex_};
  stopped_ = true;
  tickets_.clear();
}

bool Outages::stopped() const {
  const std::lock_guard lock{mutex_};
  return stopped_;
}

// A clock that was set back does not keep the node from hearing of the others.
bool Outages::may_sync(Timestamp now) const {
  return now - synced_at_ >= sync_every_ms || now < synced_at_;
}

void Outages::tick() {
  const Timestamp now = setting_.clock.now();
  std::vector<Grant> grants;
  bool sync_now = false, look_now = false;
  Timestamp next = 0;
  {
    const std::lock_guard lock{mutex_};
    woken_ = false;
    if (stopped_) return;
    pass_time(now);
    expire_tickets(now);
    forget_queues();
    probe(now, grants);
    drain(now, grants);
    set_gates();
    sync_now = wants_sync_ && !syncing_ && may_sync(now);
    syncing_ = syncing_ || sync_now;
    look_now = look_ && !looking_;
    if (look_now) {
      look_ = false;
      looking_ = true;
    }
    next = next_tick(now);
  }
  let_go(grants);
  if (sync_now) sync();
  if (look_now) look_for_queues();
  set_alarm(next);
}

void Outages::set_alarm(Timestamp at) {
  if (at == alarm_at_) return;
  alarm_at_ = at;
  if (at == 0) return alarm_->cancel();
  alarm_->set(at, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->alarm_at_ = 0;
    self->tick();
  });
}

void Outages::pass_time(Timestamp now) {
  for (auto& [id, one] : entries_) {
    if (!outages::pass_time(one.circuit, setting_.rules, now)) continue;
    one.dirty = true;
    wants_sync_ = true;
  }
  // Others may have closed what keeps our calls waiting.
  if (!setting_.shared || !may_sync(now)) return;
  for (const auto& [id, one] : entries_) {
    if (!one.backlog) continue;
    const auto stands = standing(id);
    wants_sync_ = wants_sync_ || stands.open || stands.half_open;
  }
}

void Outages::expire_tickets(Timestamp now) {
  // One that lasts longer than any is of a time before the clock was set back.
  std::erase_if(tickets_, [&](const auto& ticket) {
    if (ticket.second.until > now && ticket.second.until <= now + ticket_ms) return false;
    --entry(ticket.second.circuit).tickets;
    return true;
  });
}

// What was read in another position is old: its runs may have been cancelled or moved since, and would
// take the places of others.
void Outages::forget_queues() {
  for (auto& [id, own] : entries_) {
    const Timestamp since = std::max(own.circuit.since, own.whole->circuit.since);
    if (std::exchange(own.queue_of, since) != since) own.queue.forget();
  }
}

// A node that has parked calls tries a few of them, once everybody knows that it is the one.
void Outages::probe(Timestamp now, std::vector<Grant>& grants) {
  const auto begin = [&](Entry& one) {
    outages::begin_probe(one.circuit, setting_.rules, setting_.node, now);
    one.dirty = true;
    wants_sync_ = true;
  };
  const auto is_mine = [&](const Entry& one) {
    return one.circuit.prober == setting_.node && one.circuit.canaries_sent == 0 && !one.dirty &&
           !syncing_;
  };
  for (auto& [id, own] : entries_) {
    if (!own.backlog || id.is_whole()) continue;
    Entry& whole = entry(id.whole());
    if (outages::may_probe(whole.circuit, now)) begin(whole);
    if (whole.circuit.position == Position::open) continue;
    const bool whole_probed = whole.circuit.position == Position::half_open;
    if (whole_probed && !is_mine(whole)) continue;
    if (outages::may_probe(own.circuit, now)) begin(own);
    if (own.circuit.position == Position::open) continue;
    const bool own_probed = own.circuit.position == Position::half_open;
    if (own_probed && !is_mine(own)) continue;
    if (!own_probed && !whole_probed) continue;
    std::uint32_t sent = 0;
    while (sent < setting_.rules.canaries && take_next(id, own, true, now, grants)) ++sent;
    if (sent == 0) continue;
    totals_.canaries += sent;
    for (Entry* one : {own_probed ? &own : nullptr, whole_probed ? &whole : nullptr}) {
      if (one == nullptr) continue;
      one->circuit.canaries_sent = sent;
      one->dirty = true;
      wants_sync_ = true;
    }
  }
}

/// How many calls of one circuit may be let go in this tick.
std::size_t Outages::room(const Entry& one, double per_second, Timestamp now) const {
  const auto most =
      std::max(least_under_way, static_cast<std::size_t>(per_second * seconds_under_way));
  const std::size_t out = one.in_flight() + one.tickets;
  const std::size_t places = one.rate.room(now, now + tick_ms);
  if (out >= most || places <= one.tickets) return 0;
  std::size_t left = std::min(most - out, places == SIZE_MAX ? places : places - one.tickets);
  if (one.circuit.most_at_once > 0) {
    const std::size_t share = outages::places_of(one.circuit.most_at_once, peers_, now);
    left = std::min(left, share > out ? share - out : 0);
  }
  return left;
}

// Accounts take turns, each in its own order; the waves are the provider's.
void Outages::drain(Timestamp now, std::vector<Grant>& grants) {
  std::map<std::string, std::vector<std::pair<const CircuitId, Entry>*>> ready;
  for (auto& one : entries_) {
    if (!one.second.backlog || one.first.is_whole()) continue;
    const auto stands = standing(one.first);
    if (!stands.open && !stands.half_open) ready[one.first.provider].push_back(&one);
  }
  for (auto& [name, provider] : providers_)
    if (!ready.contains(name)) provider.ramp.reset();
  for (auto& [name, circuits] : ready) {
    auto& provider = providers_[name];
    if (!provider.ramp) provider.ramp.emplace(now, peers_.nodes);
    const Entry& whole = entry(CircuitId{name, "*", "*"});
    double cap = whole.rate.per_second();
    std::uint32_t left = provider.ramp->due(now, cap);
    left = static_cast<std::uint32_t>(
        std::min<std::size_t>(left, room(whole, provider.ramp->per_second(), now)));
    std::uint32_t sent = 0;
    std::size_t idle = 0;
    while (sent < left && idle < circuits.size()) {
      auto& [id, own] = *circuits[provider.turn++ % circuits.size()];
      const bool one_more =
          room(own, provider.ramp->per_second(), now) > 0 && take_next(id, own, false, now, grants);
      idle = one_more ? 0 : idle + 1;
      sent += one_more ? 1 : 0;
    }
    provider.ramp->sent(sent);
  }
}

bool Outages::take_next(const CircuitId& circuit, Entry& own, bool canary, Timestamp now,
                        std::vector<Grant>& grants) {
  while (const auto next = own.queue.take()) {
    const ParkedPlace place = *next;
    const auto [ticket, fresh] = tickets_.try_emplace({place.id, place.frame});
    if (!fresh) continue;  // it is on its way
    ticket->second = {.circuit = circuit, .until = now + ticket_ms, .canary = canary};
    ++own.tickets;
    ++totals_.let_go;
    grants.push_back({.place = place, .circuit = circuit, .canary = canary});
    return true;
  }
  read_queue(circuit, own);
  return false;
}

// Always from the beginning, where a call stands that was let go in vain.
void Outages::read_queue(const CircuitId& circuit, Entry& own) {
  const DurationMs wait = own.queue.read_again_at - setting_.clock.now();
  if (own.queue.reading() || (wait > 0 && wait <= read_again_ms)) return;
  own.queue.begin_reading();
  // Those that are on their way may still be in the store.
  const std::size_t limit = queue_page + own.tickets;
  const std::uint64_t parked_before = own.parking > 0 ? 0 : own.parked;
  auto job = [self = shared_from_this(), circuit, limit, parked_before] {
    std::vector<ParkedPlace> page;
    bool failed = false;
    try {
      if (self->stopped()) return;
      const auto owned = self->setting_.owned();
      page = self->setting_.store.parked(circuit, owned, std::nullopt, limit);
    } catch (const StoreFailure&) {
      failed = true;
    }
    boost::asio::post(self->strand_, [self, circuit, parked_before, failed, page]() mutable {
      // After a failure nothing is known: as if more had parked meanwhile.
      self->queue_read(circuit, failed ? UINT64_MAX : parked_before, std::move(page));
    });
  };
  setting_.reads.post(std::move(job));
}

void Outages::queue_read(const CircuitId& circuit, std::uint64_t parked_before,
                         std::vector<ParkedPlace> page) {
  {
    const std::lock_guard lock{mutex_};
    if (stopped_) return;
    Entry& own = entry(circuit);
    std::erase_if(page, [&](const ParkedPlace& place) {
      return tickets_.contains({place.id, place.frame});
    });
    const bool fresh = own.queue.take_in(page);
    // Empty for good only if nobody was parking then or has parked since.
    const bool over = fresh && page.empty() && own.tickets == 0 && own.parking == 0 &&
                      own.parked == parked_before;
    if (over) own.backlog = false;
    own.queue.read_again_at = fresh && page.empty() ? setting_.clock.now() + read_again_ms : 0;
  }
  tick();
}

// Calls that an earlier owner of our partitions parked, or an earlier process.
void Outages::look_for_queues() {
  auto job = [self = shared_from_this()] {
    std::vector<ParkedCount> counts;
    bool failed = false;
    try {
      if (self->stopped()) return;
      counts = self->setting_.store.parked_counts(0);
    } catch (const StoreFailure&) {
      failed = true;
    }
    const std::lock_guard lock{self->mutex_};
    self->looking_ = false;
    self->look_ = self->look_ || failed;
    for (const auto& count : counts) {
      self->entry(count.circuit).backlog = true;
      self->entry(count.circuit).gate.open_ = false;
    }
    self->wake();
  };
  setting_.reads.post(std::move(job));
}

void Outages::let_go(const std::vector<Grant>& grants) {
  for (const auto& grant : grants) setting_.let_go(grant.place.id, grant.place.frame);
}

// 0 = nothing comes up by itself.
Timestamp Outages::next_tick(Timestamp now) const {
  Timestamp next = 0;
  const auto consider = [&](Timestamp at) {
    if (at != 0 && (next == 0 || at < next)) next = at;
  };
  const Timestamp next_sync = may_sync(now) ? now + 1 : synced_at_ + sync_every_ms;
  if (wants_sync_ && !syncing_) consider(next_sync);
  if (look_ && !looking_) consider(now + sync_every_ms);
  for (const auto& [id, one] : entries_) {
    consider(outages::next_change(one.circuit));
    if (!one.backlog || id.is_whole()) continue;
    const auto stands = standing(id);
    if (!stands.open && !stands.half_open) {
      consider(now + tick_ms);
      continue;
    }
    if (setting_.shared) consider(std::max(now + tick_ms, next_sync));
    for (const auto* part : {&one, find(id.whole())}) {
      if (part == nullptr) continue;
      const auto& circuit = part->circuit;
      if (circuit.position == Position::open && circuit.probe_at != 0)
        consider(std::max(now + tick_ms, circuit.probe_at));
      const bool our_turn = circuit.position == Position::half_open &&
                            circuit.prober == setting_.node && circuit.canaries_sent == 0;
      if (our_turn) consider(now + tick_ms);
    }
  }
  return next == 0 ? 0 : std::max(next, now + 1);
}

}  // namespace sequent::runtime
