#include "persistence/postgres/connection.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

#include "base/assert.hpp"

namespace sequent::persistence::postgres {
namespace {

constexpr std::string_view commit_transaction = "COMMIT";
constexpr std::string_view roll_back_transaction = "ROLLBACK";

// A pooler answers the start of a connection itself, with a process number that is no server's.
constexpr std::string_view look_at_server = R"sql(
  SELECT pg_backend_pid(), current_setting('server_version_num')::bigint,
         current_setting('synchronous_commit'), current_setting('server_encoding')
)sql";
// For the session, or behind a pooler for the transaction. A node that stands still between two
// statements must not hold its locks longer than its leases, and no statement outlives our patience.
constexpr std::string_view settings = R"sql(
  SELECT set_config('search_path', ?1, ?2 <> 0),
         set_config('idle_in_transaction_session_timeout', '5s', ?2 <> 0),
         set_config('lock_timeout', '10s', ?2 <> 0),
         set_config('statement_timeout', ?3::text, ?2 <> 0)
)sql";
// Plans are made once and kept, often while a table is still empty: they must not read whole tables, and
// are not made anew for every array.
constexpr std::string_view writer_settings = R"sql(
  SELECT set_config('enable_seqscan', 'off', ?1 <> 0), set_config('enable_hashjoin', 'off', ?1 <> 0),
         set_config('enable_mergejoin', 'off', ?1 <> 0), set_config('jit', 'off', ?1 <> 0),
         set_config('plan_cache_mode', 'force_generic_plan', ?1 <> 0)
)sql";
// Acknowledged means on disk, whatever the database's default is.
constexpr std::string_view durable_commits = R"sql(
  SELECT set_config('synchronous_commit', 'on', ?1 <> 0)
)sql";

// Our statements write ?1, as SQLite has it; a lone ? takes the next number.
std::string numbered(std::string_view sql) {
  std::string out;
  int next = 0;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    if (sql[i] != '?') {
      out += sql[i];
      continue;
    }
    out += '$';
    const bool has_number = i + 1 < sql.size() && sql[i + 1] >= '0' && sql[i + 1] <= '9';
    if (!has_number) out += std::to_string(++next);
  }
  return out;
}

std::string first_line(const char* text) {
  std::string line = text == nullptr ? "" : text;
  line.resize(std::min(line.find('\n'), line.size()));
  return line;
}

bool ends_connection(std::string_view state) {
  // The server is going, or it is a standby now and the writes are taken elsewhere.
  return state.starts_with("57P") || state.starts_with("08") || state == "25006" ||
         state == "25P03";
}

SqlError error_of(const PGresult* result, std::string_view sql) {
  const char* field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string state = field == nullptr ? "" : field;
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  std::string message = "PostgreSQL could not run \"";
  const auto begin = sql.find_first_not_of(" \n");
  message += begin == std::string_view::npos ? "" : std::string{sql.substr(begin, 60)};
  message += "\": ";
  message += primary == nullptr ? first_line(PQresultErrorMessage(result)) : primary;
  message += " (SQLSTATE " + state + ")";
  if (state == "53100") message += "; free some space on the disk of the database";
  return SqlError{message, state, ends_connection(state)};
}

}  // namespace

Timestamp steady_ms() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

SqlError::SqlError(const std::string& what, std::string sql_state, bool connection_lost)
    : runtime::StoreFailure(what, sql_state == "53100"),
      state(std::move(sql_state)),
      lost(connection_lost) {}

bool SqlError::again() const {
  // The last two: a pooler that hid itself has given us another session than the one that prepared.
  return state == "40P01" || state == "40001" || state == "23505" || state == "26000" ||
         state == "42P05";
}

void Connection::begin_anew(const std::string& why) {
  throw SqlError{why, "40001", false};
}

std::int64_t Rows::integer(int column) const {
  const std::string_view bytes = view(column);
  std::uint64_t value = !bytes.empty() && (bytes.front() & 0x80) != 0 && bytes.size() > 1
                            ? UINT64_MAX
                            : 0;  // the sign of what is shorter than 64 bits
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(value);
}

std::string_view Rows::view(int column) const {
  SEQUENT_ASSERT(column < PQnfields(result_.get()));
  const int length = PQgetlength(result_.get(), row_, column);
  return {PQgetvalue(result_.get(), row_, column), static_cast<std::size_t>(length)};
}

InstanceId Rows::id(int column) const {
  const std::string_view raw = view(column);
  SEQUENT_ASSERT(raw.size() == InstanceId{}.bytes.size());
  return InstanceId::from_raw(raw);
}

