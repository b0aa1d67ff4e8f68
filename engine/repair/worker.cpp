#include "engine/repair/worker.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/assert.hpp"
#include "engine/machine/codec.hpp"
#include "engine/repair/notes.hpp"
#include "engine/repair/outcome.hpp"
#include "engine/repair/pool.hpp"

namespace sequent::repair {

namespace asio = boost::asio;
using State = RepairItem::State;

namespace {

constexpr std::size_t page = 500;
constexpr DurationMs after_failure_ms = 1'000;
constexpr std::int64_t hour_ms = 3'600'000;

std::chrono::steady_clock::time_point in_ms(DurationMs ms) {
  return std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
}

}  // namespace

Worker::Worker(WorkerPorts ports, asio::any_io_executor executor, WorkerSettings settings,
               std::function<std::optional<Epoch>()> leadership)
    : ports_(ports),
      strand_(asio::make_strand(executor)),
      settings_(settings),
      leadership_(std::move(leadership)),
      pause_(strand_),
      ended_(strand_, asio::steady_timer::time_point::max()) {}

void Worker::start() {
  asio::post(strand_, [self = shared_from_this()] {
    if (self->running_ || self->stopping_) return;
    self->running_ = true;
    asio::co_spawn(self->strand_, self->run(), [self](std::exception_ptr thrown) {
      self->running_ = false;
      self->ended_.cancel();
      if (thrown) std::rethrow_exception(thrown);
    });
  });
}

void Worker::wake() {
  asio::post(strand_, [self = shared_from_this()] {
    self->woken_ = true;
    self->pause_.cancel();
  });
}

asio::awaitable<void> Worker::stop() {
  const auto self = shared_from_this();
  auto order = [self] {
    self->stopping_ = true;
    self->pause_.cancel();
  };
  asio::post(strand_, std::move(order));
  auto wait = [self]() -> asio::awaitable<void> {
    constexpr auto token = asio::as_tuple(asio::use_awaitable);
    while (self->running_) co_await self->ended_.async_wait(token);
  };
  auto waiting = asio::co_spawn(strand_, std::move(wait), asio::use_awaitable);
  co_await std::move(waiting);
}

asio::awaitable<void> Worker::run() {
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  while (!stopping_) {
    woken_ = false;
    auto turning = guarded_turn();
    const Turn done = co_await std::move(turning);
    if (stopping_) break;
    if (woken_) continue;  // told meanwhile
    const DurationMs rest = done == Turn::busy ? settings_.tick_ms : settings_.listen_ms;
    pause_.expires_at(done == Turn::idle ? asio::steady_timer::time_point::max() : in_ms(rest));
    (void)co_await pause_.async_wait(token);
  }
}

// A store that fails is tried again later: nothing of what was under way is lost.
asio::awaitable<Worker::Turn> Worker::guarded_turn() {
  std::string failure;
  try {
    auto turning = turn();
    const Turn done = co_await std::move(turning);
    co_return done;
  } catch (const runtime::StoreFailure& failed) {
    failure = failed.what();
  }
  spdlog::error("batches wait: the store failed: {}", failure);
  adopted_.clear();  // what was taken may not have been written back
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  pause_.expires_at(in_ms(after_failure_ms));
  (void)co_await pause_.async_wait(token);
  co_return Turn::listening;
}

asio::awaitable<Worker::Turn> Worker::turn() {
  const auto term = leadership_ ? leadership_() : Epoch{0};
  if (term != term_) {  // what is taken may be another worker's, which has died since
    adopted_.clear();
    paces_.clear();
    listening_.clear();
    waves_.clear();
    term_ = term;
  }
  if (!term) co_return Turn::idle;
  auto look = [this] { return ports_.repairs.open_batches(settings_.batches); };
  auto looking = on_pool(ports_.pool, std::move(look));
  const std::vector<RepairBatch> open = co_await std::move(looking);
  Turn turn = Turn::idle;
  for (const RepairBatch& batch : open) {
    if (stopping_) break;
    auto working = work_on(batch);
    const Turn done = co_await std::move(working);
    turn = std::min(turn, done);
  }
  co_return turn;
}

asio::awaitable<Worker::Turn> Worker::work_on(RepairBatch batch) {
  const bool runs = batch.state == RepairBatch::State::running;
  if (!runs) waves_.erase(batch.id);  // one that is resumed begins with a small wave
  if (!adopted_.contains(batch.id)) {
    auto adopting = adopt_taken(batch);
    const bool all = co_await std::move(adopting);
    if (!all) co_return Turn::listening;
    adopted_.insert(batch.id);
  }
  if (runs && !batch.selected) {
    auto selecting = select(batch);
    const bool whole = co_await std::move(selecting);
    if (!whole) co_return Turn::busy;
    batch.selected = true;
  }
  std::size_t helped = 0;
  if (runs) {
    auto helping = help(batch);
    helped = co_await std::move(helping);
  }
  auto hearing = hear(batch);
  const bool heard = co_await std::move(hearing);
  if (helped != 0 || heard) co_return Turn::busy;
  auto finishing = finish_if_over(batch);
  const Turn left = co_await std::move(finishing);
  co_return left;
}

asio::awaitable<bool> Worker::select(const RepairBatch& batch) {
  constexpr int most_chunks = 10;  // then others have their turn
  for (int i = 0; i < most_chunks && !stopping_; ++i) {
    const Timestamp now = ports_.clock.now();
    auto choose = [this, &batch, now] {
      return ports_.repairs.select_items(batch, settings_.chunk, now);
    };
    auto choosing = on_pool(ports_.pool, std::move(choose));
    const std::size_t found = co_await std::move(choosing);
    if (found < settings_.chunk) co_return true;
  }
  co_return false;
}

// Whoever took them before has died, or stands still: each is acted on again at the seq that it was
// taken for, which does nothing where the action had come through.
asio::awaitable<bool> Worker::adopt_taken(const RepairBatch& batch) {
  std::optional<InstanceId> after;
  while (!stopping_) {
    auto look = [this, &batch, &after] {
      return ports_.repairs.taken_items(batch.id, after, settings_.helping);
    };
    auto looking = on_pool(ports_.pool, std::move(look));
    std::vector<RepairItem> items = co_await std::move(looking);
    if (items.empty()) {
      // Those that could not be acted on now (their node is away) are still there.
      if (!after) co_return true;
      after.reset();
      auto look_again = [this, &batch] { return ports_.repairs.taken_items(batch.id, {}, 1); };
      auto looking_again = on_pool(ports_.pool, std::move(look_again));
      const std::vector<RepairItem> left = co_await std::move(looking_again);
      co_return left.empty();
    }
    after = items.back().run;
    auto acting = act_on_all(batch, std::move(items), true);
    co_await std::move(acting);
  }
  co_return false;
}

std::size_t Worker::allowance(const RepairBatch& batch) {
  if (batch.rate_per_hour == 0) return settings_.helping;
  const Timestamp now = ports_.clock.now();
  Pace& pace = paces_[batch.id];
  const double rate_per_ms = static_cast<double>(batch.rate_per_hour) / hour_ms;
  if (pace.filled_at == 0) {
    pace.tokens = 1;  // the first at once
  } else {
    // No more than a fifth of a second's worth is saved up: a rate is no burst.
    const double most = std::max(1.0, rate_per_ms * 200);
    const auto passed = static_cast<double>(std::max<Timestamp>(0, now - pace.filled_at));
    pace.tokens = std::min(most, pace.tokens + passed * rate_per_ms);
  }
  pace.filled_at = now;
  const auto whole = static_cast<std::size_t>(pace.tokens);
  return std::min(whole, settings_.helping);
}

Waves& Worker::waves_of(const RepairBatch& batch) {
  return waves_.try_emplace(batch.id, batch.waves).first->second;
}

void Worker::count_outcome(const RepairBatch& batch, const RepairItem& item) {
  const auto known = waves_.find(batch.id);
  if (known == waves_.end() || !is_settled(item.state)) return;
  if (item.state == State::refused || item.state == State::changed) return known->second.left();
  known->second.outcome(item.state != State::succeeded);
}

// Not when there is nothing left to hold back.
asio::awaitable<bool> Worker::stop_by_itself(const RepairBatch& batch, Waves::Stop stop) {
  runtime::AuditEntry note = note_of_stop(batch, stop, ports_.clock.now());
  std::string detail = note.reason + ". `sequent batch show " + batch.id +
                       " --state faulted` has their errors; `sequent batch resume " + batch.id +
                       "` goes on with a small wave, with `--stop-at never` whatever comes.";
  auto pause = [this, &batch, note = std::move(note), detail = std::move(detail)] {
    if (ports_.repairs.count_items(batch.id).pending == 0) return false;
    if (ports_.repairs.stop_batch(batch.id, detail, note))  // else an operator was first
      spdlog::warn("batch {} pauses by itself: {}", batch.id, note.reason);
    return true;
  };
  auto pausing = on_pool(ports_.pool, std::move(pause));
  const bool held_back = co_await std::move(pausing);
  if (held_back) waves_.erase(batch.id);
  co_return held_back;
}

asio::awaitable<std::size_t> Worker::help(const RepairBatch& batch) {
  Waves& waves = waves_of(batch);
  if (const auto stop = waves.judge(ports_.clock.now(), batch.stop_percent)) {
    auto stopping = stop_by_itself(batch, *stop);
    const bool stopped = co_await std::move(stopping);
    if (stopped) co_return 0;
  }
  const auto room = static_cast<std::size_t>(std::max<std::int64_t>(0, waves.room()));
  if (room == 0) co_return waves.soon(ports_.clock.now()) ? 1 : 0;
  const std::size_t most = std::min(allowance(batch), room);
  // The bucket fills: soon, or so slowly that listening is often enough.
  constexpr std::int64_t soon_per_hour = 2 * 3'600;
  if (most == 0) co_return batch.rate_per_hour > soon_per_hour ? 1 : 0;
  const Timestamp now = ports_.clock.now();
  auto take = [this, &batch, most, now, size = waves.size()] {
    if (batch.waves && batch.wave != size) ports_.repairs.begin_wave(batch.id, size, now);
    return ports_.repairs.take_items(batch.id, most, now);
  };
  auto taking = on_pool(ports_.pool, std::move(take));
  std::vector<RepairItem> items = co_await std::move(taking);
  const std::size_t count = items.size();
  if (count == 0) co_return 0;
  waves.begun(static_cast<std::int64_t>(count), now);
  if (batch.rate_per_hour != 0) paces_[batch.id].tokens -= static_cast<double>(count);
  auto acting = act_on_all(batch, std::move(items), false);
  co_await std::move(acting);
  co_return count;
}

asio::awaitable<void> Worker::act_on_all(const RepairBatch& batch, std::vector<RepairItem> items,
                                         bool adopted) {
  std::size_t left = items.size();
  std::exception_ptr failure;
  std::vector<ActedItem> acted(items.size());
  asio::steady_timer all_done{strand_, asio::steady_timer::time_point::max()};
  for (std::size_t i = 0; i < items.size(); ++i) {
    acted[i].item = items[i];
    auto ended = [&, i](std::exception_ptr thrown, ActedItem now) {
      if (thrown) failure = thrown;
      if (!thrown) acted[i] = std::move(now);
      if (--left == 0) all_done.cancel();
    };
    asio::co_spawn(strand_, act_on(batch, std::move(items[i]), adopted), std::move(ended));
  }
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  while (left != 0) (void)co_await all_done.async_wait(token);
  const Timestamp now = ports_.clock.now();
  for (const ActedItem& each : acted) count_outcome(batch, each.item);
  const bool again = std::ranges::any_of(
      acted, [](const ActedItem& each) { return each.item.state == State::taken; });
  if (again) adopted_.erase(batch.id);  // could not be acted on now
  auto write = [this, &batch, &acted, now] {
    ports_.repairs.write_acted(batch.id, acted, now);
    return true;
  };
  auto writing = on_pool(ports_.pool, std::move(write));
  (void)co_await std::move(writing);
  if (failure) std::rethrow_exception(failure);
}

// Where very many wait for their runs, each turn listens to a part of them and the next one goes on
// from there: a helping never waits for all that were given before.
asio::awaitable<bool> Worker::hear(const RepairBatch& batch) {
  constexpr int most_looks = 5;
  bool any = false;
  for (int i = 0; i < most_looks && !stopping_; ++i) {
    std::optional<runtime::ItemPlace> after;
    if (const auto known = listening_.find(batch.id); known != listening_.end())
      after = known->second;
    auto look = [this, &batch, &after] { return heard_after(batch, after); };
    auto looking = on_pool(ports_.pool, std::move(look));
    const runtime::HeardItems heard = co_await std::move(looking);
    if (heard.last)
      listening_[batch.id] = *heard.last;
    else
      listening_.erase(batch.id);
    for (const RepairItem& item : heard.moved) count_outcome(batch, item);
    if (!heard.moved.empty()) {
      any = true;
      const Timestamp now = ports_.clock.now();
      auto write = [this, &batch, &heard, now] {
        ports_.repairs.write_items(batch.id, heard.moved, now);
        return true;
      };
      auto writing = on_pool(ports_.pool, std::move(write));
      (void)co_await std::move(writing);
    }
    if (!heard.last) break;
  }
  co_return any;
}

runtime::HeardItems Worker::heard_after(const RepairBatch& batch,
                                        const std::optional<runtime::ItemPlace>& after) const {
  auto heard = ports_.repairs.moved_items(batch.id, after, settings_.hearing);
  for (RepairItem& item : heard.moved) {
    const auto records = records_after(item.run, item.seq);
    if (!records) {
      item.state = State::refused;
      item.detail = "its journal cannot be read: " + records.error().detail;
      continue;
    }
    if (records->empty()) {
      item.state = State::changed;
      item.detail = "the run has been deleted";
      continue;
    }
    item.heard = records->back().seq;
    const auto outcome = verdict(batch, *records);
    if (!outcome) continue;
    item.state = outcome->state;
    item.detail = outcome->detail;
  }
  return heard;
}

// A paused batch of which nothing more will be heard keeps nobody awake: resuming it does.
asio::awaitable<Worker::Turn> Worker::finish_if_over(const RepairBatch& batch) {
  const Timestamp now = ports_.clock.now();
  auto finish = [this, &batch, now] {
    const auto counts = ports_.repairs.count_items(batch.id);
    const bool silent = counts.taken + counts.acted == 0;
    if (batch.state == RepairBatch::State::paused) return silent ? Turn::idle : Turn::listening;
    const bool cancelled = batch.state == RepairBatch::State::cancelled;
    if (!silent || (!cancelled && (!batch.selected || counts.pending != 0))) return Turn::listening;
    ports_.repairs.finish_batch(batch.id, now);
    return Turn::idle;
  };
  auto finishing = on_pool(ports_.pool, std::move(finish));
  const Turn turn = co_await std::move(finishing);
  if (turn == Turn::idle) {
    adopted_.erase(batch.id);
    listening_.erase(batch.id);
    waves_.erase(batch.id);
    // A pause is no way around the rate: what it had left is what it goes on with.
    if (batch.state != RepairBatch::State::paused) paces_.erase(batch.id);
  }
  co_return turn;
}

Result<std::vector<machine::Record>> Worker::records_after(const InstanceId& run,
                                                           std::uint64_t seq) const {
  constexpr int most_pages = 100;  // a journal has an end
  std::vector<machine::Record> all;
  for (int i = 0; i < most_pages; ++i) {
    const auto texts = ports_.runs.journal(run, seq, page);
    if (texts.empty()) break;
    for (const auto& text : texts) {
      auto records = machine::decode(text);
      if (!records) return std::unexpected(records.error());
      for (auto& record : *records)
        if (record.seq > seq) all.push_back(std::move(record));
    }
    SEQUENT_ASSERT(!all.empty() && all.back().seq > seq);
    seq = all.back().seq;
  }
  return all;
}

}  // namespace sequent::repair
