#include "persistence/postgres/migrate.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "persistence/migration.hpp"

namespace sequent::persistence::postgres {
namespace {

// One program at a time migrates a schema; the others wait, and find it done.
constexpr std::string_view lock_migrations = R"sql(
  SELECT pg_advisory_xact_lock(hashtext('sequent migrates'), hashtext(?1))::text
)sql";
// Large tables take their time, and nobody stands still between two statements here.
constexpr std::string_view be_patient = R"sql(
  SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)
)sql";
constexpr std::string_view schema_exists = R"sql(
  SELECT 1 FROM pg_namespace WHERE nspname = ?1
)sql";
constexpr std::string_view table_exists = R"sql(
  SELECT 1 FROM pg_tables WHERE schemaname = ?1 AND tablename = 'migration'
)sql";
constexpr std::string_view create_migrations = R"sql(
  CREATE TABLE migration (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    needs      integer NOT NULL,  -- the migration that a program must know to work with this schema
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
  )
)sql";
constexpr std::string_view select_version = R"sql(
  SELECT coalesce(max(number), 0), coalesce(max(needs), 0) FROM migration
)sql";
constexpr std::string_view insert_migration = R"sql(
  INSERT INTO migration (number, name, needs) VALUES (?1, ?2, ?3)
)sql";
constexpr std::string_view insert_store = R"sql(
  INSERT INTO store (only_row, partitions) VALUES (1, ?1)
)sql";
constexpr std::string_view insert_partitions = R"sql(
  INSERT INTO partition (partition_id) SELECT generate_series(0, ?1 - 1)
)sql";
struct Hint {
  std::string_view part, what_to_do;
  bool passes = false;  // perhaps by itself: whoever starts may wait for it
};
constexpr std::string_view raise_max_connections =
    "Raise max_connections (a node opens up to 11), run fewer nodes, or use PgBouncer.";
constexpr Hint hints[] = {
    {"permission denied",
     "Grant it: GRANT CREATE ON DATABASE … TO …, or make the schema beforehand "
     "and its owner this user."},
    {"Connection refused", "Nothing listens there: start the server, or correct host and port.",
     true},
    {"could not translate host name", "Correct the host's name, or its DNS entry."},
    {"timeout expired", "Nobody answers there: check host, port and firewall.", true},
    {"starting up", "The server is not ready yet: wait for it, or see its log.", true},
    {"not yet accepting connections", "The server is not ready yet: wait for it, or see its log.",
     true},
    {"in recovery mode", "The server recovers from a crash: wait for it, or see its log.", true},
    {"shutting down", "The server is being stopped: start it again.", true},
    {"closed the connection", "The server went away: see its log.", true},
    {"No such file or directory", "No server listens on that socket: name a host in the address."},
    {"authentication failed", "Correct user and password in the address, or in ~/.pgpass."},
    {"no password supplied", "Give the password in the address, in PGPASSWORD or in ~/.pgpass."},
    {"no pg_hba.conf entry",
     "The server does not let this user in from here: see its pg_hba.conf."},
    {"does not match host name",
     "Name the server in the address as its certificate does, or give it one with this name."},
    {"certificate", "Check sslmode, sslrootcert and the server's certificate."},
    {"does not support SSL", "Turn TLS on in the server, or choose another sslmode."},
    {"SSL", "Check sslmode, sslrootcert and the server's certificate."},
    {"too many clients", raise_max_connections, true},
    {"remaining connection slots", raise_max_connections, true},
    {"read-only", "That server is a standby: name the primary, or all hosts (host1,host2).", true},
    {"role \"", "Create the user, or correct its name in the address."},
    {"database \"", "Create it: createdb --encoding=UTF8 NAME."},
};

Hint hint_for(std::string_view problem) {
  for (const auto& hint : hints)
    if (problem.find(hint.part) != std::string_view::npos) return hint;
  return {.part = "", .what_to_do = "See the server's log."};
}

void apply(Connection& connection, const Migration& migration, PartitionId partitions) {
  connection.script(std::string{migration.sql});
  connection.run(insert_migration, migration.number, migration.name, migration.needs);
  if (migration.number != 1) return;
  connection.run(insert_store, partitions);
  connection.run(insert_partitions, partitions);
}

std::optional<Error> refuse_newer(const Address& address, std::int64_t version, std::int64_t needs,
                                  std::int64_t known) {
  if (version <= known || needs <= known) return std::nullopt;
  return Error{.code = ErrorCode::conflict,
               .detail = "Schema " + address.schema + " of " + address.spelled + " has version " +
                         std::to_string(version) + ", this program knows versions up to " +
                         std::to_string(known) +
                         ". A newer release has migrated it: start that release, or restore a "
                         "backup from before. The schema was left as it is."};
}

}  // namespace

Result<SchemaVersion> migrate(Connection& connection, const Address& address,
                              PartitionId partitions) {
  const auto migrations = postgres_migrations();
  SEQUENT_ASSERT(!migrations.empty());
  connection.begin();
  connection.run(be_patient);
  connection.run(lock_migrations, address.schema);
  if (!connection.query(schema_exists, address.schema).next())
    static_cast<void>(connection.query_once("CREATE SCHEMA " + address.schema, {}));
  if (!connection.query(table_exists, address.schema).next()) connection.execute(create_migrations);
  Rows row = connection.query(select_version);
  const bool found = row.next();
  SEQUENT_ASSERT(found);
  const std::int64_t version = row.integer(0);
  if (auto newer = refuse_newer(address, version, row.integer(1), migrations.back().number)) {
    connection.roll_back();
    return std::unexpected(*std::move(newer));
  }
  for (const Migration& migration : migrations)
    if (migration.number > version) apply(connection, migration, partitions);
  connection.commit();
  const std::int64_t known = migrations.back().number;
  return SchemaVersion{.found = std::max(version, known), .known = known};
}

Error cannot_open(const runtime::StoreFailure& failure) {
  const Hint hint = hint_for(failure.what());
  Error error{.code = ErrorCode::unavailable};
  error.detail = std::string{"Cannot open the store. "} + failure.what() + ". ";
  error.detail += hint.what_to_do;
  error.retry_after_seconds = hint.passes ? 1 : 0;
  return error;
}

Result<std::string> look_at_postgres(const std::string& url) {
  const auto address = Address::parse(url, "doctor");
  if (!address) return std::unexpected(address.error());
  try {
    const auto connection = Connection::open(*address, Role::reader);
    const std::int64_t server = connection->server_version();
    std::string seen = address->spelled + ", PostgreSQL " + std::to_string(server / 10'000) + "." +
                       std::to_string(server % 10'000) + ", schema " + address->schema;
    if (!connection->query(table_exists, address->schema).next())
      return seen + ": none yet; serve makes it";
    Rows row = connection->query(select_version);
    const bool found = row.next();
    SEQUENT_ASSERT(found);
    return seen + " version " + std::to_string(row.integer(0));
  } catch (const runtime::StoreFailure& failure) {
    return std::unexpected(cannot_open(failure));
  }
}

}  // namespace sequent::persistence::postgres
