#include "persistence/postgres/writing.hpp"

#include <poll.h>

#include <algorithm>

#include "base/assert.hpp"
#include "engine/runtime/system_clock.hpp"

namespace sequent::persistence::postgres {
namespace {

constexpr int most_tries = 8;
// As long as a database usually takes to come back; then the caller hears of it and tries itself.
constexpr DurationMs patience_ms = 10'000;
constexpr int first_pause_ms = 20, longest_pause_ms = 500;

// The row of this place, made when it is not there. It waits for a transaction of ours that is still
// under way on a connection that we have lost.
constexpr std::string_view take_place = R"sql(
  INSERT INTO commit_mark (slot, commits, used_at) VALUES (?1, 0, clock_timestamp())
  ON CONFLICT (slot) DO UPDATE SET used_at = clock_timestamp() RETURNING commits
)sql";
constexpr std::string_view raise_mark = R"sql(
  WITH raised AS (
    UPDATE commit_mark SET commits = ?2, used_at = clock_timestamp()
    WHERE slot = ?1 AND commits = ?2 - 1 RETURNING 1)
  SELECT expect(count(*), 1, 'SQ001') FROM raised
)sql";
// The mark is looked at first: one that is not ours to raise says that the transaction is over.
// One text for the life of the process: prepared statements are known by their address.
const std::string raise_mark_and_hold_fences = R"sql(
  WITH raised AS (
    UPDATE commit_mark SET commits = ?4, used_at = clock_timestamp()
    WHERE slot = ?3 AND commits = ?4 - 1 RETURNING 1),
  held AS ()sql" + std::string{hold_fences} + R"sql()
  SELECT expect((SELECT count(*) FROM held),
                expect((SELECT count(*) FROM raised), 1, 'SQ001') * cardinality(?1), 'SQ002')
)sql";
constexpr std::string_view not_my_turn = "SQ001";

void pause(int tries) {
  const int ms = std::min(first_pause_ms << std::min(tries, 10), longest_pause_ms);
  static_cast<void>(::poll(nullptr, 0, ms));
}

}  // namespace

void Attempts::mark_place(Connection& connection) {
  Pool::Place& place = lent_.place();
  if (place.slot == InstanceId{})
    place.slot = InstanceId::make(0, runtime::system_seed(),
                                  static_cast<PartitionId>(runtime::system_seed() & 0xFFFF));
  Rows rows = connection.query(take_place, place.slot);
  const bool found = rows.next();
  SEQUENT_ASSERT(found);
  place.commits = rows.integer(0);
  place.marked = true;
}

Connection& Attempts::begin() {
  ++tries_;
  Connection& connection = lent_.connection();
  Pool::Place& place = lent_.place();
  if (!place.marked) mark_place(connection);
  connection.begin();
  if (fences_ == nullptr)
    connection.queue(raise_mark, place.slot, place.commits + 1);
  else
    connection.queue(raise_mark_and_hold_fences, fences_->partitions, fences_->epochs, place.slot,
                     place.commits + 1);
  return connection;
}

void Attempts::committed() {
  ++lent_.place().commits;
}

bool Attempts::settle(const SqlError& error) {
  Pool::Place& place = lent_.place();
  if (!error.lost) {
    place.connection->roll_back();
    if (error.state == not_my_turn) {
      if (open_ && find_out()) return true;
      place.marked = false;  // somebody cleared our row away
    } else if (!error.again()) {
      throw SqlError{error};
    }
    if (tries_ >= most_tries) throw SqlError{error};
    return false;
  }
  open_ = open_ || (place.connection && place.connection->commit_sent());
  if (give_up_at_ms_ == 0) give_up_at_ms_ = steady_ms() + patience_ms;
  for (int pauses = 0; tries_ < most_tries && steady_ms() < give_up_at_ms_; pause(pauses++)) {
    try {
      static_cast<void>(lent_.connection());
      return open_ && find_out();
    } catch (const SqlError& still) {
      const bool waiting = still.state == "55P03" || still.state == "57014";  // for the lost one
      if (!still.lost && !waiting) break;
    }
  }
  place.marked = false;  // the next transaction reads the count anew, once the lost one is over
  throw SqlError{error};
}

// Whether the transaction whose COMMIT was not answered is in the database. The row is locked, so
// one that is still under way ends first.
bool Attempts::find_out() {
  Pool::Place& place = lent_.place();
  const std::int64_t before = place.commits;
  mark_place(lent_.connection());
  if (place.commits != before + 1) return false;
  place.commits = before;  // committed() counts it
  return true;
}

}  // namespace sequent::persistence::postgres
