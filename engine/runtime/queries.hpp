#pragma once
// What lists, searches and operators read from a store, and the definitions in it.
// threads  blocking, called on the read pool
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"
#include "engine/definition/program.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::runtime {

/// One line of a list of runs: the row and what it was started with.
struct RunSummary {
  InstanceId id;
  std::string workflow_namespace, name, version, digest, key;
  Json attributes = Json::object();
  InstanceRow row;
  Timestamp started_at = 0;
  std::string started_by;
  std::optional<InstanceId> parent;
};

/// One condition of a search (where.hpp reads them from text). A pattern has `*` for any characters.
struct RunTerm {
  enum class Field : std::uint8_t {
    status,
    workflow,
    workflow_namespace,
    name,
    version,
    key,
    task,
    waiting,
    park_reason,
    provider,
    operation,
    error_type,
    error_status,
    error_title,
    attempts,
    attribute,
    parent,
    started,
    updated,
    ended,
    parked,
    deadline,
    key_born
  };
  enum class Compare : std::uint8_t {
    equal,
    not_equal,
    like,
    not_like,
    less,
    at_most,
    more,
    at_least
  };
  Field field = Field::status;
  std::string attribute;  // its name, of Field::attribute
  Compare compare = Compare::equal;
  /// equal, not_equal: any of them (of an attribute: JSON texts of scalars). like, not_like: one
  /// pattern. A workflow is namespace/name, or namespace/name:version.
  std::vector<std::string> texts;
  std::int64_t number = 0;  // less … at_least, and numbers and times in general
};

/// A timer that is due for so long and has not fired never will, unless its node has too much to do.
inline constexpr DurationMs overdue_after_ms = 60'000;

/// The one typed filter of lists, aggregates and batches; members that are empty ask nothing, and all
/// others must hold.
struct RunFilter {
  std::vector<std::string> statuses;
  std::string workflow_namespace, name, version;
  std::string key;
  std::string task;          // pointer, or its last segment
  std::string waiting_kind;  // timer | event | activity | parked | child | limit
  std::string provider, operation, error_type;
  int error_status = 0;
  Json attributes = Json::object();  // name -> value that must be equal
  std::optional<Timestamp> started_after, started_before, updated_after, updated_before;
  std::optional<InstanceId> parent;
  /// Live, and neither timer, event, child, provider nor operator is to wake it; or its timer has been
  /// due for longer than `overdue_after_ms` at `stuck_at` (0 = timers are not looked at), while a node
  /// has its partition.
  bool stuck = false;
  Timestamp stuck_at = 0;
  std::string text;  // prefix of an id, or part of a key
  std::vector<RunTerm> terms;
};

/// How many runs one page, or one bounded count, looks at. What lies further back is the next page's.
struct SearchBounds {
  std::size_t first = 256;       // at first; then four times as many, until the page is full
  std::size_t picked = 2'500;    // read one by one, as an index names them
  std::size_t scanned = 20'000;  // read in the order in which they lie
  std::size_t counted = 8'000;   // of a count, instead of `picked`
};

struct RunPage {
  std::vector<RunSummary> runs;  // newest first
  /// Opaque; empty on the last page. A page may hold fewer runs than asked, or none, and still have
  /// one: then as many were looked at as the bounds allow.
  std::string cursor;
};

struct Aggregate {
  std::vector<std::string> group;  // values, in the order of the asked dimensions
  std::int64_t count = 0;
  Timestamp oldest = 0, newest = 0;  // of started_at
};

/// A count that looks at a bounded number of runs: the newest.
struct NewestCounts {
  std::vector<Aggregate> groups;
  bool complete = true;
  Timestamp since = 0;  // of one that is not complete: the time of the oldest id that was looked at
};

class RunQueries {
 public:
  virtual ~RunQueries() = default;
  [[nodiscard]] virtual std::optional<RunSummary> find(const InstanceId& id) = 0;
  [[nodiscard]] virtual std::optional<InstanceId> find_by_key(const std::string& workflow_namespace,
                                                              const std::string& name,
                                                              const std::string& key) = 0;
  /// errors  invalid_request: a cursor that this store has not made
  [[nodiscard]] virtual Result<RunPage> list(const RunFilter& filter, const std::string& cursor,
                                             std::size_t limit) = 0;
  /// Looks at all of them, however long that takes.
  /// `by`: those of where.hpp's dimensions(), or attribute.NAME.
  /// errors  invalid_request: another dimension
  [[nodiscard]] virtual Result<std::vector<Aggregate>> aggregate(const RunFilter& filter,
                                                                 const std::vector<std::string>& by,
                                                                 std::size_t limit) = 0;
  /// The same of the newest runs alone, when there are too many to look at all of them.
  /// errors  invalid_request: another dimension
  [[nodiscard]] virtual Result<NewestCounts> aggregate_newest(const RunFilter& filter,
                                                              const std::vector<std::string>& by,
                                                              std::size_t limit) = 0;
  /// Arrays of records with seq > `after`, at most `limit` rows.
  [[nodiscard]] virtual std::vector<std::string> journal(const InstanceId& id, std::uint64_t after,
                                                         std::size_t limit) = 0;
  [[nodiscard]] virtual std::vector<InstanceId> children(const InstanceId& id) = 0;

