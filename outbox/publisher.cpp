#include "outbox/publisher.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/assert.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::outbox {

using runtime::EmittedEvent;

namespace {

constexpr std::size_t counted_at_most = 10'000;
constexpr int most_pages = 100;  // of events that a sink does not want, on the way to the next one

}  // namespace

Publisher::Publisher(PublisherOptions options, std::unique_ptr<Sink> sink, runtime::Outbox& log,
                     const runtime::Clock& clock, std::unique_ptr<runtime::Random> random)
    : options_(std::move(options)),
      sink_(std::move(sink)),
      log_(log),
      clock_(clock),
      random_(std::move(random)) {
  SEQUENT_ASSERT(!options_.name.empty() && options_.most_events > 0);
}

Publisher::~Publisher() {
  stop();
}

void Publisher::start() {
  SEQUENT_ASSERT(!thread_.joinable());
  thread_ = std::thread{[this]() noexcept { run(); }};
}

void Publisher::wake() {
  const std::lock_guard lock{mutex_};
  woken_ = true;
  changed_.notify_all();
}

void Publisher::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
    changed_.notify_all();
  }
  sink_->stop();
  if (thread_.joinable()) thread_.join();
}

Figures Publisher::figures() const {
  return {published_, failures_, behind_, oldest_pending_};
}

void Publisher::run() {
  spdlog::info("outbox {}: publishing to {}", options_.name, sink_->where());
  while (true) {
    {
      const std::lock_guard lock{mutex_};
      if (stopping_) return;
      woken_ = again_ = false;  // what is committed from here on wakes again
    }
    switch (attempt()) {
      case Round::more:
        break;
      case Round::idle:
        wait_for_work();
        break;
      case Round::failed:
        back_off();
        break;
    }
  }
}

// Another node moves the cursor, or has done so since.
void Publisher::forget_position() {
  position_ = -1;
  unsaved_ = false;
  skipped_ = 0;
}

Publisher::Round Publisher::attempt() {
  if (const auto term = leadership(); term != term_) {
    forget_position();
    term_ = term;
  }
  if (!term_) {
    behind_ = 0;
    oldest_pending_ = 0;
    note_success();  // what fails is told by the node that publishes
    return Round::idle;
  }
  try {
    if (position_ < 0)
      position_ = saved_ = log_.open_sink(options_.name, options_.from_now, clock_.now());
    return publish();
  } catch (const runtime::StoreFailure& failure) {
    note_failure(failure.what(), 0);
    return Round::failed;
  }
}

// While an event fails an operator may leave it out, at whichever node: that moves the cursor.
void Publisher::follow_cursor() {
  const auto cursor = log_.open_sink(options_.name, options_.from_now, clock_.now());
  if (cursor <= position_) return;
  spdlog::warn("outbox {}: goes on behind event {}, which an operator has left out", options_.name,
               cursor);
  position_ = saved_ = cursor;
  unsaved_ = false;
  skipped_ = 0;
  failed_in_a_row_ = 0;
}

Publisher::Round Publisher::publish() {
  if (failed_in_a_row_ > 0) follow_cursor();
  if (unsaved_) move_to(position_, true);  // the store failed when it was to be written
  auto events = log_.emitted(position_, options_.most_events, options_.most_bytes);
  if (events.empty()) {
    note_success();
    note_backlog({}, true);
    return Round::idle;
  }
  const auto last = events.back().id;
  const auto read = events.size();
  std::erase_if(events, [this](const EmittedEvent& event) { return !wants(event); });
  skipped_ += read - events.size();
  note_backlog(events, false);
  const auto sent = events.empty() ? Sink::Sent{} : sink_->send(events);
  SEQUENT_ASSERT(sent.events <= events.size());
  SEQUENT_ASSERT(sent.failure.has_value() || sent.events == events.size());
  published_ += sent.events;
  if (!sent.failure) {
    if (failed_in_a_row_ > 0)
      spdlog::info("outbox {}: {} takes events again", options_.name, sink_->where());
    failed_in_a_row_ = 0;
    note_success();
    move_to(last, !events.empty());
    return Round::more;
  }
  note_failure(sent.failure->detail, sent.failure->retry_after_ms);
  if (sent.events > 0) {
    failed_in_a_row_ = 1;  // it does take events
    move_to(events[sent.events - 1].id, true);
    events.erase(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(sent.events));
  }
  note_backlog(events, false);
  return Round::failed;
}

bool Publisher::wants(const EmittedEvent& event) const {
  if (options_.types.empty()) return true;
  const auto type = text_of(event.event, "type");
  return std::any_of(options_.types.begin(), options_.types.end(),
                     [&type](const std::string& prefix) { return type.starts_with(prefix); });
}

