#pragma once
// What workflows emitted, as a log that publishers read: each sink has a cursor of its own in it.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"

namespace sequent::runtime {

struct EmittedEvent {
  std::int64_t id = 0;  // rises in the order of commits
  Timestamp emitted_at = 0;
  Json event;  // CloudEvent envelope; source + id identify it
};

/// Events are read in the order in which they were committed, and none turns up below one that was
/// read before: on SQLite one writer gives the ids. (On PostgreSQL a sequence gives ids before the
/// commit: there a reader must stop below the oldest transaction that is still open.)
/// threads  blocking; any, several at once
/// errors   StoreFailure
class Outbox {
 public:
  virtual ~Outbox() = default;

  /// The cursor of `sink`: the last event that it needs no more. A sink that was never here gets one,
  /// before the oldest event, or with `from_now` behind the newest.
  [[nodiscard]] virtual std::int64_t open_sink(const std::string& sink, bool from_now,
                                               Timestamp now) = 0;
  /// Emitted events after `after`, at least one when there is any, at most `limit`, and no further
  /// one once they hold `max_bytes` of JSON. Expired ones too: how long an event is held for a run
  /// has nothing to do with who reads it outside.
  [[nodiscard]] virtual std::vector<EmittedEvent> emitted(std::int64_t after, std::size_t limit,
                                                          std::size_t max_bytes) = 0;
  /// Durable on return. A cursor never goes back.
  virtual void advance(const std::string& sink, std::int64_t id, Timestamp now) = 0;
  /// How many come after `after`; counts no further than `most`.
  [[nodiscard]] virtual std::size_t count_emitted(std::int64_t after, std::size_t most) = 0;

  /// Called after each commit that holds an emitted event, on the thread that committed it, and at a
  /// lease's renewal when another node has committed one: it must only wake somebody. One at a time; an
  /// empty one takes it away, and on return it is not running any more.
  virtual void when_emitted(std::function<void()> wake) = 0;
};

}  // namespace sequent::runtime
