// Outages and the store: what others saw comes in, what this node saw goes out.
#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/assert.hpp"
#include "engine/runtime/outages.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::runtime {

using outages::Evidence;
using outages::Position;

namespace {

constexpr int most_tries = 5;  // of an operator's change, while nodes write beside it

}  // namespace

void Outages::load() {
  const auto stored = setting_.store.circuits(0);
  const auto counts = setting_.store.parked_counts(0);
  const std::lock_guard lock{mutex_};
  take_in(stored);
  for (const auto& count : counts) entry(count.circuit).backlog = true;
}

// Somebody else's change wins; what this node saw since its last word is weighed on top of it.
void Outages::take_in(const std::vector<StoredCircuit>& stored) {
  const Timestamp now = setting_.clock.now();
  for (const auto& row : stored) {
    revision_ = std::max(revision_, row.revision);
    Entry& one = entry(row.id);
    if (row.revision <= one.revision) continue;  // our own word
    one.revision = row.revision;
    one.circuit = outages::decode(row.state);
    const bool tells = one.pending.bad() || (one.circuit.position == Position::half_open &&
                                             one.pending.canaries_answered > 0);
    one.found_ill = false;
    if (one.dirty && tells) {
      const bool moved =
          outages::observe(one.circuit, setting_.rules, one.pending, now, row.id.is_whole());
      one.found_ill = moved && one.circuit.position == Position::open;
      one.dirty = moved || one.circuit.position != Position::open;
    } else {
      one.dirty = false;
    }
    // A probe that was given up is given up at once: to say so later is to be overruled by the next
    // node that says nothing but what it read.
    one.dirty = outages::pass_time(one.circuit, setting_.rules, now) || one.dirty;
    learn(one);
    wants_sync_ = wants_sync_ || one.dirty;
    share_limits(one);
  }
  if (!stored.empty()) set_gates();
}

Outages::Writing Outages::take_dirty() {
  Writing writing;
  for (auto& [id, one] : entries_) {
    if (!one.dirty) continue;
    one.dirty = false;
    writing.circuits.push_back(
        {.id = id, .revision = one.revision, .state = outages::encode(one.circuit)});
    writing.evidence.push_back(std::exchange(one.pending, Evidence{}));
    writing.found_ill.push_back(std::exchange(one.found_ill, false));
    one.pending_since = setting_.clock.now();
  }
  wants_sync_ = false;
  return writing;
}

void Outages::written(const Writing& writing, const std::vector<std::int64_t>& revisions) {
  for (std::size_t i = 0; i < writing.circuits.size(); ++i) {
    Entry& one = entry(writing.circuits[i].id);
    if (i < revisions.size() && revisions[i] != 0) {
      one.revision = revisions[i];
      if (writing.found_ill[i]) ++totals_.opened;
      continue;
    }
    // Another node was first, or the store failed: once more, on top of what is there then.
    Evidence both = writing.evidence[i];
    both.add(one.pending);
    one.pending = std::move(both);
    one.found_ill = one.found_ill || writing.found_ill[i];
    one.dirty = true;
    wants_sync_ = true;
  }
}

// On the strand. Rows come and go on a read thread.
void Outages::sync() {
  auto job = [self = shared_from_this()] { self->exchange(); };
  setting_.reads.post(std::move(job));
}

void Outages::exchange() {
  Writing writing;
  std::vector<std::int64_t> revisions;
  try {
    std::int64_t after = 0;
    {
      const std::lock_guard lock{mutex_};
      if (stopped_) return;
      after = revision_;
    }
    const auto stored = setting_.store.circuits(after);
    {
      const std::lock_guard lock{mutex_};
      take_in(stored);
      writing = take_dirty();
    }
    if (!writing.circuits.empty()) revisions = setting_.store.put_circuits(writing.circuits);
  } catch (const StoreFailure&) {
    revisions.clear();  // nothing is known to be written: it is all told again
  }
  const std::lock_guard lock{mutex_};
  written(writing, revisions);
  syncing_ = false;
  synced_at_ = setting_.clock.now();
  ++totals_.syncs;
  wake();
}

Result<ProviderView> Outages::change(const CircuitId& circuit, const Change& change) {
  for (int i = 0; i < most_tries; ++i) {
    const auto stored = setting_.store.circuits(0);
    {
      const std::lock_guard lock{mutex_};
      take_in(stored);
    }
    StoredCircuit row{.id = circuit};
    for (const auto& one : stored)
      if (one.id == circuit) row = one;
    const Timestamp now = setting_.clock.now();
    auto state = outages::decode(row.state);
    outages::pass_time(state, setting_.rules, now);
    const auto changed = change(state, now);
    if (!changed) return std::unexpected(changed.error());
    outages::pass_time(state, setting_.rules, now);  // a window may have begun already
    row.state = outages::encode(state);
    const auto revisions = setting_.store.put_circuits(std::span(&row, 1));
    SEQUENT_ASSERT(revisions.size() == 1);
    if (revisions.front() == 0) continue;
    const std::lock_guard lock{mutex_};
    Entry& one = entry(circuit);
    one.circuit = std::move(state);
    one.revision = revisions.front();
    one.dirty = false;
    one.pending = {};
    learn(one);
    share_limits(one);
    set_gates();
    wake();
    return view_of(circuit, one);
  }
  return fail(ErrorCode::conflict,
              "The state of " + circuit.name() + " changes all the time: try again.");
}

}  // namespace sequent::runtime