// The position moves first: when the store can't keep it now, nothing is sent twice for that.
void Publisher::move_to(std::int64_t id, bool published) {
  SEQUENT_ASSERT(id >= position_);
  position_ = id;
  unsaved_ = unsaved_ || published;
  if (!unsaved_ && skipped_ < options_.most_skipped) return;
  log_.advance(options_.name, id, clock_.now());
  saved_ = id;
  unsaved_ = false;
  skipped_ = 0;
}

// `pending` has been read and not been sent.
void Publisher::note_backlog(const std::vector<EmittedEvent>& pending, bool all_read) {
  oldest_pending_ = pending.empty() ? 0 : pending.front().emitted_at;
  behind_ = all_read ? 0 : log_.count_emitted(position_, counted_at_most);
}

void Publisher::note_failure(const std::string& detail, DurationMs retry_after_ms) {
  ++failures_;
  ++failed_in_a_row_;
  asked_pause_ms_ = retry_after_ms;
  bool stopping = false;
  {
    const std::lock_guard lock{mutex_};
    stopping = stopping_;
    error_ = detail;
    if (failing_since_ == 0) failing_since_ = clock_.now();
  }
  if (stopping) return;  // broken off by ourselves
  spdlog::warn("outbox {}: {} (failure {} in a row of {}); nothing is lost, it is sent again",
               options_.name, detail, failed_in_a_row_, sink_->where());
}

void Publisher::note_success() {
  const std::lock_guard lock{mutex_};
  error_.clear();
  failing_since_ = 0;
}

std::optional<EmittedEvent> Publisher::next_after(std::int64_t cursor) {
  for (int page = 0; page < most_pages; ++page) {
    auto events = log_.emitted(cursor, options_.most_events, options_.most_bytes);
    if (events.empty()) return std::nullopt;
    cursor = events.back().id;
    const auto wanted =
        std::ranges::find_if(events, [this](const auto& one) { return wants(one); });
    if (wanted != events.end()) return std::move(*wanted);
  }
  return std::nullopt;
}

runtime::SinkStatus Publisher::status() {
  runtime::SinkStatus status;
  status.name = options_.name;
  status.where = sink_->where();
  status.cursor = log_.open_sink(options_.name, options_.from_now, clock_.now());
  status.pending = log_.count_emitted(status.cursor, counted_at_most);
  if (status.pending > 0) status.next = next_after(status.cursor);
  status.here = leads();
  status.published = published_;
  status.failures = failures_;
  const std::lock_guard lock{mutex_};
  status.error = error_;
  status.failing_since = failing_since_;
  return status;
}

Result<void> Publisher::retry() {
  if (!leads())
    return fail(
        ErrorCode::wrong_state,
        "Another node of the cluster publishes, the one that has partition 0; it tries again "
        "within " +
            std::to_string(options_.longest_pause_ms / 1'000) + " s by itself.");
  const std::lock_guard lock{mutex_};
  woken_ = again_ = true;
  changed_.notify_all();
  return {};
}

Result<void> Publisher::skip(std::int64_t event) {
  const auto cursor = log_.open_sink(options_.name, options_.from_now, clock_.now());
  const auto next = next_after(cursor);
  if (!next || next->id != event)
    return fail(ErrorCode::wrong_state,
                "Expected the event that comes next for the sink " + options_.name + ", " +
                    (next ? std::to_string(next->id) : std::string("of which there is none")) +
                    ", got " + std::to_string(event) + ". Only that one can be left out.");
  log_.advance(options_.name, event, clock_.now());
  const std::lock_guard lock{mutex_};
  woken_ = again_ = true;
  changed_.notify_all();
  return {};
}

// It is told of events, wherever in the cluster they were emitted, and when this node begins to lead.
void Publisher::wait_for_work() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return woken_ || stopping_; });
}

// Between half and all of a pause that doubles, so that many nodes don't come back in step. New
// events are no reason to come earlier.
void Publisher::back_off() {
  DurationMs pause = options_.first_pause_ms;
  for (int i = 1; i < failed_in_a_row_ && pause < options_.longest_pause_ms; ++i) pause *= 2;
  pause = std::min(std::max(pause, asked_pause_ms_), options_.longest_pause_ms);
  const auto half = static_cast<std::uint64_t>(std::max<DurationMs>(pause / 2, 1));
  pause = static_cast<DurationMs>(half + random_->next() % half);
  pause = std::max(pause, std::min(asked_pause_ms_, options_.longest_pause_ms));
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, std::chrono::milliseconds(pause), [this] { return stopping_ || again_; });
}

}  // namespace sequent::outbox
