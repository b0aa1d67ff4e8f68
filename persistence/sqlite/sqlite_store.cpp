// Opening: the lock, the file, its settings, its migrations.
#include "persistence/sqlite/sqlite_store.hpp"

#include <filesystem>
#include <mutex>

#include "base/assert.hpp"
#include "persistence/migration.hpp"

namespace sequent::persistence {
namespace {

constexpr std::int64_t application_id = 0x53515545;  // "SQUE": marks the file as ours

constexpr std::string_view select_application_id = "PRAGMA application_id";
constexpr std::string_view select_schema_version = "PRAGMA user_version";
constexpr std::string_view count_objects = "SELECT count(*) FROM sqlite_schema";
constexpr std::string_view select_used_bytes = R"sql(
  SELECT (page_count - freelist_count) * page_size
  FROM pragma_page_count, pragma_freelist_count, pragma_page_size
)sql";
constexpr std::string_view select_partitions = "SELECT partitions FROM store";
constexpr std::string_view insert_store = R"sql(
  INSERT INTO store (only_row, partitions) VALUES (1, ?1)
)sql";
constexpr std::string_view insert_partition = R"sql(
  INSERT INTO partition (partition_id) VALUES (?1)
)sql";
// The page size binds only while the file is empty, and before it becomes a WAL database.
constexpr std::string_view settings_of_new_file = "PRAGMA page_size = 8192";
// FULL: what is acknowledged is on the disk. Checkpoints are the checkpointer's work.
constexpr std::string_view writer_settings = R"sql(
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA wal_autocheckpoint = 0;
  PRAGMA journal_size_limit = 268435456;
  PRAGMA cache_size = -65536;
  PRAGMA temp_store = MEMORY;
)sql";

std::int64_t only_integer(Connection& connection, std::string_view sql) {
  Rows rows = connection.query(sql);
  const bool found = rows.next();
  SEQUENT_ASSERT(found);
  return rows.integer(0);
}

std::optional<Error> refuse_foreign(Connection& connection, const std::string& path) {
  const std::int64_t mark = only_integer(connection, select_application_id);
  const bool empty = only_integer(connection, count_objects) == 0;
  if (mark == application_id || (mark == 0 && empty)) return std::nullopt;
  return Error{.code = ErrorCode::conflict,
               .detail = path +
                         " is a SQLite database, but not one of Sequent's (its application "
                         "id is " +
                         std::to_string(mark) +
                         "). Choose another data directory; the file was left as it is."};
}

std::optional<Error> migrate(Connection& connection, const std::string& path,
                             PartitionId partitions) {
  const auto migrations = sqlite_migrations();
  SEQUENT_ASSERT(!migrations.empty());
  const std::int64_t version = only_integer(connection, select_schema_version);
  if (version > migrations.back().number)
    return Error{.code = ErrorCode::conflict,
                 .detail = path + " has schema version " + std::to_string(version) +
                           ", this program knows versions up to " +
                           std::to_string(migrations.back().number) +
                           ". A newer release has opened it: start that release again, or restore "
                           "a backup from before. The file was left as it is."};
  for (const Migration& migration : migrations) {
    if (migration.number <= version) continue;
    Transaction transaction{connection};
    connection.script(migration.sql);
    connection.script("PRAGMA user_version = " + std::to_string(migration.number));
    connection.script("PRAGMA application_id = " + std::to_string(application_id));
    if (migration.number == 1) {
      connection.execute(insert_store, partitions);
      for (PartitionId id = 0; id < partitions; ++id) connection.execute(insert_partition, id);
    }
    transaction.commit();
  }
  return std::nullopt;
}

void limit_size(Connection& connection, std::int64_t max_bytes) {
  if (max_bytes <= 0) return;
  const std::int64_t page_bytes = only_integer(connection, "PRAGMA page_size");
  connection.script("PRAGMA max_page_count = " + std::to_string(max_bytes / page_bytes));
}

Result<std::unique_ptr<Connection>> open_writer(const std::string& path,
                                                const SqliteOptions& options) {
  try {
    auto connection = Connection::open(path, Connection::Mode::create);
    if (auto foreign = refuse_foreign(*connection, path)) return std::unexpected(*foreign);
    connection->script(settings_of_new_file);
    connection->script(writer_settings);
    if (auto error = migrate(*connection, path, options.partitions)) return std::unexpected(*error);
    limit_size(*connection, options.max_bytes);
    return connection;
  } catch (const runtime::StoreFailure& failure) {
    return fail(ErrorCode::unavailable,
                "Cannot open the store " + path + ": " + failure.what() +
                    ". If the file is damaged, restore it (with its -wal file) from a backup.");
  }
}

}  // namespace

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const SqliteOptions& options) {
  if (options.partitions == 0 || options.read_connections < 1)
    return fail(ErrorCode::invalid_request,
                "A store needs at least one partition and one read connection, got " +
                    std::to_string(options.partitions) + " and " +
                    std::to_string(options.read_connections) + ".");
  std::error_code failed;
  std::filesystem::create_directories(options.directory, failed);
  if (failed)
    return fail(ErrorCode::unavailable, "Cannot create the data directory " + options.directory +
                                            ": " + failed.message() + ".");
  const std::filesystem::path directory{options.directory};
  auto lock = FileLock::take((directory / "sequent.lock").string(), options.node);
  if (!lock) return std::unexpected(lock.error());
  const std::string path = (directory / "sequent.db").string();
  auto writer = open_writer(path, options);
  if (!writer) return std::unexpected(writer.error());
  try {
    return std::unique_ptr<SqliteStore>{
        new SqliteStore(std::move(*lock), std::move(*writer), path, options)};
  } catch (const runtime::StoreFailure& failure) {
    return fail(ErrorCode::unavailable, "Cannot open the store " + path + ": " + failure.what());
  }
}

SqliteStore::SqliteStore(std::unique_ptr<FileLock> lock, std::unique_ptr<Connection> writer,
                         const std::string& path, const SqliteOptions& options)
    : directory_(options.directory),
      search_(options.search),
      lock_(std::move(lock)),
      partitions_(static_cast<PartitionId>(only_integer(*writer, select_partitions))),
      writer_(std::move(writer)),
      pool_(path, options.read_connections),
      checkpointer_(*writer_, turn_, path, options.checkpoint) {}

SqliteStore::~SqliteStore() = default;

std::int64_t SqliteStore::bytes() {
  std::int64_t sum = 0;
  for (const char* name : {"sequent.db", "sequent.db-wal"}) {
    std::error_code absent;
    const auto size = std::filesystem::file_size(std::filesystem::path{directory_} / name, absent);
    if (!absent) sum += static_cast<std::int64_t>(size);
  }
  return sum;
}

// What the file uses of its length: deleted rows leave pages that the next ones fill.
std::vector<SqliteStore::TableSize> SqliteStore::sizes() {
  const auto connection = pool_.borrow();
  Rows rows = connection->query(select_used_bytes);
  const bool found = rows.next();
  SEQUENT_ASSERT(found);
  return {{.table = "all of the file", .bytes = rows.integer(0), .index_bytes = 0}};
}

}  // namespace sequent::persistence
