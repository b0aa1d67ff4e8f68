// What must hold once calm has lasted long enough.
#include "engine/machine/apply.hpp"
#include "engine/machine/codec.hpp"
#include "engine/runtime/fold.hpp"
#include "simulation/world.hpp"

namespace sequent::simulation {

void World::check() {
  for (const auto& [id, run] : witness_.runs()) {
    check_run(id, run);
    check_journal(id, run);
  }
  if (store_.instances().size() != witness_.runs().size())
    notebook_.breach("no run is lost",
                     "the store has " + std::to_string(store_.instances().size()) + " runs, " +
                         std::to_string(witness_.runs().size()) + " were committed");
  check_starts();
  check_events();
  if (options_.undoing) check_undoing();
  if (options_.cluster || options_.keys_and_times) check_schedules();
  if (options_.cluster) check_shares();
}

bool World::has_just_begun(const InstanceId& id) const {
  constexpr DurationMs moment_ms = 60'000;
  const auto& start = store_.start_of(id);
  return start.started_by == "schedule" && start.started_at + moment_ms > scheduler_.now();
}

void World::check_shares() {
  const auto lives = cluster_.running();
  const std::size_t share =
      lives.empty() ? 0 : (store_.partitions() + lives.size() - 1) / lives.size();
  std::size_t all = 0;
  for (const auto* life : lives) {
    const auto owned = life->engine->stats().partitions;
    all += owned;
    if (owned > share)
      notebook_.breach("partitions are shared fairly in calm",
                       "node " + std::to_string(life->domain) + " has " + std::to_string(owned) +
                           " of " + std::to_string(store_.partitions()));
  }
  if (all != store_.partitions())
    notebook_.breach("every partition has an owner in calm",
                     std::to_string(all) + " of " + std::to_string(store_.partitions()));
}

// A fault that no retry mends: the definition raises it, or a limit in it is too short, or the run
// waits for a child that has ended so.
bool World::ended_as_designed(const Witnessed& run) const {
  if (!run.state.error) return false;
  const auto& error = *run.state.error;
  const auto child = InstanceId::parse(text_of(error.extensions, "childRun"));
  if (child) {
    const auto* other = witness_.find(*child);
    if (other == nullptr) return false;
    if (other->state.status == machine::Status::cancelled) return true;
    return other->state.status == machine::Status::faulted && ended_as_designed(*other);
  }
  return error.type == designed_error ||
         machine::same_type(error.type, machine::standard_type(machine::ErrorKind::timeout));
}

void World::check_run(const InstanceId& id, const Witnessed& run) {
  const auto& state = run.state;
  const std::string who = id.text().substr(9) + " of " + run.program->ref.name;
  if (store_.start_of(id).digest != state.digest || run.program->digest != state.digest)
    notebook_.breach(
        "I17: a run is listed under the version that it goes on under",
        who + ":" + run.program->ref.version + " is listed as " + store_.start_of(id).version);
  if (has_just_begun(id)) return;
  if (!machine::is_ended(state.status)) {
    const auto view = machine::view_of(*run.program, state);
    notebook_.breach("I8: every run comes to its end",
                     who + " is " + std::string(machine::name_of(view.status)) + " at " +
                         view.task + ", waits for \"" + view.waiting_for.kind + "\" " +
                         view.waiting_for.detail);
  }
  std::size_t waiting = 0;
  for (const auto& [frame_id, frame] : state.frames)
    waiting += state.status == machine::Status::running && machine::waits_for_provider(frame);
  if (store_.health().parked_of(id).size() != waiting)
    notebook_.breach("I16: a call is in a queue as long as its run waits for it",
                     who + " waits for " + std::to_string(waiting) + " and has " +
                         std::to_string(store_.health().parked_of(id).size()) + " in queues");
  if (state.status == machine::Status::faulted && !ended_as_designed(run) &&
      witness_.has_its_key(id))
    notebook_.breach("what faults for a passing reason can be mended",
                     who + ": " + state.error->type + " " + state.error->detail);
  if (store_.waiting_messages(id) != 0)
    notebook_.breach("I7: every message is consumed",
                     who + " has " + std::to_string(store_.waiting_messages(id)) + " left");
}

void World::check_journal(const InstanceId& id, const Witnessed& run) {
  const std::string who = id.text().substr(9) + " of " + run.program->ref.name;
  const auto stored = store_.load(id);
  const auto folded = stored ? runtime::fold(*stored) : Result<runtime::Folded>{};
  const auto live = machine::encode_state(run.state);
  if (!folded || machine::encode_state(folded->state) != live)
    notebook_.breach("I2: folding gives the live state", who + ", from its snapshot");
  machine::State state;
  for (const auto& text : store_.journal(id, 0, SIZE_MAX)) {
    const auto records = machine::decode(text);
    SEQUENT_ASSERT(records.has_value());  // the witness has read them
    for (const auto& record : *records) {
      machine::apply(state, record);
      const auto* returned = std::get_if<machine::TaskReturned>(&record.body);
      if (returned == nullptr || returned->attempt == 0 || !returned->output) continue;
      const auto object = text_of(*returned->output, "id");
      if (object.starts_with("obj_") && !provider_.made(object))
        notebook_.breach("a result is what the provider made", who + " has " + object);
    }
  }
  if (machine::encode_state(state) != live)
    notebook_.breach("I2: folding gives the live state", who + ", from its first record");
}

void World::check_starts() {
  for (const auto& start : clients_.starts()) {
    if (!start.answered) {
      if (!start.refused) notebook_.breach("every start is answered", start.key);
      continue;
    }
    const auto* run = witness_.find(*start.answered);
    if (run == nullptr)
      notebook_.breach("I1: a start is durable before its caller hears of it", start.key);
    else if (*run->state.raw_input != start.input)
      notebook_.breach("a run has the input of its start", start.key);
  }
  std::map<std::string, int> by_key;
  for (const auto& id : store_.instances())
    if (const auto& key = store_.start_of(id).idempotency_key; !key.empty())
      if (++by_key[store_.start_of(id).name + " " + key] > 1)
        notebook_.breach("one Idempotency-Key, one run", key);
  for (const auto& id : clients_.cancelled())
    if (witness_.find(id)->state.status != machine::Status::cancelled)
      notebook_.breach("a confirmed cancellation lasts", id.text());
}

// Each event that starts a workflow has started it once, whatever failed in between.
void World::check_events() {
  std::map<std::string, int> started;  // workflow and event
  for (const auto& id : store_.instances()) {
    const auto& start = store_.start_of(id);
    ++started[start.name + " " + start.started_by];
  }
  std::set<std::string> stored;
  for (const auto& [number, entry] : store_.events()) {
    const auto& [event, settled] = entry;
    const auto id = text_of(event, "id"), type = text_of(event, "type");
    stored.insert(id);
    if (!settled) notebook_.breach("every event is settled", id + " " + type);
    for (const auto& [digest, program] : programs_) {
      if (!program->schedule.on) continue;
      const auto& filter = program->filters.at(program->schedule.on->filters.at(0));
      const auto count = started[program->ref.name + " event " + id];
      const int expected = filter.type == type ? 1 : 0;
      if (count != expected)
        notebook_.breach("an event starts each workflow once",
                         type + " " + id + " started " + program->ref.name + " " +
                             std::to_string(count) + " times");
    }
  }
  for (const auto& [id, type] : clients_.delivered())
    if (!stored.contains(id)) notebook_.breach("an acknowledged event is stored", id);
}

}  // namespace sequent::simulation
