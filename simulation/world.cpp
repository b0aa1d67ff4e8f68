#include "simulation/world.hpp"

#include <algorithm>

#include "engine/machine/command.hpp"

namespace sequent::simulation {
namespace {

constexpr DurationMs rough_time_ms = 600'000;
constexpr DurationMs round_ms = 300'000;
constexpr DurationMs lease_ms = 10'000;
constexpr int most_rounds = 400;       // loops in tries that wait for events need many
constexpr int most_still_rounds = 20;  // in which help leads to nothing
constexpr std::uint64_t most_steps = 2'000'000;

bool starts_by_itself(const definition::Program& program) {
  const auto& schedule = program.schedule;
  return schedule.on || schedule.every || schedule.after || !schedule.cron.empty();
}

}  // namespace

World::World(const SeedOptions& options)
    : options_(options),
      dice_(options.seed),
      scheduler_(dice_.next()),
      began_(scheduler_.now()),
      notebook_(scheduler_),
      store_(store_log_,
             static_cast<PartitionId>(options.cluster ? dice_.between(3, 9) : dice_.between(1, 4))),
      programs_(deploy()),
      provider_(scheduler_, notebook_),
      witness_(notebook_, programs_),
      cluster_({.scheduler = scheduler_,
                .dice = dice_,
                .weather = weather_,
                .store = store_,
                .provider = provider_,
                .witness = witness_,
                .notebook = notebook_,
                .config = rough_config(),
                .nodes = options.cluster ? static_cast<int>(dice_.between(2, 4)) : 1,
                .clocks_jump = options.keys_and_times,
                .watch_providers = options.outages}),
      clients_(scheduler_, dice_, cluster_, notebook_, witness_) {}

// Those that start by themselves have one: a start of each version would be one too many. So has the
// one whose output must stay what it has made.
void World::add_versions(std::vector<Json>& documents, const WorkflowShape& shape) {
  std::vector<Json> next;
  for (const auto& document : documents)
    if (!document.contains("schedule") && document["document"]["name"] != making_name &&
        dice_.chance(800))
      next.push_back(next_version(dice_, document, shape));
  std::ranges::move(next, std::back_inserter(documents));
}

std::map<std::string, definition::ProgramPtr> World::deploy() {
  auto documents = fixed_workflows();
  if (options_.cluster || options_.keys_and_times)
    std::ranges::copy(scheduled_workflows(), std::back_inserter(documents));
  if (options_.keys_and_times) std::ranges::copy(keyed_workflows(), std::back_inserter(documents));
  WorkflowShape shape;
  shape.children = {"sequence", "loop", "payment"};
  shape.undoing = options_.undoing;
  for (int i = 1; i <= 2; ++i) {
    documents.push_back(random_workflow(dice_, "random" + std::to_string(i), shape));
    shape.children.push_back("random" + std::to_string(i));
  }
  if (options_.undoing) std::ranges::copy(undoing_workflows(), std::back_inserter(documents));
  if (options_.migrations) add_versions(documents, shape);
  if (options_.undoing) {
    std::ranges::transform(documents, documents.begin(), with_undoers);
    documents.push_back(releasing_workflow());
  }
  runtime::ActivityRegistry registry;
  register_activities(registry, nullptr);
  definition::CompileOptions compile;
  compile.catalog = &registry;
  compile.interpreters = 1;
  std::map<std::string, definition::ProgramPtr> programs;
  for (const auto& document : documents) {
    const auto text = dump_json(document);
    const auto program = definition::compile(text, compile);
    if (!program) {
      notebook_.breach("made-up workflows are valid",
                       definition::format_findings(program.error().findings) + text);
      continue;
    }
    const auto& ref = (*program)->ref;
    const auto stored = store_.put({.workflow_namespace = ref.workflow_namespace,
                                    .name = ref.name,
                                    .version = ref.version,
                                    .digest = (*program)->digest,
                                    .source = text,
                                    .deployed_at = scheduler_.now()});
    SEQUENT_ASSERT(stored.has_value());
    programs[(*program)->digest] = *program;
    if (ref.version != first_version)
      moving_names_.push_back(ref.name);
    else if ((*program)->key)
      keyed_names_.push_back(ref.name);
    else if (!starts_by_itself(**program) && ref.name != releasing_name)
      names_.push_back(ref.name);
    if (ref.version == first_version && has_undoers(**program) && !(*program)->key)
      undoing_names_.push_back(ref.name);
    for (const auto& filter : (*program)->filters) event_types_.push_back(filter.type);
  }
  return programs;
}

runtime::EngineConfig World::rough_config() {
  runtime::EngineConfig config;
  config.threads = 0;  // the one that the scheduler has; one interpreter is enough
  config.lease_ttl_ms = lease_ms;
  config.snapshot_every = static_cast<std::uint64_t>(dice_.between(1, 30));
  if (dice_.chance(300)) config.max_resident = static_cast<std::size_t>(dice_.between(2, 10));
  if (dice_.chance(300))
    config.limits.max_steps_per_event = static_cast<std::uint32_t>(dice_.between(1, 6));
  if (dice_.chance(300)) config.max_in_flight = 1;  // each partition still has its floor
  return config;
}

bool World::turn(Timestamp until) {
  while (scheduler_.step(until)) {
    cluster_.bury_doomed();
    if (scheduler_.steps() < most_steps) continue;
    notebook_.breach("the world comes to rest",
                     "never within " + std::to_string(most_steps) + " steps");
    return false;
  }
  return true;
}

void World::plan_starts() {
  const auto began = scheduler_.now();
  for (int i = 0; i < options_.runs; ++i)
    scheduler_.post_at(world_domain, began + dice_.between(0, rough_time_ms / 2),
                       [this] { clients_.start(dice_.pick(names_), random_input(dice_)); });
}

void World::plan_keyed_starts() {
  using runtime::OnConflict;
  static const std::vector<OnConflict> policies{OnConflict::return_first, OnConflict::reject,
                                                OnConflict::restart_if_faulted,
                                                OnConflict::restart_if_faulted};
  const auto count = dice_.between(1, 2LL * options_.runs);
  for (std::int64_t i = 0; i < count; ++i)
    scheduler_.post_at(world_domain, scheduler_.now() + dice_.between(0, rough_time_ms), [this] {
      clients_.start(dice_.pick(keyed_names_), keyed_input(dice_), dice_.pick(policies));
      if (dice_.chance(500)) retry_failed_order();
    });
}

// Of all that failed under a business key one is retried, whether it still has its key or not.
void World::retry_failed_order() {
  std::vector<InstanceId> failed;
  for (const auto& [id, run] : witness_.runs())
    if (!run.key.empty() && run.state.status == machine::Status::faulted) failed.push_back(id);
  if (!failed.empty()) clients_.act(Clients::Action::retry, dice_.pick(failed));
}

// Somebody sets the clock right, or believes so.
void World::plan_jumps() {
  provider_.keep_longer(2 * longest_jump_ms);
  const auto count = dice_.chance(300) ? 0 : dice_.between(1, 3);
  for (std::int64_t i = 0; i < count; ++i)
    scheduler_.post_at(world_domain, scheduler_.now() + dice_.between(0, rough_time_ms), [this] {
      cluster_.set_clock_of_one(dice_.between(-longest_jump_ms, longest_jump_ms));
    });
}

void World::plan_events() {
  const auto began = scheduler_.now();
  const auto count = dice_.between(0, 3LL * options_.runs);
  for (std::int64_t i = 0; i < count; ++i)
    scheduler_.post_at(world_domain, began + dice_.between(0, rough_time_ms), [this] {
      const auto* run = any_run();
      if (run == nullptr) return;
      clients_.deliver("event-" + std::to_string(++last_event_), dice_.pick(event_types_),
                       run->first.text());
    });
}

const std::pair<const InstanceId, Witnessed>* World::any_run() {
  const auto& runs = witness_.runs();
  if (runs.empty()) return nullptr;
  auto run = runs.begin();
  std::advance(run, static_cast<std::ptrdiff_t>(dice_.below(runs.size())));
  return &*run;
}

void World::interfere() {
  const auto* run = any_run();
  if (run == nullptr) return;
  using Action = Clients::Action;
  static const std::vector<Action> actions{Action::suspend, Action::suspend, Action::resume,
                                           Action::retry,   Action::retry,   Action::retry,
                                           Action::edit,    Action::cancel};
  const auto action = dice_.pick(actions);
  if (action == Action::edit) provider_.expect_more_of(run->first);
  if (action == Action::cancel && run->second.program->ref.name == releasing_name) return;
  clients_.act(action, run->first);
  if (action != Action::suspend || !dice_.chance(700)) return;
  scheduler_.post_at(world_domain, scheduler_.now() + dice_.between(1, 60'000),
                     [this, id = run->first] { clients_.act(Action::resume, id); });
}

void World::plan_operators() {
  if (dice_.chance(300)) return;
  const auto count = dice_.between(1, 2LL * options_.runs);
  for (std::int64_t i = 0; i < count; ++i)
    scheduler_.post_at(world_domain, scheduler_.now() + dice_.between(0, rough_time_ms),
                       [this] { interfere(); });
}

// What lies behind a rewind happens again: that is what the operator confirms.
void World::skip_or_rewind() {
  const auto* run = any_run();
  if (run == nullptr) return;
  const auto& [id, witnessed] = *run;
  const auto& task = dice_.pick(witnessed.program->nodes).pointer;
  if (dice_.chance(300))
    return options_.undoing
               ? clients_.act(Clients::Action::skip, id, task, truth_of(witnessed, task))
               : clients_.act(Clients::Action::skip, id, task);
  provider_.expect_more_of(id);
  clients_.act(Clients::Action::rewind, id, task);
}

void World::plan_rewinds() {
  if (!options_.rewinds || dice_.chance(400)) return;
  const auto count = dice_.between(1, 2LL * options_.runs);
  for (std::int64_t i = 0; i < count; ++i)
    scheduler_.post_at(world_domain, scheduler_.now() + dice_.between(0, rough_time_ms),
                       [this] { skip_or_rewind(); });
}

void World::plan_migrations() {
  const auto count = dice_.between(1, 4LL * options_.runs);
  for (std::int64_t i = 0; i < count; ++i)
    scheduler_.post_at(world_domain, scheduler_.now() + dice_.between(0, rough_time_ms), [this] {
      const auto* run = any_run();
      if (run == nullptr) return;
      const auto& ref = run->second.program->ref;
      if (std::ranges::find(moving_names_, ref.name) == moving_names_.end()) return;
      const bool back = ref.version != first_version;
      clients_.act(Clients::Action::migrate, run->first, back ? first_version : second_version);
    });
}

void World::plan_crashes() {
  const auto crashes = dice_.chance(300) ? 0 : dice_.between(1, 4);
  for (std::int64_t i = 0; i < crashes; ++i)
    scheduler_.post_at(world_domain, scheduler_.now() + dice_.between(0, rough_time_ms), [this] {
      if (auto* life = cluster_.any()) life->doomed = true;
    });
  if (!dice_.chance(300)) return;
  scheduler_.post_at(world_domain, scheduler_.now() + dice_.between(0, rough_time_ms),
                     [this] { cluster_.freeze_one(dice_.between(lease_ms / 2, 4 * lease_ms)); });
}

void World::plan_waits() {
  const auto count = dice_.between(1, 3LL * options_.runs);
  for (std::int64_t i = 0; i < count; ++i)
    scheduler_.post_at(world_domain, scheduler_.now() + dice_.between(0, rough_time_ms), [this] {
      if (const auto* run = any_run()) clients_.wait(run->first);
    });
}

// Nodes stand still, lose sight of the store, and go while others come.
void World::plan_nodes() {
  const auto some = [this](std::int64_t most, const std::function<void()>& what) {
    const auto count = dice_.between(0, most);
    for (std::int64_t i = 0; i < count; ++i)
      scheduler_.post_at(world_domain, scheduler_.now() + dice_.between(0, rough_time_ms), what);
  };
  some(6, [this] { cluster_.freeze_one(dice_.between(lease_ms / 4, 4 * lease_ms)); });
  some(3, [this] { cluster_.cut_one(dice_.between(500, 4 * lease_ms)); });
  some(3, [this] { cluster_.leave_one(); });
}

void World::plan_outages() {
  const auto count = dice_.between(0, 3);
  for (std::int64_t i = 0; i < count; ++i)
    scheduler_.post_at(world_domain, scheduler_.now() + dice_.between(0, rough_time_ms),
                       [this] { break_provider(180'000); });
}

void World::break_provider(DurationMs longest) {
  weather_.down_until = scheduler_.now() + dice_.between(5'000, longest);
  notebook_.note("the provider is out of order until " + format_time(weather_.down_until));
}

void World::run() {
  if (!notebook_.breaches().empty()) return;
  weather_ = draw_weather(dice_);
  if (options_.cluster) {
    draw_notes(dice_, weather_);
    cluster_.boot_all();
  } else {
    cluster_.boot();
  }
  plan_starts();
  plan_events();
  plan_operators();
  plan_crashes();
  plan_rewinds();
  if (options_.cluster) {
    plan_waits();
    plan_nodes();
  }
  if (options_.keys_and_times) {
    plan_keyed_starts();
    plan_jumps();
  }
  if (options_.outages) plan_outages();
  if (options_.migrations) plan_migrations();
  if (options_.undoing) plan_cancellations();
  if (!turn(scheduler_.now() + rough_time_ms)) return;
  calm_down();
  if (notebook_.breaches().empty()) check();
}

// No fault from here on; what was broken is mended, what is awaited comes.
void World::calm_down() {
  notebook_.note("calm");
  weather_ = Weather{};
  cluster_.set_clocks_right();
  for (int restarts = 0; restarts < 2; ++restarts) {
    cluster_.kill_all();
    store_.owner_is_gone();
    auto config = rough_config();
    config.max_resident = 20'000;
    cluster_.set_config(config);
    if (options_.cluster)
      cluster_.boot_all();
    else
      cluster_.boot();
    calm_since_ = scheduler_.now();
    clients_.calm();
    if (options_.undoing) cancel_some();
    for (int round = 0, still = 0; round < most_rounds && still < most_still_rounds; ++round) {
      const auto before = witness_.commits();
      if (!turn(scheduler_.now() + round_ms)) return;
      if (!help()) break;
      still = witness_.commits() == before ? still + 1 : 0;
    }
  }
}

bool World::help() {
  bool any = !clients_.all_answered() || !clients_.all_told();
  for (const auto& [id, run] : witness_.runs()) {
    if (options_.cluster && !machine::is_ended(run.state.status) && dice_.chance(300))
      clients_.wait(id);
    any = help_run(id, run) || any;
  }
  return any;
}

bool World::help_run(const InstanceId& id, const Witnessed& run) {
  using Action = Clients::Action;
  const auto& state = run.state;
  if (state.status == machine::Status::suspended) {
    clients_.act(Action::resume, id);
    return true;
  }
  if (state.status == machine::Status::faulted) {
    if (!state.cancelling && (ended_as_designed(run) || !witness_.has_its_key(id))) return false;
    clients_.act(Action::retry, id);
    return true;
  }
  if (state.status != machine::Status::running) return false;
  // Its next timer, or an effect that is open, needs time and nothing else.
  bool helped = machine::wake_at(state) != INT64_MAX;
  bool parked = false;
  for (const auto& [frame_id, frame] : state.frames) {
    // What waits for its provider needs nobody.
    const bool waits = machine::waits_for_provider(frame);
    helped = helped || waits;
    parked = parked || (frame.phase == machine::Phase::parked && !waits);
  }
  if (parked) clients_.act(Action::retry, id);
  for (const auto& open : machine::subscriptions(*run.program, state)) {
    clients_.deliver("event-" + std::to_string(++last_event_), open.type, id.text());
    helped = true;
  }
  return helped || parked;
}

SeedOutcome World::outcome() const {
  SeedOutcome outcome;
  outcome.seed = options_.seed;
  outcome.digest = notebook_.digest();
  outcome.breaches = notebook_.breaches();
  outcome.trace = notebook_.lines();
  outcome.steps = scheduler_.steps();
  outcome.lives = cluster_.lives();
  outcome.runs = witness_.runs().size();
  outcome.objects = provider_.objects();
  outcome.moves = witness_.moves();
  outcome.undone = provider_.undone().size();
  for (const auto& [id, run] : witness_.runs()) {
    if (run.state.status == machine::Status::completed) ++outcome.completed;
    if (run.state.status == machine::Status::faulted) ++outcome.faulted;
    if (run.state.status == machine::Status::cancelled) ++outcome.cancelled;
  }
  return outcome;
}

SeedOutcome simulate(const SeedOptions& options) {
  World world(options);
  world.run();
  return world.outcome();
}

}  // namespace sequent::simulation
