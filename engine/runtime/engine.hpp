#pragma once
// One node: what the HTTP API, the command line and the tests talk to. Coroutines resume on the
// caller's executor, once what they asked for is durable.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/ids.hpp"
#include "engine/definition/compile.hpp"
#include "engine/machine/decide.hpp"
#include "engine/machine/view.hpp"
#include "engine/runtime/activity.hpp"
#include "engine/runtime/clock.hpp"
#include "engine/runtime/outages.hpp"
#include "engine/runtime/parts.hpp"
#include "engine/runtime/queries.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::runtime {

class Catalogue;

struct EngineConfig {
  std::string node = "node-1";
  machine::Limits limits;
  expression::Limits expression_limits;
  int threads = 2;                             // event loops; also copies of compiled expressions
  DurationMs lease_ttl_ms = 0;                 // 0 = what suits the store
  std::size_t max_resident = 20'000;           // instances in memory; idle ones leave first
  std::size_t max_in_flight = 4'000;           // activity calls under way
  std::size_t max_queued_starts = 20'000;      // more: too_many_requests
  std::uint64_t snapshot_every = 200;          // records between snapshots
  DurationMs event_ttl_ms = 7 * 86'400'000LL;  // how long an event waits for its run
  outages::Settings outages;                   // when a provider counts as out of order
  std::function<std::optional<Json>(const std::string&)> secret;  // by name; see cli/config
  /// Empty = definition::compile(). Engines that begin again and again share programs through it.
  std::function<Result<definition::ProgramPtr>(const std::string& text,
                                               const definition::CompileOptions& options)>
      compile;
};

struct Ports {
  Store& store;
  RunQueries& runs;
  DefinitionStore& definitions;
  Clock& clock;
  ActivityRegistry& activities;
  ProviderHealth* health = nullptr;  // null: no call is held back, whatever becomes of providers
};

enum class OnConflict : std::uint8_t { return_first, reject, restart_if_faulted };

struct StartRequest {
  definition::WorkflowRef workflow;  // version empty = latest
  Json input;
  std::string key;              // overrides metadata.key; empty = as the workflow computes it
  std::string idempotency_key;  // of the request; empty = none
  OnConflict on_conflict = OnConflict::return_first;
  std::string started_by;
};
struct Started {
  InstanceId id;
  definition::ProgramPtr program;
  bool replayed = false;  // an earlier run with the same key
};

/// A run as one call sees it.
struct RunDetails {
  RunSummary summary;
  definition::ProgramPtr program;
  machine::State state;
  machine::View view;
};

/// What a waiting caller hears. `ended` false and `response` null: the time ran out.
struct WaitResult {
  machine::Status status = machine::Status::running;
  bool ended = false;
  machine::Value response;  // output of the `respond` task, or of the workflow
  machine::Value answer;    // how the `respond` task tells it (machine/answer.hpp); null = as it is
  std::optional<machine::Problem> error;
};
enum class Until : std::uint8_t { responded, ended };

/// What happened to a run, told after its commit; feeds server-sent events.
struct RunNotice {
  InstanceId id;
  std::string workflow;  // namespace/name:version
  std::uint64_t seq = 0;
  std::string status, task, waiting_kind;
  Timestamp at = 0;
  std::vector<std::string> requests;  // that it has taken or answered
};
/// A bounded queue of notices; a reader that is too slow finds `lost` set and reads anew.
class Watch {
 public:
  virtual ~Watch() = default;
  /// Waits for the next notices; empty after `timeout_ms` or when the engine stops.
  virtual boost::asio::awaitable<std::vector<RunNotice>> next(DurationMs timeout_ms) = 0;
  [[nodiscard]] virtual bool lost() = 0;
};

struct Deployed {
  definition::ProgramPtr program;
  bool created = false;  // false: the same content was there
};

/// What became of the wish to delete a version.
struct Deletion {
  definition::ProgramPtr program;
  bool done = false;
  LiveRuns live;                     // why not
  std::vector<std::string> effects;  // of it on what comes: why not, unless they are confirmed
};

