#include "persistence/sqlite/statement.hpp"

#include <cerrno>

#include "base/assert.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::persistence {
namespace {

constexpr std::string_view begin_immediate = "BEGIN IMMEDIATE";
constexpr std::string_view commit_transaction = "COMMIT";
constexpr const char* roll_back = "ROLLBACK";

// Only our own checkpointer can ever hold a lock that we wait for, and it never holds one long.
constexpr int busy_timeout_ms = 10'000;

// Quota and file size limits show as write errors; what they mean is the same: no room. SQLite notes
// the reason of few of them, and never of a COMMIT; then errno, cleared before each write, has it.
bool means_full(sqlite3* database, int code) {
  if ((code & 0xFF) == SQLITE_FULL) return true;
  if ((code & 0xFF) != SQLITE_IOERR) return false;
  const int noted = sqlite3_system_errno(database);
  const int reason = noted != 0 ? noted : errno;
  return reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
}

// SQLite counts its memory under one lock for the whole process; nobody reads the figures, and every
// allocation of every connection would queue for it. Works only before the first connection.
void configure_once() {
  static const int code = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(code);  // misuse: the process has used SQLite before; then it counts
}

// Cursors and rows of our size, so that a statement costs no malloc.
constexpr int lookaside_slot_bytes = 2048, lookaside_slots = 128;

int open_flags(Connection::Mode mode) {
  switch (mode) {
    case Connection::Mode::create:
      return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    case Connection::Mode::read_write:
      return SQLITE_OPEN_READWRITE;
    case Connection::Mode::read_only:
      return SQLITE_OPEN_READONLY;
  }
  return SQLITE_OPEN_READONLY;
}

}  // namespace

void fail_sqlite(sqlite3* database, int code, std::string_view doing) {
  const bool full = means_full(database, code);
  std::string message = "SQLite could not ";
  message += doing;
  message += ": ";
  message += database == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database);
  message += " (code " + std::to_string(code) + ")";
  if (full) message += "; free some space on the disk that holds the data directory";
  throw runtime::StoreFailure(message, full);
}

Rows::~Rows() {
  if (owned_)
    sqlite3_finalize(statement_);
  else
    sqlite3_reset(statement_);
}

bool Rows::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail_sqlite(sqlite3_db_handle(statement_), code, "read rows");
  return false;
}

std::string_view Rows::view(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return text == nullptr ? std::string_view{} : std::string_view{text, static_cast<size_t>(size)};
}

InstanceId Rows::id(int column) const {
  const std::string_view raw = view(column);
  SEQUENT_ASSERT(raw.size() == InstanceId{}.bytes.size());
  return InstanceId::from_raw(raw);
}

std::unique_ptr<Connection> Connection::open(const std::string& path, Mode mode) {
  configure_once();
  sqlite3* database = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &database, open_flags(mode) | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Connection> connection{new Connection(database)};
  if (code != SQLITE_OK) fail_sqlite(database, code, "open " + path);
  sqlite3_db_config(database, SQLITE_DBCONFIG_LOOKASIDE, nullptr, lookaside_slot_bytes,
                    lookaside_slots);
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, busy_timeout_ms);
  return connection;
}

Connection::~Connection() {
  for (const auto& [text, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(database_);
}

void Connection::script(std::string_view sql) {
  const std::string text{sql};
  errno = 0;
  const int code = sqlite3_exec(database_, text.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail_sqlite(database_, code, "run \"" + text.substr(0, 60) + "\"");
}

Rows Connection::query_once(const std::string& sql, const std::vector<Parameter>& parameters) {
  count();
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v2(database_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) fail_sqlite(database_, code, "prepare " + sql);
  int index = 0;
  for (const Parameter& parameter : parameters) {
    ++index;
    std::visit([&](const auto& value) { bind(statement, index, value, SQLITE_TRANSIENT); },
               parameter);
  }
  SEQUENT_ASSERT(index == sqlite3_bind_parameter_count(statement));
  return Rows{statement, true};
}

sqlite3_stmt* Connection::prepared(std::string_view sql) {
  count();
  sqlite3_stmt*& statement = statements_[sql.data()];
  if (statement == nullptr) {
    const int code = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) fail_sqlite(database_, code, "prepare " + std::string{sql});
  }
  SEQUENT_ASSERT(sqlite3_stmt_busy(statement) == 0);  // its rows are still being read
  return statement;
}

std::int64_t Connection::finish(sqlite3_stmt* statement, std::string_view sql) {
  errno = 0;
  const int code = sqlite3_step(statement);
  if (code != SQLITE_DONE && code != SQLITE_ROW) {
    // Reset first: an open statement would keep the rollback from ending the transaction.
    const int system_code = sqlite3_extended_errcode(database_);
    try {
      fail_sqlite(database_, system_code, "run \"" + std::string{sql.substr(0, 60)} + "\"");
    } catch (...) {
      sqlite3_reset(statement);
      throw;
    }
  }
  sqlite3_reset(statement);
  return sqlite3_changes64(database_);
}

void Connection::bind_text(sqlite3_stmt* statement, int index, std::string_view text,
                           sqlite3_destructor_type life) {
  // A null pointer would be bound as null, and an empty view may have one.
  const char* data = text.data() == nullptr ? "" : text.data();
  const int code = sqlite3_bind_text64(statement, index, data, text.size(), life, SQLITE_UTF8);
  if (code != SQLITE_OK) fail_sqlite(database_, code, "bind a text");
}

Transaction::Transaction(Connection& connection, std::function<void()> on_rollback)
    : connection_(connection), on_rollback_(std::move(on_rollback)) {
  connection_.execute(begin_immediate);
}

void Transaction::commit() {
  connection_.execute(commit_transaction);
  open_ = false;
}

Transaction::~Transaction() {
  if (!open_) return;
  // SQLite itself has rolled back after some errors (a full disk), then there is nothing to end.
  if (sqlite3_get_autocommit(connection_.handle()) == 0)
    sqlite3_exec(connection_.handle(), roll_back, nullptr, nullptr, nullptr);
  if (on_rollback_) on_rollback_();
}

}  // namespace sequent::persistence
