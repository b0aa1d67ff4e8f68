#pragma once
// One transaction, exactly once, whatever happens to its connection. Every writing connection has a
// row in commit_mark that counts its commits, raised inside each transaction. When the answer to a
// COMMIT is lost, the next connection looks there: the transaction is done, or it is sent again. One
// that arrives after its turn (a cut connection whose bytes the server still had) finds the count
// raised and rolls itself back.
#include <optional>
#include <utility>

#include "base/assert.hpp"
#include "persistence/postgres/pool.hpp"

namespace sequent::persistence::postgres {

/// SQLSTATE of a transaction whose partitions are not all held under these epochs.
inline constexpr std::string_view fence_broken = "SQ002";

/// Partitions that nobody may take over before the transaction has ended, and their epochs.
struct Fences {
  Integers partitions, epochs;
};

/// Partitions ?1 that are under the epochs ?2.
/// FOR SHARE: a node that takes a partition over waits for our commit, and then fences the next.
inline constexpr std::string_view hold_fences = R"sql(
  SELECT p.partition_id FROM unnest(?1::bigint[], ?2::bigint[]) AS b (partition_id, epoch)
  JOIN partition p ON p.partition_id = b.partition_id AND p.epoch = b.epoch
  ORDER BY p.partition_id FOR SHARE OF p
)sql";

/// The tries of one transaction on one place of the pool.
class Attempts {
 public:
  Attempts(Pool::Lent& lent, const Fences* fences) : lent_(lent), fences_(fences) {}
  /// Connects if need be and begins; its first statement raises the mark and holds the fences.
  /// errors  SqlError
  [[nodiscard]] Connection& begin();
  void committed();
  /// After an error: true when the transaction turned out to be committed, false when it is to be
  /// tried again; throws when there is nothing more to try.
  [[nodiscard]] bool settle(const SqlError& error);

 private:
  void mark_place(Connection& connection);
  [[nodiscard]] bool find_out();

  Pool::Lent& lent_;
  const Fences* fences_;
  int tries_ = 0;
  Timestamp give_up_at_ms_ = 0;  // 0: no connection was lost yet
  bool open_ = false;            // a COMMIT was sent and never answered
};

/// Runs `body(Connection&)` in a transaction and returns what it returned. The body may run several
/// times; what it only queues is sent with the COMMIT, in one round trip.
/// errors  SqlError; of state fence_broken when `fences` do not hold
template <class Body>
auto writing(Pool& writers, const Body& body, const Fences* fences = nullptr) {
  auto lent = writers.borrow();
  Attempts attempts{lent, fences};
  std::optional<decltype(body(std::declval<Connection&>()))> result;
  while (true) {
    std::optional<SqlError> failed;
    try {
      Connection& connection = attempts.begin();
      result.emplace(body(connection));
      connection.commit();
    } catch (const SqlError& error) {
      failed.emplace(error);
    } catch (...) {
      if (lent.place().connection) lent.place().connection->roll_back();
      throw;
    }
    if (failed && !attempts.settle(*failed)) continue;
    attempts.committed();
    SEQUENT_ASSERT(
        result.has_value());  // of the last body that ran to its end: its COMMIT was sent
    return std::move(*result);
  }
}

}  // namespace sequent::persistence::postgres
