#include "persistence/postgres/exchange.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <memory>

#include "base/assert.hpp"

namespace sequent::persistence::postgres {

using runtime::Note;
using runtime::Parcel;

namespace {

constexpr int again_ms = 1'000;  // after a connection was lost, and where nothing can be heard
constexpr Timestamp deaf_ms = 60'000;

constexpr std::string_view send_notes = R"sql(
  SELECT pg_notify(?1, n.payload)::text FROM unnest(?2::text[]) AS n (payload)
)sql";
constexpr std::string_view insert_parcels = R"sql(
  INSERT INTO parcel (parcel_id, to_node, partition_id, body, expires_at)
  SELECT p.parcel_id, p.to_node, p.partition_id, p.body,
         clock_timestamp() + p.ttl * interval '1 millisecond'
  FROM unnest(?1::text[], ?2::text[], ?3::bigint[], ?4::text[], ?5::bigint[])
         AS p (parcel_id, to_node, partition_id, body, ttl)
  ORDER BY p.parcel_id ON CONFLICT DO NOTHING
)sql";
constexpr std::string_view take_parcels = R"sql(
  DELETE FROM parcel WHERE parcel_id IN (
    SELECT parcel_id FROM parcel
    WHERE (to_node = ?1 OR partition_id = ANY(?2)) AND expires_at > clock_timestamp()
    ORDER BY parcel_id LIMIT ?3 FOR UPDATE SKIP LOCKED)
  RETURNING parcel_id, to_node, partition_id, body
)sql";
constexpr std::string_view clear_parcels = R"sql(
  DELETE FROM parcel WHERE parcel_id IN (
    SELECT parcel_id FROM parcel WHERE expires_at <= clock_timestamp()
    ORDER BY parcel_id LIMIT ?1 FOR UPDATE SKIP LOCKED)
)sql";

// "node\ntext"
std::string payload_of(const std::string& to, std::string_view text) {
  std::string payload = to + "\n";
  payload += text;
  return payload;
}

}  // namespace

PostgresExchange::PostgresExchange(const Address& address, Pool& pool)
    : address_(address),
      pool_(pool),
      channel_("sequent_" + address.schema),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  SEQUENT_ASSERT(wake_ >= 0);
}

PostgresExchange::~PostgresExchange() {
  stop();
  ::close(wake_);
}

void PostgresExchange::tell(std::span<const Note> notes) {
  Texts payloads;
  for (const Note& note : notes) {
    SEQUENT_ASSERT(!note.text.empty() && note.text.size() <= runtime::most_note_bytes);
    payloads.add(payload_of(note.to, note.text));
  }
  if (payloads.empty()) return;
  reading(pool_, [&](Connection& connection) {
    return connection.query(send_notes, channel_, payloads).size();
  });
}

void PostgresExchange::post(std::span<const Parcel> parcels) {
  Texts ids, nodes, bodies, payloads;
  Integers partitions, ttls;
  for (const Parcel& parcel : parcels) {
    ids.add(parcel.id);
    nodes.add(parcel.to);
    std::optional<std::int64_t> partition;
    if (parcel.partition) partition = *parcel.partition;
    partitions.add(partition);
    bodies.add(parcel.body);
    ttls.add(parcel.ttl);
    if (!parcel.to.empty()) payloads.add(payload_of(parcel.to, runtime::parcel_note));
  }
  if (ids.empty()) return;
  // Notes go with the commit: who hears one finds the parcel.
  reading(pool_, [&](Connection& connection) {
    connection.begin();
    connection.queue(insert_parcels, ids, nodes, partitions, bodies, ttls);
    if (!payloads.empty()) connection.queue(send_notes, channel_, payloads);
    connection.commit();
    return true;
  });
}

std::vector<Parcel> PostgresExchange::collect(const std::string& node,
                                              std::span<const PartitionId> partitions,
                                              std::size_t limit) {
  Integers owned;
  for (const PartitionId partition : partitions) owned.add(partition);
  return reading(pool_, [&](Connection& connection) {
    const auto taken = connection.queue(take_parcels, node, owned, limit);
    connection.queue(clear_parcels, limit);
    connection.flush();
    std::vector<Parcel> parcels;
    for (Rows rows = connection.answer(taken); rows.next();) {
      Parcel parcel;
      parcel.id = rows.text(0);
      parcel.to = rows.text(1);
      if (!rows.is_null(2)) parcel.partition = static_cast<PartitionId>(rows.integer(2));
      parcel.body = rows.text(3);
      parcels.push_back(std::move(parcel));
    }
    return parcels;
  });
}

void PostgresExchange::listen(const std::string& node, std::function<void(std::string)> heard) {
  stop();
  if (!heard) return;
  stopping_ = false;
  thread_ = std::thread{[this, node, heard = std::move(heard)] { run(node, heard); }};
}

void PostgresExchange::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_, &one, sizeof one));
  thread_.join();
  std::uint64_t drained = 0;
  static_cast<void>(::read(wake_, &drained, sizeof drained));
}

// Connects, listens, and begins anew when the connection is lost.
void PostgresExchange::run(const std::string& node, const std::function<void(std::string)>& heard) {
  while (!stopping_) {
    bool deaf = false;
    try {
      const auto connection = Connection::open(address_, Role::reader);
      deaf = connection->pooled();
      if (!deaf) {
        connection->script("LISTEN \"" + channel_ + "\"");
        heard("");  // what was told before this moment was not heard
        hear(connection->handle(), node, heard);
      }
    } catch (const SqlError&) {
      // The store itself is what notices that its database is gone, and says so.
    }
    if (deaf)
      look_instead(heard);
    else if (!stopping_)
      static_cast<void>(wait(-1, again_ms));
  }
}

// Behind a pooler no note comes through: whoever waits for one looks once a second. That needs no
// session; now and then one is opened to see whether the pooler is still there.
void PostgresExchange::look_instead(const std::function<void(std::string)>& heard) {
  const Timestamp until = steady_ms() + deaf_ms;
  while (!stopping_ && steady_ms() < until) {
    heard("");
    static_cast<void>(wait(-1, again_ms));
  }
}

// Until the connection is lost.
void PostgresExchange::hear(PGconn* connection, const std::string& node,
                            const std::function<void(std::string)>& heard) {
  constexpr int for_ever = -1;
  while (!stopping_) {
    std::unique_ptr<PGnotify, void (*)(void*)> note{PQnotifies(connection), PQfreemem};
    if (note) {
      const std::string_view payload{note->extra};
      const auto end = payload.find('\n');
      if (end == std::string_view::npos) continue;  // somebody else's
      const auto to = payload.substr(0, end);
      if (to.empty() || to == node) heard(std::string{payload.substr(end + 1)});
      continue;
    }
    if (wait(PQsocket(connection), for_ever) && PQconsumeInput(connection) != 1) return;
  }
}

// Whether the socket can be read. Negative sockets are none.
bool PostgresExchange::wait(int socket, int timeout_ms) {
  pollfd waiting[] = {{.fd = wake_, .events = POLLIN, .revents = 0},
                      {.fd = socket, .events = POLLIN, .revents = 0}};
  static_cast<void>(::poll(waiting, 2, timeout_ms));
  return waiting[1].revents != 0;
}

}  // namespace sequent::persistence::postgres