std::int64_t Rows::changed() const {
  const std::string_view text = PQcmdTuples(result_.get());
  std::int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

std::unique_ptr<Connection> Connection::open(const Address& address, Role role) {
  std::vector<const char*> names, values;
  for (const auto& [name, value] : address.options) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  std::unique_ptr<Connection> connection{
      new Connection(PQconnectdbParams(names.data(), values.data(), 0), address, role)};
  connection->connect();
  return connection;
}

Connection::Connection(PGconn* connection, const Address& address, Role role)
    : connection_(connection), address_(address), role_(role) {}

void Connection::drop_answers() {
  for (const auto& [ticket, result] : answers_) PQclear(result);
  answers_.clear();
}

Connection::~Connection() {
  drop_answers();
  PQfinish(connection_);
}

void Connection::connect() {
  if (PQstatus(connection_) != CONNECTION_OK)
    lose("no connection to " + address_.spelled + ": " + first_line(PQerrorMessage(connection_)));
  PQsetNoticeProcessor(
      connection_, [](void*, const char*) {}, nullptr);
  if (PQsetnonblocking(connection_, 1) != 0 || PQenterPipelineMode(connection_) != 1)
    lose(PQerrorMessage(connection_));
  look_around();
  if (!pooled_) settle_session();
}

void Connection::look_around() {
  pooled_ = true;  // until we know: prepares nothing
  settings_sent_ = true;
  Rows rows = query(look_at_server);
  SEQUENT_ASSERT(rows.next());
  pooled_ = rows.integer(0) != PQbackendPID(connection_);
  server_version_ = rows.integer(1);
  commits_off_ = rows.view(2) == "off";
  if (rows.view(3) != "UTF8")
    throw SqlError{"the database's encoding is " + rows.text(3) +
                       ", a store needs UTF8: create the database with ENCODING 'UTF8'",
                   "22021", false};
}

void Connection::settle_session() {
  send_settings();
  flush();
}

void Connection::send_settings() {
  settings_sent_ = true;
  const int local = pooled_ ? 1 : 0;
  // The server gives up first, so that we hear why.
  const std::string patience = std::to_string(address_.timeout_ms * 9 / 10);
  queue(settings, address_.schema, local, patience);
  if (role_ == Role::writer) queue(writer_settings, local);
  if (commits_off_) queue(durable_commits, local);
}

std::size_t Connection::send(std::string_view sql, const Parameters& parameters, bool constant) {
  if (lost_) lose("the connection was lost before");
  if (!in_transaction_ && sent_.empty()) drop_answers();  // of statements that nobody asked about
  if (pooled_ && !in_transaction_ && !settings_sent_) send_settings();
  ++statements_;
  const auto pointers = parameters.pointers();
  const auto lengths = parameters.lengths();
  const std::vector<int> formats(pointers.size(), 1);
  int sent = 0;
  if (constant && !pooled_) {
    auto& name = prepared_[sql.data()];
    if (name.empty()) {
      name = "s" + std::to_string(++prepared_count_);
      prepare(sql, name, parameters);
    }
    sent = PQsendQueryPrepared(connection_, name.c_str(), parameters.count(), pointers.data(),
                               lengths.data(), formats.data(), 1);
  } else {
    const std::string text = numbered(sql);
    sent = PQsendQueryParams(connection_, text.c_str(), parameters.count(), parameters.types(),
                             pointers.data(), lengths.data(), formats.data(), 1);
  }
  if (sent != 1) lose(first_line(PQerrorMessage(connection_)));
  sent_.push_back({Sent::Kind::statement, sql.data()});
  return next_ticket_ + sent_.size() - 1;
}

void Connection::prepare(std::string_view sql, const std::string& name,
                         const Parameters& parameters) {
  const std::string text = numbered(sql);
  if (PQsendPrepare(connection_, name.c_str(), text.c_str(), parameters.count(),
                    parameters.types()) != 1)
    lose(first_line(PQerrorMessage(connection_)));
  sent_.push_back({Sent::Kind::prepare, sql.data()});
}

void Connection::flush() {
  if (sent_.empty()) return;
  if (PQpipelineSync(connection_) != 1) lose(first_line(PQerrorMessage(connection_)));
  deadline_ms_ = steady_ms() + address_.timeout_ms;
  read_answers();
}

// Every answer is read, after an error too: the next pipeline begins at the sync point.
void Connection::read_answers() {
  const auto sent = std::exchange(sent_, {});
  const std::size_t first = next_ticket_;
  next_ticket_ += sent.size();
  settings_sent_ = false;
  std::optional<SqlError> error;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    PGresult* result = next_result();
    if (result == nullptr) lose("the server's answer ended too early");
    const auto status = PQresultStatus(result);
    const bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!good && sent[i].kind == Sent::Kind::prepare) prepared_.erase(sent[i].sql);
    if (!good && !error && status != PGRES_PIPELINE_ABORTED)
      error.emplace(error_of(result, sent[i].sql));
    if (good && sent[i].kind == Sent::Kind::statement)
      answers_[first + i] = result;
    else
      PQclear(result);
    if (PGresult* end = next_result(); end != nullptr) {
      PQclear(end);
      lose("the server answered twice");
    }
  }
  PGresult* sync = next_result();
  const bool synced = sync != nullptr && PQresultStatus(sync) == PGRES_PIPELINE_SYNC;
  PQclear(sync);
  if (error && error->lost) lose(error->what());
  if (!synced) lose("the server's answer has no end");
  if (!error) return;
  if (error->state == "26000" || error->state == "42P05") pooled_ = true;
  throw SqlError{*error};
}

