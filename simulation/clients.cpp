#include "simulation/clients.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

namespace sequent::simulation {
namespace {

constexpr DurationMs patience_ms = 20'000;
constexpr int repeats_permille = 200;
constexpr DurationMs longest_wait_ms = 90'000;
constexpr DurationMs soon_ms = 1'000;
constexpr DurationMs settling_ms = 20'000;  // until every partition has its owner

// What a caller does not understand as an answer it asks again.
bool is_passing(ErrorCode code) {
  return code == ErrorCode::unavailable || code == ErrorCode::too_many_requests ||
         code == ErrorCode::fenced;
}

}  // namespace

template <class T, class Then>
void Clients::begin(boost::asio::awaitable<T> call, Then then) {
  boost::asio::co_spawn(scheduler_.executor(world_domain), std::move(call),
                        [this, then = std::move(then)](std::exception_ptr error, T value) mutable {
                          if (error)
                            return notebook_.breach("calls of the engine throw nothing",
                                                    "an exception");
                          then(std::move(value));
                        });
}

void Clients::again(DurationMs within, Work work) {
  scheduler_.post_at(world_domain, scheduler_.now() + dice_.between(1, within), std::move(work));
}

void Clients::start(const std::string& workflow, Json input,
                    std::optional<runtime::OnConflict> on_conflict) {
  const auto key = "start-" + std::to_string(starts_.size() + 1);
  Start start{.workflow = workflow, .key = key, .input = std::move(input), .answered = {}};
  start.on_conflict = on_conflict;
  starts_.push_back(std::move(start));
  ask_start(starts_.size() - 1);
}

void Clients::ask_start(std::size_t index) {
  const auto& start = starts_[index];
  const bool over = start.answered || start.refused;
  if (over && (!start.on_conflict || !dice_.chance(repeats_permille))) return;
  // No answer may come at all: then the caller asks again.
  again(patience_ms, [this, index] { ask_start(index); });
  Life* life = cluster_.any();
  if (life == nullptr) return;
  runtime::StartRequest request;
  request.workflow.workflow_namespace = "simulation";
  request.workflow.name = start.workflow;
  request.input = start.input;
  request.idempotency_key = start.key;
  request.on_conflict = start.on_conflict.value_or(runtime::OnConflict::return_first);
  request.started_by = "simulation";
  begin(life->engine->start_run(std::move(request)),
        [this, index, asked_at = scheduler_.now()](const Result<runtime::Started>& started) {
          hear_start(index, started, asked_at);
        });
}

void Clients::hear_start(std::size_t index, const Result<runtime::Started>& started,
                         Timestamp asked_at) {
  auto& asked = starts_[index];
  if (!started && is_passing(started.error().code)) return;
  notebook_.note("answered " + asked.key + " " +
                 (started ? started->id.text().substr(9) + (started->replayed ? " replayed" : "")
                          : started.error().detail));
  if (asked.on_conflict) return hear_keyed(asked, started, asked_at);
  if (!started)
    return notebook_.breach("a start is answered", asked.key + ": " + started.error().detail);
  if (asked.answered && *asked.answered != started->id)
    notebook_.breach("one Idempotency-Key, one run", asked.key);
  asked.answered = started->id;
}

// A caller who did not get a run of its own may get another one later: nothing was started for its
// Idempotency-Key, so the business key is asked again.
void Clients::hear_keyed(Start& asked, const Result<runtime::Started>& started,
                         Timestamp asked_at) {
  using runtime::OnConflict;
  const bool own_is_known = asked.own_since < asked_at;
  if (!started) {
    const auto code = started.error().code;
    const bool may_be = code == ErrorCode::idempotency_mismatch ||
                        (code == ErrorCode::key_taken && asked.on_conflict == OnConflict::reject);
    if (!may_be || own_is_known)
      notebook_.breach("a start is refused for its business key alone",
                       asked.key + ": " + started.error().detail);
    asked.refused = true;
    return;
  }
  const auto* run = witness_.find(started->id);
  asked.answered = started->id;
  if (run == nullptr) return;  // check_starts says so
  const bool own = run->idempotency_key == asked.key;
  if (own_is_known && !own)
    notebook_.breach("an Idempotency-Key that has started a run answers with it", asked.key);
  if (own) asked.own_since = std::min(asked.own_since, scheduler_.now());
  if (!own && asked.on_conflict == OnConflict::reject)
    notebook_.breach("who wants a run of its own gets no other", asked.key);
  const bool failed = run->state.status == machine::Status::faulted ||
                      run->state.status == machine::Status::cancelled;
  if (!own && failed && run->ended_at < asked_at &&
      asked.on_conflict == OnConflict::restart_if_faulted)
    notebook_.breach("what failed is started anew when asked to", asked.key);
}

bool Clients::all_answered() const {
  return std::ranges::all_of(starts_,
                             [](const Start& start) { return start.answered || start.refused; });
}

void Clients::wait(const InstanceId& run) {
  waits_.push_back({.run = run});
  ask_wait(waits_.size() - 1);
}

void Clients::ask_wait(std::size_t index) {
  const DurationMs patience = dice_.between(100, longest_wait_ms);
  Life* life = cluster_.any();
  if (life == nullptr) return again(patience_ms, [this, index] { ask_wait(index); });
  const InstanceId run = waits_[index].run;
  const auto asked_at = scheduler_.now();
  notebook_.note("wait for " + run.text().substr(9) + " at node " + std::to_string(life->domain) +
                 ", " + std::to_string(patience) + " ms");
  auto heard = std::make_shared<bool>(false);
  begin(life->engine->wait(run, runtime::Until::ended, patience),
        [this, index, heard, asked_at](const Result<runtime::WaitResult>& result) {
          *heard = true;
          hear(index, result, asked_at);
        });
  // Only who asked a node that died, or that stood still, may remain without an answer.
  scheduler_.post_at(
      world_domain, asked_at + patience + patience_ms, [this, index, life, asked_at, heard, run] {
        if (*heard) return;
        if (!life->dead && !life->leaving && life->disturbed_at < asked_at)
          notebook_.breach("every waiter gets its answer",
                           run.text().substr(9) + " at node " + std::to_string(life->domain));
        ask_wait(index);
      });
}

void Clients::hear(std::size_t index, const Result<runtime::WaitResult>& result,
                   Timestamp asked_at) {
  auto& wait = waits_[index];
  const std::string who = wait.run.text().substr(9);
  if (!result && !is_passing(result.error().code))
    notebook_.breach("a waiter is answered", who + ": " + result.error().detail);
  if (!result || !result->ended) return again(patience_ms, [this, index] { ask_wait(index); });
  const auto status = result->status;
  notebook_.note("told of " + who + " " + std::string(machine::name_of(status)));
  wait.told = true;
  // One that faulted may have been retried meanwhile.
  const auto* run = witness_.find(wait.run);
  if (status != machine::Status::faulted && (run == nullptr || run->state.status != status))
    notebook_.breach("a waiter hears what is durable", who);
  if (run == nullptr || asked_at < calm_since_ + settling_ms) return;
  const DurationMs late = scheduler_.now() - std::max(asked_at, run->ended_at);
  if (late > soon_ms)
    notebook_.breach("in calm a waiter is told at once", who + ", " + std::to_string(late) + " ms");
}

bool Clients::all_told() const {
  return std::ranges::all_of(waits_, [this](const Wait& wait) {
    const auto* run = witness_.find(wait.run);
    return wait.told || run == nullptr || !machine::is_ended(run->state.status);
  });
}

void Clients::deliver(const std::string& id, const std::string& type, const std::string& run) {
  Json event{{"specversion", "1.0"},
             {"id", id},
             {"source", "https://simulation.example/world"},
             {"type", type}};
  event["data"] = Json{{"run", run}};
  ask_deliver(event);
}

void Clients::ask_deliver(const Json& event) {
  const auto id = text_of(event, "id");
  if (delivered_.contains(id) && !dice_.chance(repeats_permille)) return;
  again(patience_ms, [this, event] { ask_deliver(event); });
  Life* life = cluster_.any();
  if (life == nullptr) return;
  begin(life->engine->deliver(event, "simulation"),
        [this, id, type = text_of(event, "type")](const Result<runtime::Delivered>& delivered) {
          if (delivered) {
            delivered_[id] = type;
          } else if (!is_passing(delivered.error().code)) {
            notebook_.breach("an event is taken", id + ": " + delivered.error().detail);
          }
        });
}

// What undoes must be told what it undoes, whatever else changes.
Json Clients::edited_input(const InstanceId& run) const {
  const auto* witnessed = witness_.find(run);
  Json input = Json::object();
  if (witnessed != nullptr && witnessed->state.cancelling) {
    const auto& state = witnessed->state;
    const auto failed = state.frames.find(state.faulted_frame);
    if (failed != state.frames.end() && failed->second.input->is_object())
      input = *failed->second.input;
  }
  input["edited"] = true;
  return input;
}

void Clients::act(Action action, const InstanceId& run, const std::string& detail, Json output) {
  Life* life = cluster_.any();
  if (life == nullptr) return;
  auto& engine = *life->engine;
  const runtime::Engine::Action why{.reason = "simulated", .by = "operator"};
  static constexpr std::string_view names[] = {"suspend", "resume", "retry",   "edit",     "cancel",
                                               "skip",    "rewind", "migrate", "terminate"};
  const std::string what =
      std::string(names[static_cast<std::size_t>(action)]) + " " + run.text().substr(9) + detail;
  notebook_.note("ask " + what);
  auto answered = [this, what, run, action](const Result<void>& done) {
    notebook_.note(what + (done ? ": done" : ": " + done.error().detail));
    if (done && action == Action::cancel) cancelled_.insert(run);
  };
  switch (action) {
    case Action::suspend:
      return begin(engine.suspend(run, why), std::move(answered));
    case Action::resume:
      return begin(engine.resume(run, why), std::move(answered));
    case Action::retry:
      return begin(engine.retry(run, "", std::nullopt, why), std::move(answered));
    case Action::edit:
      return begin(engine.retry(run, "", edited_input(run), why), std::move(answered));
    case Action::cancel:
      return begin(engine.cancel(run, why), std::move(answered));
    case Action::skip:
      return begin(engine.skip(run, detail, std::move(output), why), std::move(answered));
    case Action::rewind:
      return begin(engine.rewind(run, detail, why), std::move(answered));
    case Action::migrate:
      return begin(engine.migrate(run, detail, why), std::move(answered));
    case Action::terminate:
      return begin(engine.terminate(run, why), std::move(answered));
  }
}

}  // namespace sequent::simulation