struct Delivered {
  std::int64_t id = 0;
  bool duplicate = false;
  int runs = 0;     // that take it
  int started = 0;  // workflows that it starts
  bool held = false;
  std::optional<InstanceId> run;  // the first that takes it
};

/// Figures for /metrics, taken at one moment.
struct EngineStats {
  std::uint64_t commits = 0, committed_records = 0, committed_changes = 0;
  std::uint64_t started = 0, completed = 0, faulted = 0, cancelled = 0, parked = 0;
  std::uint64_t activities_started = 0, activities_failed = 0, activity_retries = 0;
  std::uint64_t events = 0, timers = 0, loads = 0, evictions = 0, store_failures = 0;
  std::size_t resident = 0, in_flight = 0, queued = 0;
  double last_commit_ms = 0, mean_commit_ms = 0;
  std::size_t partitions = 0;
  Outages::Totals outages;
};

enum class Health : std::uint8_t { starting, ready, degraded, stopping };

/// What a run's tasks under way are in another version, by pointer.
struct MigrationPreview {
  definition::WorkflowRef from, to;
  std::vector<std::pair<std::string, std::string>> tasks;
};

class Engine {
 public:
  /// With a commit thread, read threads and timers of its own.
  Engine(EngineConfig config, Ports ports, boost::asio::any_io_executor executor);
  /// With the threads and timers of a test or a simulation.
  Engine(EngineConfig config, Ports ports, boost::asio::any_io_executor executor,
         EngineParts parts);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Takes the leases, compiles the stored definitions, finds what is due. Starting is recovery. On a
  /// store that several nodes share, the node may have to wait for partitions: it is degraded till then.
  /// errors  lease_held: another process has the store; invalid_definition: a stored one is broken
  [[nodiscard]] Result<void> start();
  /// Refuses new work, lets requests in flight end up to the deadline, commits, gives leases back.
  boost::asio::awaitable<void> stop(DurationMs deadline_ms);
  [[nodiscard]] Health health() const;
  [[nodiscard]] std::string health_detail() const;  // why it is degraded
  /// Whether notices of this run (or of whichever run takes a request) are told at once: it lives here,
  /// or nowhere else. Those of another node come when they may, or not at all.
  [[nodiscard]] bool hears_at_once(const std::optional<InstanceId>& run) const;
  /// Set while this node is the one that does what is done once in the cluster: schedules, the expiry of
  /// held events, the publishing of emitted ones, batches. Another may believe so too for a moment while
  /// leases change hands. When another may have led since, it is another number: what was learnt under
  /// the old one is out of date, though at every look this node led.
  [[nodiscard]] std::optional<Epoch> leadership() const;
  [[nodiscard]] bool leads() const { return leadership().has_value(); }
  /// Called when it begins to lead, or leads under another number than before, on the thread of the
  /// leases: it must only wake somebody. One at a time; an empty one takes it away.
  void when_leading(std::function<void()> wake);

  /// What the caller has to say about a new definition before it is stored. Nothing is deployed
  /// between this and the definition itself, so two that exclude each other can't both pass.
  using DeployCheck = std::function<Result<void>(const definition::Program&)>;
  /// errors  invalid_definition, conflict, and those of `check`
  boost::asio::awaitable<Result<Deployed>> deploy(std::string text, std::string file,
                                                  DeployCheck check = {});
  /// Deletes a version of which no run is live: nothing starts under it, and what its runs did can be
  /// read as long as they are kept. `check`: of the version that is the highest then.
  /// errors  not_found, conflict by `check`
  boost::asio::awaitable<Result<Deletion>> delete_definition(definition::WorkflowRef ref,
                                                             bool confirmed,
                                                             DeployCheck check = {});
  [[nodiscard]] definition::ProgramPtr program(const definition::WorkflowRef& ref) const;
  [[nodiscard]] definition::ProgramPtr program(const std::string& digest) const;
  [[nodiscard]] std::vector<definition::ProgramPtr> programs() const;
  /// What this node knows of definitions: another object as soon as it knows more.
  [[nodiscard]] std::shared_ptr<const Catalogue> catalogue() const;
  /// Learns what other nodes have deployed: whether there is more now than in `before`. Without a
  /// cluster there never is, and nothing is read.
  boost::asio::awaitable<Result<bool>> catch_up(std::shared_ptr<const Catalogue> before);

