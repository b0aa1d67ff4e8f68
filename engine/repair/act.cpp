// One item of a batch: the action, once.
#include "base/assert.hpp"
#include "engine/machine/apply.hpp"
#include "engine/machine/decide.hpp"
#include "engine/repair/edit.hpp"
#include "engine/repair/notes.hpp"
#include "engine/repair/outcome.hpp"
#include "engine/repair/pool.hpp"
#include "engine/repair/worker.hpp"

namespace sequent::repair {

namespace asio = boost::asio;
using runtime::Engine;
using State = RepairItem::State;

// Returns the item as it is to be written: acted, refused, changed, or taken (try again later).
asio::awaitable<ActedItem> Worker::act_on(RepairBatch batch, RepairItem item, bool adopted) {
  constexpr int most_aims = 5;
  for (int aim = 0; aim < most_aims; ++aim) {
    std::optional<RunDetails> before;
    auto acting = look_and_act(batch, item, before);
    const Result<void> done = co_await std::move(acting);
    if (done) {
      item.state = State::acted;
      co_return noted(batch, std::move(item), before);
    }
    const ErrorCode code = done.error().code;
    if (code == ErrorCode::unavailable || code == ErrorCode::too_many_requests ||
        code == ErrorCode::timed_out)
      break;  // still taken
    if (code != ErrorCode::conflict) {
      item.state = State::refused;
      item.detail = done.error().detail;
      co_return noted(batch, std::move(item), before);
    }
    // The run has moved. Perhaps by this very action, before a crash.
    auto look = [this, &batch, &item, adopted] { return look_again(batch, item, adopted); };
    auto looking = on_pool(ports_.pool, std::move(look));
    const Moved found = co_await std::move(looking);
    if (found.by_us) {
      item.state = State::acted;
      co_return noted(batch, std::move(item), found.before);
    }
    if (!found.seq) {
      item.state = State::changed;
      item.detail = "the run has moved on, and the filter finds it no more";
      break;
    }
    // Equal: it has moved in memory, and its commit is under way. The next look sees it.
    if (*found.seq > item.seq) {
      item.seq = item.heard = *found.seq;
      adopted = false;
    }
  }
  ActedItem acted{std::move(item), std::nullopt};  // it never stands still: later
  co_return acted;
}

Worker::Moved Worker::look_again(const RepairBatch& batch, const RepairItem& item, bool adopted) {
  Moved found;
  const auto records = records_after(item.run, item.seq);
  if (adopted && records) found.by_us = verdict(batch, *records).has_value();
  if (found.by_us) {
    if (looks_first(batch)) found.before = run_at(item.run, item.seq);
    return found;
  }
  found.seq = ports_.repairs.still_matches(batch, item.run);
  if (found.seq && *found.seq > item.seq &&
      !ports_.repairs.aim_item(batch.id, item.run, item.seq, *found.seq))
    found.seq.reset();  // another worker has it
  return found;
}

ActedItem Worker::noted(const RepairBatch& batch, RepairItem item,
                        const std::optional<RunDetails>& before) const {
  ActedItem acted;
  acted.note = note_of(batch, item, before ? &*before : nullptr, ports_.engine, ports_.clock.now());
  acted.item = std::move(item);
  return acted;
}

// What the dead worker had looked at is in the journal still.
std::optional<RunDetails> Worker::run_at(const InstanceId& run, std::uint64_t seq) const {
  const auto records = records_after(run, 0);
  if (!records) return std::nullopt;
  RunDetails details;
  for (const auto& record : *records)
    if (record.seq <= seq) machine::apply(details.state, record);
  details.program = ports_.engine.program(details.state.digest);
  if (!details.program || !machine::fits(*details.program, details.state)) return std::nullopt;
  details.view = machine::view_of(*details.program, details.state);
  return details;
}

asio::awaitable<Result<void>> Worker::look_and_act(const RepairBatch& batch, const RepairItem& item,
                                                   std::optional<RunDetails>& before) {
  if (looks_first(batch)) {
    auto reading = ports_.engine.read(item.run);
    Result<RunDetails> run = co_await std::move(reading);
    if (!run) co_return std::unexpected(run.error());
    if (run->state.seq != item.seq)
      co_return fail(ErrorCode::conflict, "The run has moved on since it was looked at.");
    before = *std::move(run);
  }
  auto acting = act_once(batch, item, before);
  const Result<void> done = co_await std::move(acting);
  co_return done;
}

asio::awaitable<Result<void>> Worker::act_once(const RepairBatch& batch, const RepairItem& item,
                                               const std::optional<RunDetails>& before) {
  Engine& engine = ports_.engine;
  Engine::Action action;
  action.reason = batch.reason;
  action.by = signature(batch);
  action.at_seq = item.seq;
  const std::string task = text_of(batch.arguments, "task");
  std::optional<asio::awaitable<Result<void>>> acting;
  if (batch.action == "retry")
    acting.emplace(retry_once(batch, item, action, before));
  else if (batch.action == "suspend")
    acting.emplace(engine.suspend(item.run, action));
  else if (batch.action == "resume")
    acting.emplace(engine.resume(item.run, action));
  else if (batch.action == "cancel")
    acting.emplace(engine.cancel(item.run, action));
  else if (batch.action == "migrate")
    acting.emplace(engine.migrate(item.run, text_of(batch.arguments, "version"), action));
  else if (batch.action == "rewind")
    acting.emplace(engine.rewind(item.run, task, action));
  else
    acting.emplace(engine.skip(item.run, task, batch.arguments.value("output", Json()), action));
  const Result<void> done = co_await std::move(*acting);
  co_return done;
}

asio::awaitable<Result<void>> Worker::retry_once(const RepairBatch& batch, const RepairItem& item,
                                                 Engine::Action action,
                                                 const std::optional<RunDetails>& before) {
  const std::string task = text_of(batch.arguments, "task");
  std::optional<Json> input;
  if (batch.arguments.contains("input")) input = batch.arguments["input"];
  if (batch.arguments.contains("patch")) {
    SEQUENT_ASSERT(before.has_value());
    auto edit = edited_input(*before, task, batch.arguments["patch"]);
    if (!edit) co_return std::unexpected(edit.error());
    input = std::move(edit->after);
  }
  auto retrying = ports_.engine.retry(item.run, task, std::move(input), std::move(action));
  const Result<void> done = co_await std::move(retrying);
  co_return done;
}

}  // namespace sequent::repair