PGresult* Connection::next_result() {
  while (true) {
    const int unsent = PQflush(connection_);
    if (unsent < 0) lose(first_line(PQerrorMessage(connection_)));
    if (unsent == 0 && PQisBusy(connection_) == 0) break;
    wait(unsent == 1);
    if (PQconsumeInput(connection_) != 1) break;  // the result says why
  }
  PGresult* result = PQgetResult(connection_);
  if (PQstatus(connection_) == CONNECTION_OK) return result;
  const std::string why = result == nullptr ? first_line(PQerrorMessage(connection_))
                                            : first_line(PQresultErrorMessage(result));
  PQclear(result);
  lose(why);
}

void Connection::wait(bool for_writing) {
  pollfd waiting{.fd = PQsocket(connection_), .events = POLLIN, .revents = 0};
  if (for_writing) waiting.events |= POLLOUT;
  const Timestamp left = deadline_ms_ - steady_ms();
  const int ready = left <= 0 ? 0 : ::poll(&waiting, 1, static_cast<int>(left));
  if (ready == 0)
    lose("no answer within " + std::to_string(address_.timeout_ms / 1000) +
         " s; the database is overloaded, stopped, or cut off");
  if (ready < 0 && errno != EINTR) lose(std::strerror(errno));
}

void Connection::lose(const std::string& why) {
  lost_ = true;
  throw SqlError{"PostgreSQL: " + why, "", true};
}

Rows Connection::answer(std::size_t ticket) {
  const auto found = answers_.find(ticket);
  SEQUENT_ASSERT(found != answers_.end());  // it was flushed, and is asked for once
  Rows rows{found->second};
  answers_.erase(found);
  return rows;
}

Rows Connection::query_once(const std::string& sql, const std::vector<Parameter>& parameters) {
  Parameters encoded;
  encoded.reserve(parameters.size());
  for (const Parameter& parameter : parameters)
    std::visit([&](const auto& value) { encoded.add(value); }, parameter);
  const std::size_t ticket = send(sql, encoded, false);
  flush();
  return answer(ticket);
}

void Connection::script(const std::string& sql) {
  flush();
  ++statements_;
  if (PQexitPipelineMode(connection_) != 1 || PQsendQuery(connection_, sql.c_str()) != 1)
    lose(first_line(PQerrorMessage(connection_)));
  deadline_ms_ = steady_ms() + address_.timeout_ms;
  std::optional<SqlError> error;
  while (PGresult* result = next_result()) {
    const auto status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && !error)
      error.emplace(error_of(result, sql));
    PQclear(result);
  }
  if (PQenterPipelineMode(connection_) != 1) lose(first_line(PQerrorMessage(connection_)));
  if (error) throw SqlError{*error};
}

void Connection::begin(std::string_view how) {
  SEQUENT_ASSERT(!in_transaction_ && sent_.empty());
  drop_answers();
  in_transaction_ = true;
  commit_sent_ = false;
  send(how, Parameters{}, false);
  if (pooled_) send_settings();
}

void Connection::commit() {
  SEQUENT_ASSERT(in_transaction_);
  const std::size_t ticket = send(commit_transaction, Parameters{}, false);
  commit_sent_ = true;
  flush();
  in_transaction_ = false;
  commit_sent_ = false;
  answer(ticket);
}

void Connection::roll_back() noexcept {
  if (!std::exchange(in_transaction_, false) || lost_) return;
  commit_sent_ = false;
  try {
    // What was queued and never sent goes with it.
    send(roll_back_transaction, Parameters{}, false);
    flush();
  } catch (const SqlError&) {
    lost_ = true;  // closing it rolls back as well
  }
}

}  // namespace sequent::persistence::postgres
