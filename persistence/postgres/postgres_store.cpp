// Opening: the address, the server, the schema and its migrations.
#include "persistence/postgres/postgres_store.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "persistence/postgres/migrate.hpp"

namespace sequent::persistence::postgres {

namespace {

constexpr std::int64_t oldest_server = 130'000;
constexpr DurationMs longest_migration_ms = 3'600'000;
constexpr DurationMs longest_renewal_ms = 3'000;

Address hasty(Address address) {
  address.timeout_ms = std::min(address.timeout_ms, longest_renewal_ms);
  return address;
}

constexpr std::string_view select_sizes = R"sql(
  SELECT c.relname::text, pg_table_size(c.oid), pg_indexes_size(c.oid)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ?1 AND c.relkind = 'r'
  ORDER BY pg_total_relation_size(c.oid) DESC, c.relname LIMIT 100
)sql";
constexpr std::string_view select_bytes = R"sql(
  SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ?1 AND c.relkind = 'r'
)sql";
constexpr std::string_view select_partitions = "SELECT partitions FROM store";
// Places of programs that have been gone for long.
constexpr std::string_view clear_marks = R"sql(
  DELETE FROM commit_mark WHERE used_at < clock_timestamp() - interval '7 days'
)sql";
constexpr std::string_view clear_nodes = R"sql(
  DELETE FROM node WHERE lease_until < clock_timestamp() - interval '1 day'
)sql";

}  // namespace

Result<std::unique_ptr<PostgresStore>> PostgresStore::open(const PostgresOptions& options) {
  if (options.partitions == 0 || options.read_connections < 1 || options.write_connections < 1)
    return fail(ErrorCode::invalid_request,
                "A store needs at least one partition, one connection that reads and one that "
                "writes, got " +
                    std::to_string(options.partitions) + ", " +
                    std::to_string(options.read_connections) + " and " +
                    std::to_string(options.write_connections) + ".");
  auto address = Address::parse(options.url, options.node);
  if (!address) return std::unexpected(address.error());
  address->timeout_ms = options.timeout_ms;
  try {
    std::unique_ptr<PostgresStore> store{new PostgresStore(*std::move(address), options)};
    if (auto error = store->prepare(options.partitions)) return std::unexpected(*error);
    return store;
  } catch (const runtime::StoreFailure& failure) {
    return std::unexpected(cannot_open(failure));
  }
}

PostgresStore::PostgresStore(Address address, const PostgresOptions& options)
    : address_(std::move(address)),
      lease_address_(hasty(address_)),
      search_(options.search),
      // One connection is left for events, definitions and audits.
      committers_(static_cast<std::size_t>(std::max(1, options.write_connections - 1))),
      writers_(address_, Role::writer, options.write_connections),
      readers_(address_, Role::reader, options.read_connections),
      lessor_(lease_address_, Role::writer, 1),
      talker_(address_, Role::writer, 1),
      exchange_(address_, talker_) {}

PostgresStore::~PostgresStore() = default;

std::int64_t PostgresStore::bytes() {
  return reading(readers_, [&](Connection& connection) {
    Rows rows = connection.query(select_bytes, address_.schema);
    return rows.next() ? rows.integer(0) : 0;
  });
}

std::vector<PostgresStore::TableSize> PostgresStore::sizes() {
  return reading(readers_, [&](Connection& connection) {
    std::vector<TableSize> sizes;
    for (Rows rows = connection.query(select_sizes, address_.schema); rows.next();)
      sizes.push_back({rows.text(0), rows.integer(1), rows.integer(2)});
    return sizes;
  });
}

std::string PostgresStore::place() const {
  std::string text = address_.spelled + ", schema " + address_.schema;
  if (version_.found > version_.known)
    text += " (version " + std::to_string(version_.found) + ", newer than the " +
            std::to_string(version_.known) + " that this program knows)";
  return text;
}

std::optional<Error> PostgresStore::prepare(PartitionId partitions) {
  Address patient = address_;
  patient.timeout_ms = longest_migration_ms;
  const auto own = Connection::open(patient, Role::writer);
  Connection& connection = *own;
  if (connection.server_version() < oldest_server)
    return Error{.code = ErrorCode::unavailable,
                 .detail = "The server at " + address_.spelled + " is PostgreSQL " +
                           std::to_string(connection.server_version() / 10'000) +
                           "; a store needs version " + std::to_string(oldest_server / 10'000) +
                           " or later."};
  const auto version = migrate(connection, address_, partitions);
  if (!version) return version.error();
  version_ = *version;
  connection.run(clear_marks);
  connection.run(clear_nodes);
  Rows rows = connection.query(select_partitions);
  const bool found = rows.next();
  SEQUENT_ASSERT(found);
  partitions_ = static_cast<PartitionId>(rows.integer(0));
  return std::nullopt;
}

}  // namespace sequent::persistence::postgres
