#pragma once
// Every command as a function of its options; arguments.cpp reads the options, one file each does
// the work. All answer with the exit code.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/session.hpp"

namespace sequent::cli {

struct ServeOptions {
  std::string config, data, store, listen, workflows, retention;  // "" = not given
};
int run_serve(const Session& session, const ServeOptions& options);

struct SandboxCommand {
  std::string host = "127.0.0.1";
  std::uint16_t stripe_port = 0, auth_port = 0, aws_port = 0;
  std::uint16_t flexprice_port = 0, langfuse_port = 0;
  bool price_everything = false;
  std::string webhook_url, config_out;
  std::uint64_t seed = 1;
};
int run_sandbox(const Session& session, const SandboxCommand& options);

struct DoctorCommand {
  ServeOptions node;
  bool journals = false;  // folds every run's journal, and checks nothing else
};
int run_doctor(const Session& session, const DoctorCommand& command);

struct ValidateCommand {
  std::vector<std::string> files;
  bool strict = false;   // also what may cost money; warnings fail
  bool verbose = false;  // accepted warnings too
};
int run_validate(const Session& session, const ValidateCommand& command);

struct TestCommand {
  std::vector<std::string> files;
  std::string only;         // "" = all
  bool all_tested = false;  // a workflow without tests is a failure
};
int run_test(const Session& session, const TestCommand& command);
int run_deploy(const Session& session, const std::vector<std::string>& files);

struct CrashtestCommand {
  std::vector<std::string> files;
  std::string only, scenario;  // "" = all
  std::size_t every = 1;
  std::uint64_t seed = 1;
  int jobs = 0;  // 0 = as many as the machine has cores
};
int run_crashtest(const Session& session, const CrashtestCommand& options);

struct PlayCommand {
  std::vector<std::string> files;
  std::string config, scenario;  // scenario "" = those marked `live`
};
int run_play(const Session& session, const PlayCommand& options);

struct SimulateOptions {
  std::uint64_t seeds = 100, first = 1;
  std::optional<std::uint64_t> seed;  // this one alone
  int runs = 8;                       // starts by callers, for each seed
  bool verbose = false, keep_going = false, no_rewinds = false, one_node = false;
  bool no_keys_and_times = false, no_outages = false, no_migrations = false;
  bool no_undoing = false;
};
int run_simulate(const Session& session, const SimulateOptions& options);

struct DiagramOptions {
  std::vector<std::string> subjects;  // one file or run; with `trace` or `write` files and folders
  std::string format = "mermaid";     // mermaid | plantuml
  bool trace = false;
  std::string write;   // folder of documentation, "" = don't
  bool check = false;  // with `write`: write nothing, fail where something else stands
};
int run_diagram(const Session& session, const DiagramOptions& options);

struct StartOptions {
  std::string workflow;  // namespace/name[:version]
  std::string input, key, idempotency_key, on_conflict;
  int wait_seconds = -1;  // -1 = don't
};
int run_start(const Session& session, const StartOptions& options);

struct RunsOptions {
  std::vector<std::string> statuses, attributes;  // attributes: name=value
  std::string workflow, key, task, waiting, provider, error_type, since, text, cursor, where;
  int limit = 50;
  bool all = false, stuck = false;
};
int run_runs(const Session& session, const RunsOptions& options);

struct CountOptions {
  std::vector<std::string> by{"status"};  // dimensions
  std::string where;
  int limit = 50;
  bool exact = false;  // all runs, however long that takes
};
int run_count(const Session& session, const CountOptions& options);
int run_show(const Session& session, const std::string& run);

struct JournalOptions {
  std::string run;
  std::uint64_t after = 0;
  int limit = 10'000;
  bool full = false;
};
int run_journal(const Session& session, const JournalOptions& options);

struct ReplayCommand {
  std::string run;                 // "" = `journal`
  std::string journal;             // file, "" = ask the server
  std::string with;                // workflow file
  std::vector<std::string> under;  // files of versions that the run was under
};
int run_replay(const Session& session, const ReplayCommand& command);
int run_watch(const Session& session, const std::string& run);  // "" = all

struct AuditOptions {
  std::string target, principal, action, since, text, cursor;
  bool refused = false, full = false;
  int limit = 50;
};
int run_audit(const Session& session, const AuditOptions& options);

struct ActionOptions {
  std::string verb;  // suspend | resume | retry | rewind | skip | cancel | terminate
  std::string run, reason, task, input, patch, output;
  bool yes = false;  // rewind: without asking
};
int run_action(const Session& session, const ActionOptions& options);

struct BatchOptions {
  std::string action;  // retry | skip | rewind | suspend | resume | cancel | migrate
  std::string batch;   // resume, cancel: of this batch, instead of runs
  std::string where, rate, order, reason, task, input, patch, output, version;
  std::string stop_at;  // "" = as the server does
  bool dry_run = false, detach = false, yes = false, no_waves = false;
};
int run_batch(const Session& session, const BatchOptions& options);
int run_batch_list(const Session& session, const std::string& cursor, int limit);
int run_batch_show(const Session& session, const std::string& id, const std::string& state,
                   bool watch);
int run_batch_change(const Session& session, const std::string& verb, const BatchOptions& options);

struct ReconcileOptions {
  std::string provider = "stripe";
  std::string since = "24h", until;  // until "" = now
  std::string account, output, config;
  bool unrecorded = false;
};
int run_reconcile(const Session& session, const ReconcileOptions& options);

struct ProviderOptions {
  std::string verb;  // open | close | limit | maintenance
  std::string name, reason, operation_class;
  std::optional<std::string> account;  // none = the whole provider
  std::string until, from, to;         // times, or how long from now
  std::optional<double> per_second;
  std::optional<int> at_once;
};
int run_providers_list(const Session& session);
int run_provider_action(const Session& session, const ProviderOptions& options);

struct DeleteDefinitionOptions {
  std::string workflow, reason;  // NAMESPACE/NAME:VERSION
  bool yes = false;
};
int run_definitions_list(const Session& session);
int run_definitions_delete(const Session& session, const DeleteDefinitionOptions& options);

/// One run, or with `batch.where` all that it finds.
struct MigrateOptions {
  std::string run;
  BatchOptions batch;
};
int run_migrate(const Session& session, const MigrateOptions& options);

struct InboxOptions {
  std::string type, state, cursor;
  int limit = 50;
};
int run_outbox_list(const Session& session);
int run_outbox_show(const Session& session, const std::string& sink);
int run_outbox_retry(const Session& session, const std::string& sink, const std::string& reason);
int run_outbox_skip(const Session& session, const std::string& sink, std::int64_t event,
                    const std::string& reason);

int run_inbox_list(const Session& session, const InboxOptions& options);
int run_inbox_show(const Session& session, const std::string& id);
int run_inbox_replay(const Session& session, const std::string& id, const std::string& reason);

}  // namespace sequent::cli
