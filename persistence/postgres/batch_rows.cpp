#include "persistence/postgres/batch_rows.hpp"

#include "base/assert.hpp"
#include "base/json.hpp"
#include "persistence/shared/requests.hpp"

namespace sequent::persistence::postgres {

using runtime::InstanceChange;
using runtime::InstanceRow;
using runtime::NewInstance;

namespace {

// In one order everywhere, so that two batches never wait for each other in a circle.
constexpr std::string_view insert_idempotency_keys = R"sql(
  WITH written AS (
    INSERT INTO idempotency_key (key, workflow_id, instance_id, started_at)
    SELECT * FROM unnest(?1::text[], ?2::bigint[], ?3::uuid[], ?4::bigint[])
      AS k (key, workflow_id, instance_id, started_at)
    ORDER BY key COLLATE "C", workflow_id ON CONFLICT DO NOTHING RETURNING 1)
  SELECT expect(count(*), cardinality(?1), 'SQ003') FROM written
)sql";
constexpr std::string_view insert_business_keys = R"sql(
  WITH written AS (
    INSERT INTO business_key (key, workflow_id, instance_id)
    SELECT * FROM unnest(?1::text[], ?2::bigint[], ?3::uuid[])
      AS k (key, workflow_id, instance_id)
    ORDER BY key COLLATE "C", workflow_id ON CONFLICT DO NOTHING RETURNING 1)
  SELECT expect(count(*), cardinality(?1), 'SQ003') FROM written
)sql";
constexpr std::string_view insert_instances = R"sql(
  WITH written AS (
    INSERT INTO instance (instance_id, partition_id, last_seq, wake_at, updated_at, ended_at,
           parked_at, deadline, key_born_at, workflow_id, version_id, started_at, parent_id,
           error_status, completed_tasks, attempts, status, task, waiting_kind, waiting_detail,
           provider, operation, park_reason, error_type, error_title, key, idempotency_key,
           payload_hash, started_by, attributes)
    SELECT * FROM unnest(?1::uuid[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bigint[],
           ?6::bigint[], ?7::bigint[], ?8::bigint[], ?9::bigint[], ?10::bigint[], ?11::bigint[],
           ?12::bigint[], ?13::uuid[], ?14::bigint[], ?15::bigint[], ?16::bigint[], ?17::text[],
           ?18::text[], ?19::text[], ?20::text[], ?21::text[], ?22::text[], ?23::text[],
           ?24::text[], ?25::text[], ?26::text[], ?27::text[], ?28::text[], ?29::text[],
           ?30::text[])
    ON CONFLICT DO NOTHING RETURNING 1)
  SELECT expect(count(*), cardinality(?1), 'SQ003') FROM written
)sql";
constexpr std::string_view insert_attributes = R"sql(
  INSERT INTO instance_attribute (name, value, instance_id)
  SELECT * FROM unnest(?1::text[], ?2::text[], ?3::uuid[])
)sql";
// PostgreSQL compares what an index names with what was there, and leaves the indexes alone when all
// is as it was: no second statement for that, unlike in SQLite.
constexpr std::string_view update_instances = R"sql(
  WITH written AS (
    UPDATE instance i SET last_seq = greatest(i.last_seq, c.last_seq), wake_at = c.wake_at,
           updated_at = c.updated_at, ended_at = c.ended_at, parked_at = c.parked_at,
           deadline = c.deadline, key_born_at = c.key_born_at, error_status = c.error_status,
           completed_tasks = c.completed_tasks, attempts = c.attempts, status = c.status,
           task = c.task, waiting_kind = c.waiting_kind, waiting_detail = c.waiting_detail,
           provider = c.provider, operation = c.operation, park_reason = c.park_reason,
           error_type = c.error_type, error_title = c.error_title
    FROM unnest(?1::uuid[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bigint[], ?6::bigint[],
           ?7::bigint[], ?8::bigint[], ?9::bigint[], ?10::bigint[], ?11::bigint[], ?12::bigint[],
           ?13::text[], ?14::text[], ?15::text[], ?16::text[], ?17::text[], ?18::text[],
           ?19::text[], ?20::text[], ?21::text[])
      AS c (instance_id, stored_seq, last_seq, wake_at, updated_at, ended_at, parked_at, deadline,
            key_born_at, error_status, completed_tasks, attempts, status, task, waiting_kind,
            waiting_detail, provider, operation, park_reason, error_type, error_title)
    WHERE i.instance_id = c.instance_id AND (i.last_seq = c.stored_seq OR c.last_seq = 0)
    RETURNING 1),
  appended AS (
    INSERT INTO journal (instance_id, last_seq, at_ms, records)
    SELECT * FROM unnest(?22::uuid[], ?23::bigint[], ?24::bigint[], ?25::text[]))
  SELECT expect(count(*), cardinality(?1), 'SQ004') FROM written
)sql";
// The primary key (instance_id, last_seq) refuses a second history.
constexpr std::string_view append_journals = R"sql(
  INSERT INTO journal (instance_id, last_seq, at_ms, records)
  SELECT * FROM unnest(?1::uuid[], ?2::bigint[], ?3::bigint[], ?4::text[])
)sql";
constexpr std::string_view replace_snapshots = R"sql(
  INSERT INTO snapshot (instance_id, last_seq, state)
  SELECT * FROM unnest(?1::uuid[], ?2::bigint[], ?3::text[])
  ON CONFLICT (instance_id) DO UPDATE SET last_seq = excluded.last_seq, state = excluded.state
)sql";
constexpr std::string_view delete_messages = R"sql(
  DELETE FROM message m USING unnest(?1::bigint[], ?2::uuid[]) AS c (message_id, instance_id)
  WHERE m.message_id = c.message_id AND m.instance_id = c.instance_id
)sql";
constexpr std::string_view delete_results = R"sql(
  DELETE FROM operation_result WHERE instance_id = ANY(?1)
)sql";

}  // namespace

