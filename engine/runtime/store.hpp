#pragma once
// Durable home of journals, snapshots, timers, leases, subscriptions, messages and records.
// threads  blocking. commit() comes from as many threads as there are committers(), each always with the
//          same partitions; route(), settle_event() and expire_events() from the first of them, the
//          lease calls from one thread; reads come from a pool, several at once. Never an event loop.
// units    times are UTC milliseconds, always passed in, never read from a clock
// errors   our side broken (disk full, database down) is an exception of type StoreFailure; outcomes
//          to decide on are results
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"
#include "engine/runtime/exchange.hpp"

namespace sequent::runtime {

/// The store cannot do its work now. `full` = no room on the disk: starts answer 503, and the next
/// try may succeed.
struct StoreFailure : std::runtime_error {
  StoreFailure(const std::string& what, bool disk_full)
      : std::runtime_error(what), full(disk_full) {}
  bool full;
};

struct Lease {
  PartitionId partition = 0;
  Epoch epoch = 0;  // rises whenever the owner changes
};

/// A node that says: I am here, and mean to be for `ttl` more.
struct Renewal {
  std::string node;  // names one process: no other one, nor the next one of the same configuration
  Timestamp now =
      0;  // for stores without a clock of their own: a database's clock rules its leases
  DurationMs ttl = 0;
  bool leaves = false;  // it renews what it has, takes nothing more and is counted no more
};

/// What a node hears in return: what it owns, and how the others stand.
struct Membership {
  struct Owner {
    std::string node;  // "" = nobody, or one whose lease has run out
    Epoch epoch = 0;
  };
  std::vector<Lease> leases;  // of this node
  std::vector<Owner> owners;  // by partition. Empty: one node has them all
  std::size_t nodes = 1;      // that live and don't leave; this one counts unless it leaves
  /// Partitions for each of them, rounded up. acquire() takes no more than that; a node that has more
  /// gives back, one at a time.
  std::size_t share = SIZE_MAX;
  /// Those of its partitions that have had unconsumed messages for a second or longer: the note of
  /// them was lost, or whoever sent them died first.
  std::vector<PartitionId> mail;
  bool parcels = false;  // Exchange::collect() would find some
  /// In how long the first of the other nodes is dead, should it not renew before: a look right then
  /// takes its partitions over. At once, where one is dead and another node is burying it.
  std::optional<DurationMs> next_death;
  /// DefinitionStore's revision. Nodes that know another one read the definitions again.
  std::size_t definitions = 0;
};

/// What a first commit of an instance inserts.
struct NewInstance {
  std::string workflow_namespace, name, version, digest;
  std::string key;              // business key; unique per (namespace, name) when not empty
  std::string idempotency_key;  // of the start request; unique per (namespace, name) when not empty
  std::string payload_hash;     // of the input, to tell a replay from a conflict
  bool restart_if_faulted = false;  // a faulted or cancelled run gives up its business key
  std::optional<InstanceId> parent;
  Json attributes = Json::object();  // name -> scalar, indexed
  Timestamp started_at = 0;
  std::string started_by;
};

/// The version that a run goes on under from now on.
struct NewVersion {
  std::string version, digest;
};

/// The columns that lists, aggregates and recovery read; rewritten at each checkpoint.
struct InstanceRow {
  std::string status;          // machine::name_of(Status)
  std::string task;            // pointer
  std::string waiting_kind;    // "" = not waiting
  std::string waiting_detail;  // faulted: the circuit of the call that it faulted because of, or ""
  /// Of the call that it waits for, is parked on, or faulted because of. Earlier releases wrote none
  /// for runs that faulted: those stay unknown until they go on.
  std::string provider, operation;
  std::string park_reason;
  std::string error_type;  // of the fault, or of the last failed attempt
  int error_status = 0;
  std::string error_title;
  Timestamp parked_at = 0;  // 0 = null, here and below
  Timestamp deadline = 0;
  Timestamp key_born_at = 0;
  Timestamp wake_at = INT64_MAX;  // 0 = at once, INT64_MAX = never (stored as null)
  Timestamp updated_at = 0, ended_at = 0;
  std::uint32_t completed_tasks = 0;
  std::uint32_t attempts = 0;  // of activities, without those that no retry policy counts
};

/// An operation on records.* that runs inside the commit of its intent: exactly once, because its
/// result is stored under the idempotency key in the same transaction.
/// shape  arguments as the activity's input schema says
struct StoreOperation {
  std::uint32_t frame = 0, attempt = 0;  // echoed in the result
  std::string key;                       // idempotency key
  std::string activity;                  // "records.put" …
  Json arguments;
};
struct StoreOperationResult {
  std::uint32_t frame = 0, attempt = 0;
  Result<Json> output;  // conflict, not_found, invalid_request: the activity's permanent problems
};

/// A durable message to an instance that may not be in memory: a child's end, an event.
struct Message {
  InstanceId to;
  Json body;              // {"kind":"event","event":{…}} | {"kind":"child","child":…, …}
  bool if_there = false;  // dropped where there is no such run, else an error of the caller
};
struct StoredMessage {
  std::int64_t id = 0;  // rises; consumed in this order
  InstanceId to;
  Json body;
};

struct SubscriptionRow {
  std::uint32_t frame = 0;
  std::string filter_key;        // names a filter of a definition; "*" takes every event
  std::string correlation_hash;  // "" takes any
  std::string type;              // constant event type or ""
};

/// An HTTP request that a run has taken as an event, and its answer once there is one; the first
/// answer stays.
struct RequestRow {
  std::string id;                     // of the event
  std::optional<std::string> answer;  // JSON: machine/answer.hpp
};

/// A call that waits for its provider: what is let go, and in which order.
struct ParkedCall {
  std::uint32_t frame = 0;
  std::string circuit;     // CircuitId::text()
  Timestamp deadline = 0;  // 0 = none
  Timestamp parked_at = 0;
  bool operator==(const ParkedCall&) const = default;
};

/// Everything that one instance adds in one batch.
struct InstanceChange {
  InstanceId id;
  std::optional<NewInstance> start;
  std::uint64_t first_seq = 0, last_seq = 0;  // 0 = no record
  std::string records;                        // codec.hpp's array of them
  Timestamp at = 0;
  InstanceRow row;
  std::optional<NewVersion> version;  // it has moved to
  /// Set = replaces the instance's subscriptions. Held events that fit a new one become messages in
  /// the same transaction and are returned in the result.
  std::optional<std::vector<SubscriptionRow>> subscriptions;
  /// Set = replaces the instance's parked calls (provider_health.hpp reads them).
  std::optional<std::vector<ParkedCall>> parked;
  std::vector<StoreOperation> operations;
  std::vector<Message> messages;                // to other instances
  std::vector<std::int64_t> consumed_messages;  // of this instance, deleted
  std::vector<Json> emitted;                    // CloudEvents for the outbox; routed like arrivals
  std::vector<RequestRow> requests;             // taken or answered
  std::optional<std::string> snapshot;          // encoded state at last_seq
  bool ended = false;                           // operation results may go
  bool revives = false;  // it had faulted and goes on: not when another run has its business key
};

/// What one commit of one partition carries.
struct Batch {
  PartitionId partition = 0;
  Epoch epoch = 0;
  std::vector<InstanceChange> changes;
};

struct ChangeResult {
  /// A start, or a revival, whose key belongs to another run: nothing of this change was written.
  struct Taken {
    InstanceId id;
    std::string payload_hash;
    std::string status;
    bool by_idempotency_key = false;
  };
  std::optional<Taken> taken;
  std::vector<StoreOperationResult> operations;
  std::vector<StoredMessage> messages;  // held events that the new subscriptions took
  std::vector<StoredMessage> sent;      // `messages` of the change with their ids, but dropped ones
  std::vector<std::int64_t> emitted;    // ids of the stored events, to be routed
};
struct BatchResult {
  bool fenced = false;  // the epoch is no longer current: nothing was written, drop the partition
  std::vector<ChangeResult> changes;  // one for each change, in order
};

/// A run as it is loaded: snapshot and the records after it.
struct StoredInstance {
  std::optional<std::string> snapshot;  // codec.hpp's state
  std::vector<std::string> records;     // arrays of records, in order, after the snapshot
  std::vector<StoredMessage> messages;  // unconsumed, in order
};

/// An event on its way in. `candidates` are the filters it fits, with the hash of the correlation
/// values that each filter extracts from it.
struct IncomingEvent {
  struct Candidate {
    std::string filter_key, correlation_hash;
  };
  Json event;  // CloudEvent envelope; source + id identify it
  std::vector<Candidate> candidates;
  Timestamp received_at = 0;
  Timestamp expires_at = 0;    // how long it is held when nobody waits for it yet
  std::string origin;          // "api", "stripe", "emit": for the inbox listing
  std::int64_t stored_id = 0;  // an event stored before (emitted, or found unrouted); 0 = new
  /// It starts a workflow together with others: `of` events, one for each place. It takes the first
  /// of `places` that is empty in its collection, or waits behind the one that has it. It waits as
  /// long as it may be held.
  struct Collecting {
    struct Place {
      std::string collection;
      std::uint32_t place = 0;
    };
    std::uint32_t of = 0;
    std::vector<Place> places;
  };
  std::vector<Collecting> collecting;
  /// Which revision of the definitions the candidates were computed from; not set = the store has one
  /// node.
  std::optional<std::size_t> definitions_known;
  bool again = false;  // a stored one goes to who waits now, whatever became of it before;
                       // a run that still has it in its mailbox gets no second copy
};
/// Events that start a workflow together, each one's the first of its place, in order of their places.
struct EventSet {
  std::string collection;
  std::vector<Json> events;
};
struct RoutedEvent {
  std::int64_t id = 0;
  bool duplicate = false;  // this source + id was here before: nothing was done
  /// The store has other definitions than the candidates were computed from: it is stored, and has to
  /// be routed by somebody who knows them.
  bool stale = false;
  std::vector<StoredMessage> messages;  // one for each subscription that takes it
  std::vector<EventSet>
      sets;  // that it made whole; told again until it is settled, then they are gone
};

class Store {
 public:
  virtual ~Store() = default;

