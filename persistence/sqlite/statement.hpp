#pragma once
// A thin layer over the SQLite C interface: a connection that prepares each statement once, rows
// that give the statement back when they go, a transaction that rolls back unless it is committed.
// threads  one thread at a time per connection
// errors   StoreFailure, `full` when there is no room on the disk
#include <sqlite3.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"
#include "persistence/stored.hpp"

namespace sequent::persistence {

/// Throws StoreFailure for the connection's last error.
[[noreturn]] void fail_sqlite(sqlite3* database, int code, std::string_view doing);

/// A running query. The statement is reset when this goes; views live until the next `next()`.
class Rows {
 public:
  Rows(sqlite3_stmt* statement, bool owned) : statement_(statement), owned_(owned) {}
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows();

  [[nodiscard]] bool next();
  [[nodiscard]] bool is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  [[nodiscard]] std::int64_t integer(int column) const {
    return sqlite3_column_int64(statement_, column);
  }
  [[nodiscard]] std::string_view view(int column) const;
  [[nodiscard]] std::string text(int column) const { return std::string{view(column)}; }
  [[nodiscard]] InstanceId id(int column) const;

 private:
  sqlite3_stmt* statement_;
  bool owned_;
};

class Connection {
 public:
  enum class Mode : std::uint8_t { create, read_write, read_only };
  static constexpr bool locks_rows = false;  // one writer
  [[nodiscard]] static std::unique_ptr<Connection> open(const std::string& path, Mode mode);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Runs statements without parameters.
  void script(std::string_view sql);

  /// Runs a constant statement to its end; returns how many rows it changed.
  template <class... Values>
  std::int64_t execute(std::string_view sql, const Values&... values) {
    sqlite3_stmt* statement = prepared(sql);
    int index = 0;
    // The values outlive the call, so nothing is copied.
    (bind(statement, ++index, values, SQLITE_STATIC), ...);
    return finish(statement, sql);
  }

  /// The same where nobody asks how many: another database need not wait for the answer.
  template <class... Values>
  void run(std::string_view sql, const Values&... values) {
    static_cast<void>(execute(sql, values...));
  }

  /// Begins a constant query. Values are copied: they need not outlive the call.
  template <class... Values>
  [[nodiscard]] Rows query(std::string_view sql, const Values&... values) {
    sqlite3_stmt* statement = prepared(sql);
    int index = 0;
    (bind(statement, ++index, values, SQLITE_TRANSIENT), ...);
    return Rows{statement, false};
  }

  /// Begins a query that was put together at run time.
  [[nodiscard]] Rows query_once(const std::string& sql, const std::vector<Parameter>& parameters);

  [[nodiscard]] std::int64_t last_id() const { return sqlite3_last_insert_rowid(database_); }
  [[nodiscard]] sqlite3* handle() const { return database_; }
  /// Statements begun so far; readable from any thread.
  [[nodiscard]] std::uint64_t statements() const { return begun_.load(std::memory_order_relaxed); }

 private:
  explicit Connection(sqlite3* database) : database_(database) {}
  // Statements are constants: the address of the text names them.
  [[nodiscard]] sqlite3_stmt* prepared(std::string_view sql);
  std::int64_t finish(sqlite3_stmt* statement, std::string_view sql);

  template <class Value>
  void bind(sqlite3_stmt* statement, int index, const Value& value, sqlite3_destructor_type life) {
    if constexpr (std::is_same_v<Value, std::nullptr_t>) {
      sqlite3_bind_null(statement, index);
    } else if constexpr (std::is_integral_v<Value>) {
      sqlite3_bind_int64(statement, index, static_cast<sqlite3_int64>(value));
    } else if constexpr (std::is_same_v<Value, InstanceId>) {
      sqlite3_bind_blob(statement, index, value.bytes.data(), static_cast<int>(value.bytes.size()),
                        life);
    } else if constexpr (std::is_convertible_v<const Value&, std::string_view>) {
      const std::string_view text = value;
      bind_text(statement, index, text, life);
    } else {
      if (value)
        bind(statement, index, *value, life);
      else
        sqlite3_bind_null(statement, index);
    }
  }
  void bind_text(sqlite3_stmt* statement, int index, std::string_view text,
                 sqlite3_destructor_type life);

  // One thread writes at a time, so no locked instruction is needed.
  void count() {
    begun_.store(begun_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  sqlite3* database_;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
  std::atomic<std::uint64_t> begun_ = 0;
};

/// BEGIN IMMEDIATE … COMMIT. Rolled back, and `on_rollback` called, when it goes uncommitted.
class Transaction {
 public:
  explicit Transaction(Connection& connection, std::function<void()> on_rollback = nullptr);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();

 private:
  Connection& connection_;
  std::function<void()> on_rollback_;
  bool open_ = true;
};

}  // namespace sequent::persistence
