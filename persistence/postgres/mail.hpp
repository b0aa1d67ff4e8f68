#pragma once
// Messages and subscriptions of a batch, and the events that wait for somebody to want them. Every
// function runs inside the caller's transaction.
#include <span>
#include <vector>

#include "engine/runtime/store.hpp"
#include "persistence/postgres/connection.hpp"

namespace sequent::persistence::postgres {

/// A change that is written, and where its result goes.
struct Written {
  const runtime::InstanceChange* change = nullptr;
  runtime::ChangeResult* result = nullptr;
};

/// Messages to other instances: queued, and read after the flush.
class Sending {
 public:
  void queue(Connection& connection, std::span<const Written> changes);
  void read(Connection& connection);
  [[nodiscard]] bool any() const { return !sent_.empty(); }

 private:
  struct Sent {
    const runtime::Message* message;
    runtime::ChangeResult* result;
  };
  std::vector<Sent> sent_;
  std::size_t ticket_ = 0;
};

/// Replaces subscriptions: queued, and what held events they take is read after the flush.
class Subscribing {
 public:
  void queue(Connection& connection, std::span<const Written> changes, std::string_view space);
  /// Whether there is anything to read, so that the batch needs another round trip.
  [[nodiscard]] bool any() const { return !changes_.empty(); }
  /// Claims the held events, and queues and reads what follows from that.
  void take_held(Connection& connection);

 private:
  std::vector<Written> changes_;
  std::size_t held_ = 0;
};

/// Emitted events. The last of a transaction: its number is given under a lock that all share.
class Emitting {
 public:
  void queue(Connection& connection, std::span<const Written> changes);
  void read(Connection& connection);
  [[nodiscard]] bool any() const { return !results_.empty(); }

 private:
  std::vector<runtime::ChangeResult*> results_;  // one for each event
  std::size_t ticket_ = 0;
};

/// Messages whose bodies are stored events.
struct EventMail {
  Integers partition, event;
  Ids to;
  void add(const InstanceId& receiver, std::int64_t event_id);
  /// Ids of the messages, in order. One round trip.
  [[nodiscard]] std::vector<std::int64_t> send(Connection& connection) const;
};

}  // namespace sequent::persistence::postgres