  /// Number of partitions, fixed when the store was created.
  [[nodiscard]] virtual PartitionId partitions() const = 0;

  /// How long leases are when the settings don't say: as short as a dead node's partitions may wait
  /// for the next owner, and as long as an idle node should leave the store alone.
  [[nodiscard]] virtual DurationMs usual_lease_ms() const { return 5'000; }

  /// How many threads may commit at once, each for partitions of its own (partition modulo
  /// committers). A store with one writer has one.
  [[nodiscard]] virtual std::size_t committers() const { return 1; }

  /// How nodes that share this store talk to each other; null: only one node can use it.
  [[nodiscard]] virtual Exchange* exchange() { return nullptr; }

  /// Renews the node's presence and every lease that still names it, whether or not it has run out
  /// (nobody has taken it, so nobody has written meanwhile), and takes partitions that are free, or
  /// whose owner's lease ran out, up to the node's share. The epoch of each partition that it takes
  /// rises. One transaction, and the only thing that an idle node asks, about once a second: it finds
  /// mail and parcels in the same round trip.
  /// effect  presence and leases run out together, `ttl` after the store has written them
  /// errors  lease_held: a store for one node, and another live one has it
  [[nodiscard]] virtual Result<Membership> acquire(const Renewal& renewal) = 0;
  /// Gives one partition back, which is then free for others at once. Its epoch rises: what is still
  /// under way under the old one is fenced. A lease that is not the node's any more is left alone.
  virtual void give_back(const std::string& node, const Lease& lease) = 0;
  /// Gives all leases of `node` back, and its presence.
  virtual void release(const std::string& node) = 0;

  /// Writes the batches as one transaction: on return all of it is durable, or none of it. Every
  /// batch is fenced by its own epoch, in the same transaction and so that nobody can take the
  /// partition before it ends; a fenced one is left out and said so.
  [[nodiscard]] virtual std::vector<BatchResult> commit(std::span<const Batch> batches) = 0;

  /// Stores and routes events, each exactly once; one transaction for all.
  [[nodiscard]] virtual std::vector<RoutedEvent> route(std::span<const IncomingEvent> events) = 0;
  /// Stored events that are not settled (a crash came between, or they could not go on), by id after
  /// `after`.
  [[nodiscard]] virtual std::vector<std::pair<std::int64_t, Json>> unrouted(std::int64_t after,
                                                                            std::size_t limit) = 0;
  /// Marks a routed event as done with starting workflows (`schedule.on`). It may become durable
  /// with a later write only: settling twice is harmless.
  virtual void settle_event(std::int64_t id) = 0;
  /// Lets go of held events that have expired, at most `limit`; returns how many. Nobody gets one that
  /// has expired, whether or not this was called.
  virtual std::size_t expire_events(Timestamp now, std::size_t limit) = 0;

  [[nodiscard]] virtual std::optional<StoredInstance> load(const InstanceId& id) = 0;

  /// Instances of a partition with wake_at < `before`, earliest first, after the cursor (wake_at,
  /// id), at most `limit`.
  struct Due {
    Timestamp wake_at = 0;
    InstanceId id;
  };
  [[nodiscard]] virtual std::vector<Due> due(PartitionId partition, Timestamp before,
                                             std::optional<Due> after, std::size_t limit) = 0;
  /// Instances of a partition with unconsumed messages, at most `limit`, after `after`.
  [[nodiscard]] virtual std::vector<InstanceId> with_messages(PartitionId partition,
                                                              std::optional<InstanceId> after,
                                                              std::size_t limit) = 0;
};

}  // namespace sequent::runtime