void StartRows::add(const InstanceChange& change, const shared::WorkflowNumbers& numbers) {
  SEQUENT_ASSERT(change.start.has_value() && change.first_seq <= 1);
  const NewInstance& start = *change.start;
  const auto add_key = [&](Keys& keys, const std::string& key) {
    if (key.empty()) return;
    keys.key.add(key);
    keys.workflow.add(numbers.workflow);
    keys.instance.add(change.id);
    keys.started_at.add(start.started_at);
  };
  add_key(idempotency_, start.idempotency_key);
  add_key(business_, start.key);
  add_row(change, numbers);
  if (!start.attributes.is_object()) return;
  for (const auto& [name, value] : start.attributes.items()) {
    attribute_name_.add(name);
    attribute_value_.add(dump_json(value));
    attribute_instance_.add(change.id);
  }
}

void StartRows::add_row(const InstanceChange& change, const shared::WorkflowNumbers& numbers) {
  const NewInstance& start = *change.start;
  const InstanceRow& row = change.row;
  const auto number = [](auto value) { return static_cast<std::int64_t>(value); };
  id_.add(change.id);
  partition_.add(change.id.partition());
  last_seq_.add(number(change.last_seq));
  wake_at_.add(null_if_never(row.wake_at));
  updated_at_.add(row.updated_at);
  ended_at_.add(null_if_zero(row.ended_at));
  parked_at_.add(null_if_zero(row.parked_at));
  deadline_.add(null_if_zero(row.deadline));
  key_born_at_.add(null_if_zero(row.key_born_at));
  workflow_.add(numbers.workflow);
  version_.add(numbers.version);
  started_at_.add(start.started_at);
  parent_.add(start.parent);
  error_status_.add(row.error_status);
  completed_tasks_.add(row.completed_tasks);
  attempts_.add(row.attempts);
  status_.add(row.status);
  task_.add(row.task);
  waiting_kind_.add(row.waiting_kind);
  waiting_detail_.add(row.waiting_detail);
  provider_.add(row.provider);
  operation_.add(row.operation);
  park_reason_.add(row.park_reason);
  error_type_.add(row.error_type);
  error_title_.add(row.error_title);
  key_.add(start.key);
  idempotency_key_.add(start.idempotency_key);
  payload_hash_.add(start.payload_hash);
  started_by_.add(start.started_by);
  attributes_.add(dump_json(start.attributes));
}