  struct TakenRequest {
    InstanceId run;
    std::optional<Json> answer;  // machine/answer.hpp
  };
  /// Nothing while no run has taken the request.
  [[nodiscard]] virtual std::optional<TakenRequest> request(const std::string& id) = 0;
};

struct StoredDefinition {
  std::string workflow_namespace, name, version, digest, source;
  Timestamp deployed_at = 0;
  Timestamp deleted_at = 0;  // 0: it is there; else only runs that began under it know it
};

/// Runs that have not ended, or faulted and can be retried: how many of each status.
using LiveRuns = std::map<std::string, std::int64_t>;

struct DefinitionRemoval {
  definition::WorkflowRef ref;
  /// The version that has the workflow's schedule from then on; "" = none. It counts from `at`.
  std::string successor;
  Timestamp at = 0;
};

class DefinitionStore {
 public:
  virtual ~DefinitionStore() = default;
  /// True when it is new or was deleted, false when the same version with the same digest was there.
  /// errors  conflict: the version exists with another digest
  [[nodiscard]] virtual Result<bool> put(const StoredDefinition& definition) = 0;
  /// Deleted ones too.
  [[nodiscard]] virtual std::vector<StoredDefinition> all() = 0;
  /// Rises whenever all() would read something else.
  [[nodiscard]] virtual std::size_t definitions_revision() = 0;
  [[nodiscard]] virtual LiveRuns live_runs(const definition::WorkflowRef& ref) = 0;
  /// Hides a version of which no run is live; else these, and nothing is changed. The check and the
  /// deletion are one transaction. A run that starts at this very moment keeps the version: hidden as
  /// it is, it stays as long as the run.
  /// errors  not_found: there is no such version, or it is deleted
  [[nodiscard]] virtual Result<LiveRuns> remove(const DefinitionRemoval& removal) = 0;
};

/// The inbox of events and webhooks, for people.
struct InboxEntry {
  std::int64_t id = 0;
  std::string source, event_id, type, origin;
  std::string state;  // held | delivered | started | ignored | expired | unrouted
  Timestamp received_at = 0;
  int deliveries = 0;
  Json event;
};

class Inbox {
 public:
  virtual ~Inbox() = default;
  [[nodiscard]] virtual std::vector<InboxEntry> list(const std::string& type,
                                                     const std::string& state,
                                                     std::int64_t before_id, std::size_t limit) = 0;
  [[nodiscard]] virtual std::optional<InboxEntry> get(std::int64_t id) = 0;
};

/// Reads of records.* collections from outside of a workflow.
class RecordReads {
 public:
  virtual ~RecordReads() = default;
  [[nodiscard]] virtual std::optional<Json> get(const std::string& collection,
                                                const std::string& key) = 0;
  /// Keys after `after`, in order.
  [[nodiscard]] virtual std::vector<std::pair<std::string, Json>> list(
      const std::string& collection, const std::string& after, std::size_t limit) = 0;
};

/// Append-only: every operator's action, refused ones too.
struct AuditEntry {
  std::int64_t id = 0;
  Timestamp at = 0;
  std::string principal, action, target, reason, outcome, remote;
  Json before, after;  // what the action changed, as far as it says so; null = it doesn't
};
/// Members that are empty ask nothing.
struct AuditFilter {
  std::string target, principal;
  std::string action;                      // `*` at its end stands for any characters
  std::string text;                        // part of the reason or the outcome
  std::optional<Timestamp> since, before;  // since <= at < before
  bool refused = false;                    // only what was not done
};
class AuditLog {
 public:
  virtual ~AuditLog() = default;
  virtual void append(const AuditEntry& entry) = 0;
  /// Newest first, those with an id below `before_id` (0 = all).
  [[nodiscard]] virtual std::vector<AuditEntry> list(const AuditFilter& filter,
                                                     std::int64_t before_id, std::size_t limit) = 0;
};

}  // namespace sequent::runtime
