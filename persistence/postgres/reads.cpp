// Everything that only reads, and what operators write: the statements that both databases share.
#include "persistence/postgres/gates.hpp"
#include "persistence/postgres/postgres_store.hpp"
#include "persistence/postgres/writing.hpp"
#include "persistence/shared/audit.hpp"
#include "persistence/shared/definitions.hpp"
#include "persistence/shared/inbox.hpp"
#include "persistence/shared/load.hpp"
#include "persistence/shared/record_reads.hpp"
#include "persistence/shared/requests.hpp"
#include "persistence/shared/run_pages.hpp"

namespace sequent::persistence::postgres {

using runtime::RunFilter;

namespace {

// Our patterns know `*` alone.
std::string like_pattern(const std::string& pattern) {
  std::string like;
  for (const char c : pattern) {
    if (c == '%' || c == '_' || c == '\\') like += '\\';
    like += c == '*' ? '%' : c;
  }
  return like;
}

const shared::Dialect postgres_dialect{
    .join = "JOIN",
    .has_task = "(i.task = ? OR right(i.task, length(?)) = ?)",
    .key_contains =
        "i.instance_id IN (SELECT instance_id FROM business_key WHERE strpos(key, ?) > 0 "
        "UNION ALL SELECT instance_id FROM business_key_former WHERE strpos(key, ?) > 0)",
    .own_key_contains = "strpos(i.key, ?) > 0",
    .like = "LIKE",
    .not_like = "NOT LIKE",
    .one_of = " = ANY (ARRAY(",
    .one_of_end = "))",
    .pattern = like_pattern,
    .own_attribute = "CAST(i.attributes::json -> CAST(? AS text) AS text)",
    .unquoted = "btrim(value, '\"')",
    .attribute = "coalesce(i.attributes::json ->> ?, '')",
    .attribute_path = [](const std::string& name) { return name; },
    .attribute_number = "CASE WHEN value ~ '^(-|[0-9])' THEN CAST(value AS double precision) END",
    .number = "CAST(CAST(? AS text) AS double precision)",
    .numbered_attributes = "instance_attribute WHERE number IS NOT NULL AND name = ? AND number",
    .is_owned =
        "EXISTS (SELECT 1 FROM partition o JOIN node n ON n.node = o.owner "
        "WHERE o.partition_id = i.partition_id AND n.lease_until > clock_timestamp())",
    .follows_conditions = true};

constexpr std::string_view begin_reading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr std::string_view select_tail = R"sql(
  SELECT records FROM journal WHERE instance_id = ?1
    AND last_seq > coalesce((SELECT last_seq FROM snapshot WHERE instance_id = ?1), 0)
  ORDER BY last_seq
)sql";

// All of one moment, in one round trip.
std::optional<runtime::StoredInstance> load_at_once(Connection& connection, const InstanceId& id) {
  connection.begin(begin_reading);
  const auto instance = connection.queue(shared::instance_exists, id);
  const auto snapshot = connection.queue(shared::select_snapshot, id);
  const auto tail = connection.queue(select_tail, id);
  const auto messages = connection.queue(shared::select_messages, id.partition(), id);
  connection.commit();
  if (connection.answer(instance).size() == 0) return std::nullopt;
  runtime::StoredInstance stored;
  Rows state = connection.answer(snapshot);
  if (state.next()) stored.snapshot = state.text(1);
  Rows records = connection.answer(tail);
  while (records.next()) stored.records.push_back(records.text(0));
  stored.messages = shared::messages_in(connection.answer(messages), id);
  return stored;
}

}  // namespace

const shared::Dialect& PostgresStore::dialect() {
  return postgres_dialect;
}

std::optional<runtime::StoredInstance> PostgresStore::load(const InstanceId& id) {
  return reading(readers_, [&](Connection& c) { return load_at_once(c, id); });
}

std::vector<PostgresStore::Due> PostgresStore::due(PartitionId partition, Timestamp before,
                                                   std::optional<Due> after, std::size_t limit) {
  return reading(readers_, [&](Connection& c) {
    return shared::due_instances(c, partition, before, after, limit);
  });
}

std::vector<InstanceId> PostgresStore::with_messages(PartitionId partition,
                                                     std::optional<InstanceId> after,
                                                     std::size_t limit) {
  return reading(readers_, [&](Connection& c) {
    return shared::instances_with_messages(c, partition, after, limit);
  });
}

std::optional<runtime::RunSummary> PostgresStore::find(const InstanceId& id) {
  return reading(readers_, [&](Connection& c) { return shared::find_run(c, dialect(), id); });
}