void StartRows::claim_keys(Connection& connection) const {
  if (!idempotency_.key.empty())
    connection.queue(insert_idempotency_keys, idempotency_.key, idempotency_.workflow,
                     idempotency_.instance, idempotency_.started_at);
  if (!business_.key.empty())
    connection.queue(insert_business_keys, business_.key, business_.workflow, business_.instance);
}

void StartRows::insert(Connection& connection) const {
  if (id_.empty()) return;
  connection.queue(insert_instances, id_, partition_, last_seq_, wake_at_, updated_at_, ended_at_,
                   parked_at_, deadline_, key_born_at_, workflow_, version_, started_at_, parent_,
                   error_status_, completed_tasks_, attempts_, status_, task_, waiting_kind_,
                   waiting_detail_, provider_, operation_, park_reason_, error_type_, error_title_,
                   key_, idempotency_key_, payload_hash_, started_by_, attributes_);
  if (!attribute_name_.empty())
    connection.queue(insert_attributes, attribute_name_, attribute_value_, attribute_instance_);
}

void UpdateRows::add(const InstanceChange& change) {
  const InstanceRow& row = change.row;
  const auto number = [](auto value) { return static_cast<std::int64_t>(value); };
  id_.add(change.id);
  stored_seq_.add(change.first_seq == 0 ? 0 : number(change.first_seq - 1));
  last_seq_.add(number(change.last_seq));
  wake_at_.add(null_if_never(row.wake_at));
  updated_at_.add(row.updated_at);
  ended_at_.add(null_if_zero(row.ended_at));
  parked_at_.add(null_if_zero(row.parked_at));
  deadline_.add(null_if_zero(row.deadline));
  key_born_at_.add(null_if_zero(row.key_born_at));
  error_status_.add(row.error_status);
  completed_tasks_.add(row.completed_tasks);
  attempts_.add(row.attempts);
  status_.add(row.status);
  task_.add(row.task);
  waiting_kind_.add(row.waiting_kind);
  waiting_detail_.add(row.waiting_detail);
  provider_.add(row.provider);
  operation_.add(row.operation);
  park_reason_.add(row.park_reason);
  error_type_.add(row.error_type);
  error_title_.add(row.error_title);
}

void UpdateRows::update(Connection& connection, const JournalRows& journals) const {
  SEQUENT_ASSERT(!empty());
  connection.queue(update_instances, id_, stored_seq_, last_seq_, wake_at_, updated_at_, ended_at_,
                   parked_at_, deadline_, key_born_at_, error_status_, completed_tasks_, attempts_,
                   status_, task_, waiting_kind_, waiting_detail_, provider_, operation_,
                   park_reason_, error_type_, error_title_, journals.id_, journals.seq_,
                   journals.at_, journals.records_);
}

void JournalRows::add(const InstanceChange& change) {
  if (change.last_seq == 0) return;
  id_.add(change.id);
  seq_.add(static_cast<std::int64_t>(change.last_seq));
  at_.add(change.at);
  records_.add(change.records);
}

void JournalRows::append(Connection& connection) const {
  if (!id_.empty()) connection.queue(append_journals, id_, seq_, at_, records_);
}

void ContentRows::add(const InstanceChange& change) {
  const auto last_seq = static_cast<std::int64_t>(change.last_seq);
  if (change.snapshot) {
    SEQUENT_ASSERT(last_seq > 0);  // a snapshot is the fold up to the last record
    snapshot_id_.add(change.id);
    snapshot_seq_.add(last_seq);
    snapshot_.add(*change.snapshot);
  }
  for (const std::int64_t message_id : change.consumed_messages) {
    consumed_.add(message_id);
    consumer_.add(change.id);
  }
  if (!change.requests.empty()) with_requests_.push_back(&change);
  if (change.ended) ended_.add(change.id);
}

void ContentRows::write(Connection& connection) const {
  if (!snapshot_id_.empty())
    connection.queue(replace_snapshots, snapshot_id_, snapshot_seq_, snapshot_);
  if (!consumed_.empty()) connection.queue(delete_messages, consumed_, consumer_);
  for (const InstanceChange* change : with_requests_)
    for (const runtime::RequestRow& request : change->requests)
      shared::store_request(connection, change->id, request, change->at);
}

void ContentRows::forget_results(Connection& connection) const {
  if (!ended_.empty()) connection.queue(delete_results, ended_);
}

}  // namespace sequent::persistence::postgres
