#pragma once
// A thin layer over libpq: a connection that gathers statements and sends them as one pipeline, so
// that a whole batch costs one round trip; binary values both ways; deadlines on every wait.
// threads  one thread at a time per connection
// errors   SqlError; `lost` when the connection is gone and nobody knows how far the server came
#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "engine/runtime/store.hpp"
#include "persistence/postgres/address.hpp"
#include "persistence/postgres/parameters.hpp"
#include "persistence/stored.hpp"

namespace sequent::persistence::postgres {

/// Time that only measures waiting.
[[nodiscard]] Timestamp steady_ms();

/// A statement failed. `state` is SQLSTATE, empty when the server said nothing.
struct SqlError : runtime::StoreFailure {
  SqlError(const std::string& what, std::string sql_state, bool connection_lost);
  /// The same transaction may succeed when it is run again: a deadlock, a key that another
  /// transaction took at the same moment.
  [[nodiscard]] bool again() const;
  std::string state;
  bool lost;
};

/// The rows of one answer.
class Rows {
 public:
  explicit Rows(PGresult* result) : result_(result, PQclear) {}

  [[nodiscard]] bool next() { return ++row_ < PQntuples(result_.get()); }
  [[nodiscard]] bool is_null(int column) const {
    return PQgetisnull(result_.get(), row_, column) == 1;
  }
  [[nodiscard]] std::int64_t integer(int column) const;  // 0 for null
  [[nodiscard]] std::string_view view(int column) const;
  [[nodiscard]] std::string text(int column) const { return std::string{view(column)}; }
  [[nodiscard]] InstanceId id(int column) const;
  [[nodiscard]] std::int64_t changed() const;
  [[nodiscard]] std::size_t size() const {
    return static_cast<std::size_t>(PQntuples(result_.get()));
  }

 private:
  std::unique_ptr<PGresult, void (*)(PGresult*)> result_;
  int row_ = -1;
};

/// What a connection is for: writers' plans go by indexes whatever the tables' statistics say.
enum class Role : std::uint8_t { writer, reader };

class Connection {
 public:
  static constexpr bool locks_rows = true;

  /// errors  SqlError: always, and the transaction under way is run again
  [[noreturn]] static void begin_anew(const std::string& why);
  /// errors  SqlError, in words for whoever wrote the address
  [[nodiscard]] static std::unique_ptr<Connection> open(const Address& address, Role role);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Adds a constant statement to the pipeline; its answer is `answer(ticket)` after flush().
  template <class... Values>
  std::size_t queue(std::string_view sql, const Values&... values) {
    return send(sql, Parameters{values...}, true);
  }
  /// Sends what is queued and reads every answer: one round trip. Throws the first error.
  void flush();
  Rows answer(std::size_t ticket);

  /// Statements as the SQLite store has them, for what both share. run() only queues.
  template <class... Values>
  void run(std::string_view sql, const Values&... values) {
    queue(sql, values...);
  }
  template <class... Values>
  std::int64_t execute(std::string_view sql, const Values&... values) {
    return query(sql, values...).changed();
  }
  template <class... Values>
  [[nodiscard]] Rows query(std::string_view sql, const Values&... values) {
    const std::size_t ticket = queue(sql, values...);
    flush();
    return answer(ticket);
  }
  /// A statement that was put together at run time.
  [[nodiscard]] Rows query_once(const std::string& sql, const std::vector<Parameter>& parameters);
  /// Statements without parameters, outside of any pipeline.
  void script(const std::string& sql);

  void begin(std::string_view how = "BEGIN");
  /// Sends COMMIT with whatever is queued before it.
  void commit();
  /// After an error; never throws.
  void roll_back() noexcept;

  /// COMMIT has been sent, so a lost connection leaves the outcome open.
  [[nodiscard]] bool commit_sent() const { return commit_sent_; }
  [[nodiscard]] bool lost() const { return lost_; }
  /// Something stands between us and the server that gives each transaction another session.
  [[nodiscard]] bool pooled() const { return pooled_; }
  [[nodiscard]] std::int64_t server_version() const { return server_version_; }
  [[nodiscard]] PGconn* handle() const { return connection_; }
  /// Statements since it was last asked.
  [[nodiscard]] std::uint64_t take_statements() { return std::exchange(statements_, 0); }

 private:
  struct Sent {
    enum class Kind : std::uint8_t { prepare, statement } kind;
    const char* sql;  // names a prepared statement
  };
  Connection(PGconn* connection, const Address& address, Role role);
  void connect();
  void look_around();
  void settle_session();
  std::size_t send(std::string_view sql, const Parameters& parameters, bool constant);
  void prepare(std::string_view sql, const std::string& text, const Parameters& parameters);
  void send_settings();
  void drop_answers();
  void read_answers();
  PGresult* next_result();
  void wait(bool for_writing);
  [[noreturn]] void lose(const std::string& why);

  PGconn* connection_;
  const Address& address_;
  Role role_;
  bool pooled_ = false, lost_ = false, commit_sent_ = false;
  bool in_transaction_ = false, settings_sent_ = false, commits_off_ = false;
  std::int64_t server_version_ = 0;
  std::uint64_t statements_ = 0;
  Timestamp deadline_ms_ = 0;
  std::unordered_map<const char*, std::string> prepared_;  // by address of the constant
  int prepared_count_ = 0;
  std::vector<Sent> sent_;
  std::unordered_map<std::size_t, PGresult*> answers_;
  std::size_t next_ticket_ = 0;
};

}  // namespace sequent::persistence::postgres