std::optional<InstanceId> PostgresStore::find_by_key(const std::string& workflow_namespace,
                                                     const std::string& name,
                                                     const std::string& key) {
  return reading(readers_, [&](Connection& c) {
    return shared::find_by_key(c, workflow_namespace, name, key);
  });
}

Result<runtime::RunPage> PostgresStore::list(const RunFilter& filter, const std::string& cursor,
                                             std::size_t limit) {
  return reading(readers_, [&](Connection& c) {
    const auto reader = shared::reader_of(c);
    return shared::RunSearch{dialect(), search_, filter, reader}.page(cursor, limit);
  });
}

Result<runtime::NewestCounts> PostgresStore::aggregate_newest(const RunFilter& filter,
                                                              const std::vector<std::string>& by,
                                                              std::size_t limit) {
  return reading(readers_, [&](Connection& c) {
    const auto reader = shared::reader_of(c);
    return shared::RunSearch{dialect(), search_, filter, reader}.counts(by, limit);
  });
}

Result<std::vector<runtime::Aggregate>> PostgresStore::aggregate(const RunFilter& filter,
                                                                 const std::vector<std::string>& by,
                                                                 std::size_t limit) {
  const auto query = shared::counts_of_runs(dialect(), filter, by, limit);
  if (!query) return std::unexpected(query.error());
  return reading(readers_,
                 [&](Connection& c) { return shared::read_counts(c, *query, by.size()); });
}

std::vector<std::string> PostgresStore::journal(const InstanceId& id, std::uint64_t after,
                                                std::size_t limit) {
  return reading(readers_, [&](Connection& c) { return shared::journal_of(c, id, after, limit); });
}

std::vector<InstanceId> PostgresStore::children(const InstanceId& id) {
  return reading(readers_, [&](Connection& c) { return shared::children_of(c, id); });
}

std::optional<runtime::RunQueries::TakenRequest> PostgresStore::request(const std::string& id) {
  return reading(readers_, [&](Connection& c) { return shared::taken_request(c, id); });
}

Result<bool> PostgresStore::put(const runtime::StoredDefinition& definition) {
  Gates gates;
  gates.deploy();
  return writing(writers_, [&](Connection& c) {
    gates.pass(c, address_.schema);
    return shared::put_definition(c, definition);
  });
}

std::vector<runtime::StoredDefinition> PostgresStore::all() {
  return reading(readers_, [&](Connection& c) { return shared::all_definitions(c); });
}

std::size_t PostgresStore::definitions_revision() {
  return reading(readers_, [&](Connection& c) { return shared::definitions_revision(c); });
}

runtime::LiveRuns PostgresStore::live_runs(const definition::WorkflowRef& ref) {
  return reading(readers_, [&](Connection& c) { return shared::live_runs_of(c, ref); });
}

// No gate: nobody waits while the runs are looked at, and an event that is routed meanwhile by who
// knows the version still starts it at most once.
Result<runtime::LiveRuns> PostgresStore::remove(const runtime::DefinitionRemoval& removal) {
  return writing(writers_, [&](Connection& c) { return shared::remove_definition(c, removal); });
}

std::vector<runtime::InboxEntry> PostgresStore::list(const std::string& type,
                                                     const std::string& state,
                                                     std::int64_t before_id, std::size_t limit) {
  return reading(readers_, [&](Connection& c) {
    return shared::list_inbox(c, type, state, before_id, limit);
  });
}

std::optional<runtime::InboxEntry> PostgresStore::get(std::int64_t id) {
  return reading(readers_, [&](Connection& c) { return shared::inbox_entry(c, id); });
}

std::optional<Json> PostgresStore::get(const std::string& collection, const std::string& key) {
  return reading(readers_, [&](Connection& c) { return shared::record_value(c, collection, key); });
}

std::vector<std::pair<std::string, Json>> PostgresStore::list(const std::string& collection,
                                                              const std::string& after,
                                                              std::size_t limit) {
  return reading(readers_,
                 [&](Connection& c) { return shared::record_values(c, collection, after, limit); });
}

void PostgresStore::append(const runtime::AuditEntry& entry) {
  writing(writers_, [&](Connection& c) {
    shared::append_audit(c, entry);
    return true;
  });
}

std::vector<runtime::AuditEntry> PostgresStore::list(const runtime::AuditFilter& filter,
                                                     std::int64_t before_id, std::size_t limit) {
  const auto query = shared::audit_entries(dialect(), filter, before_id, limit);
  return reading(readers_, [&](Connection& c) { return shared::list_audit(c, query); });
}

}  // namespace sequent::persistence::postgres