  /// errors  not_found, invalid_input, key_taken, idempotency_mismatch, unavailable, too_many_requests
  boost::asio::awaitable<Result<Started>> start_run(StartRequest request);
  boost::asio::awaitable<Result<RunDetails>> read(InstanceId id);
  boost::asio::awaitable<Result<WaitResult>> wait(InstanceId id, Until until,
                                                  DurationMs timeout_ms);

  struct Action {
    std::string reason, by;
    /// Set = only while the run's journal ends here; conflict otherwise. What is asked twice under one
    /// of these happens once.
    std::optional<std::uint64_t> at_seq;
  };
  boost::asio::awaitable<Result<void>> suspend(InstanceId id, Action action);
  boost::asio::awaitable<Result<void>> resume(InstanceId id, Action action);
  /// What the run has done is undone (metadata.compensate) before it is cancelled.
  boost::asio::awaitable<Result<void>> cancel(InstanceId id, Action action);
  /// It ends at once, and its children: nothing is undone.
  boost::asio::awaitable<Result<void>> terminate(InstanceId id, Action action);
  /// `task`: pointer or name, empty = the task that stands still. `input` replaces the task's input.
  boost::asio::awaitable<Result<void>> retry(InstanceId id, std::string task,
                                             std::optional<Json> input, Action action);
  boost::asio::awaitable<Result<void>> skip(InstanceId id, std::string task, Json output,
                                            Action action);
  /// errors  wrong_state: the task is in no block that is under way, or was never reached
  boost::asio::awaitable<Result<void>> rewind(InstanceId id, std::string task, Action action);
  /// Goes on under another version of its workflow, "" = the highest.
  /// errors  not_found; wrong_state, with a finding for each reason
  boost::asio::awaitable<Result<void>> migrate(InstanceId id, std::string version, Action action);
  /// Whether migrate() would do it now, and what its tasks would be. errors  as migrate()
  boost::asio::awaitable<Result<MigrationPreview>> preview_migration(InstanceId id,
                                                                     std::string version);

  /// Stores, de-duplicates and routes a CloudEvent; resumes once it is durable.
  /// `hold_ms`: how long it is kept while nobody waits for it; 0 = as configured.
  boost::asio::awaitable<Result<Delivered>> deliver(Json event, std::string origin,
                                                    DurationMs hold_ms = 0);
  /// Routes a stored event once more, to runs that listen now.
  boost::asio::awaitable<Result<Delivered>> replay_event(std::int64_t inbox_id, Json event);

  /// Providers' health, limits, and what is parked on them. Empty where the store keeps none of it.
  boost::asio::awaitable<Result<std::vector<ProviderView>>> providers();
  /// What stands behind "parked on": of the account, or of the whole provider.
  [[nodiscard]] std::optional<ProviderView> provider(const definition::CircuitId& circuit) const;
  /// An operator's command (outages::open_by_hand and its kin), for all nodes.
  /// errors  unavailable: the store keeps no health of providers; those of `change`
  boost::asio::awaitable<Result<ProviderView>> change_provider(definition::CircuitId circuit,
                                                               Outages::Change change);

  /// A UUIDv7 that nobody has had before, for events that come without a name.
  [[nodiscard]] std::string fresh_id();

  /// Notices of one run, or of all.
  [[nodiscard]] std::unique_ptr<Watch> watch(std::optional<InstanceId> id);
  /// Notices of whichever run takes or answers the request (RunQueries::request).
  [[nodiscard]] std::unique_ptr<Watch> watch_request(std::string id);
  [[nodiscard]] EngineStats stats() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sequent::runtime
