// One item of a batch: the action, once.
#include "base/assert.hpp"
#include "engine/machine/codec.hpp"
#include "engine/repair/edit.hpp"
#include "engine/repair/outcome.hpp"
#include "engine/repair/pool.hpp"
#include "engine/repair/worker.hpp"

namespace sequent::repair {

namespace asio = boost::asio;
using runtime::Engine;
using State = RepairItem::State;

// Returns the item as it is to be written: acted, refused, changed, or taken (try again later).
asio::awaitable<RepairItem> Worker::act_on(RepairBatch batch, RepairItem item, bool adopted) {
  constexpr int most_aims = 5;
  for (int aim = 0; aim < most_aims; ++aim) {
    auto acting = act_once(batch, item);
    const Result<void> done = co_await std::move(acting);
    if (done) {
      item.state = State::acted;
      co_return item;
    }
    const ErrorCode code = done.error().code;
    if (code == ErrorCode::unavailable || code == ErrorCode::too_many_requests ||
        code == ErrorCode::timed_out)
      co_return item;  // still taken
    if (code != ErrorCode::conflict) {
      item.state = State::refused;
      item.detail = done.error().detail;
      co_return item;
    }
    // The run has moved. Perhaps by this very action, before a crash.
    auto look = [this, &batch, &item, adopted] {
      struct Found {
        bool by_us = false;
        std::optional<std::uint64_t> seq;
      } found;
      const auto records = records_after(item.run, item.seq);
      if (adopted && records) found.by_us = verdict(batch, *records).has_value();
      if (!found.by_us) found.seq = ports_.repairs.still_matches(batch, item.run);
      if (found.seq && *found.seq > item.seq &&
          !ports_.repairs.aim_item(batch.id, item.run, item.seq, *found.seq))
        found.seq.reset();  // another worker has it
      return found;
    };
    auto looking = on_pool(ports_.pool, std::move(look));
    const auto found = co_await std::move(looking);
    if (found.by_us) {
      item.state = State::acted;
      co_return item;
    }
    if (!found.seq) {
      item.state = State::changed;
      item.detail = "the run has moved on, and the filter finds it no more";
      co_return item;
    }
    // Equal: it has moved in memory, and its commit is under way. The next look sees it.
    if (*found.seq > item.seq) {
      item.seq = item.heard = *found.seq;
      adopted = false;
    }
  }
  co_return item;  // it never stands still: later
}

asio::awaitable<Result<void>> Worker::act_once(const RepairBatch& batch, const RepairItem& item) {
  Engine& engine = ports_.engine;
  Engine::Action action;
  action.reason = batch.reason;
  action.by = signature(batch);
  action.at_seq = item.seq;
  const std::string task = text_of(batch.arguments, "task");
  std::optional<asio::awaitable<Result<void>>> acting;
  if (batch.action == "retry")
    acting.emplace(retry_once(batch, item, action));
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
                                                 Engine::Action action) {
  const std::string task = text_of(batch.arguments, "task");
  std::optional<Json> input;
  if (batch.arguments.contains("input")) input = batch.arguments["input"];
  if (batch.arguments.contains("patch")) {
    auto reading = ports_.engine.read(item.run);
    const Result<runtime::RunDetails> run = co_await std::move(reading);
    if (!run) co_return std::unexpected(run.error());
    if (run->state.seq != item.seq)
      co_return fail(ErrorCode::conflict, "The run has moved on since it was looked at.");
    auto edit = edited_input(*run, task, batch.arguments["patch"]);
    if (!edit) co_return std::unexpected(edit.error());
    input = std::move(edit->after);
  }
  auto retrying = ports_.engine.retry(item.run, task, std::move(input), std::move(action));
  const Result<void> done = co_await std::move(retrying);
  co_return done;
}

}  // namespace sequent::repair
