#pragma once
// Everything the Stripe stand-in knows: accounts with their objects, events, deliveries, timers.
// Objects are kept as JSON in the newest layout (dahlia); members that start with `_` are private
// and never rendered; render.hpp gives older layouts.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"
#include "sandbox/faults.hpp"
#include "sandbox/random.hpp"
#include "sandbox/stand_in.hpp"

namespace sequent::sandbox::stripe {

inline constexpr std::string_view newest_version = "2026-07-29.dahlia";

/// The objects of one kind, oldest first.
struct Collection {
  std::map<std::string, Json> by_id;
  std::vector<std::string> order;
};

struct Account {
  std::string id;  // empty: the platform
  std::map<std::string, Collection> kinds;
  std::int64_t next_invoice = 1;
  std::map<std::string, std::string> usage_by_identifier;  // where the last event of it is kept
  std::map<std::string, Json> usage_errors;  // by meter, not yet told; empty: of no meter

  [[nodiscard]] Json* find(const std::string& kind, const std::string& id);
  /// By the id alone: the kind is in its prefix.
  [[nodiscard]] Json* find_any(const std::string& id);
  Json& add(Json object);
  /// As if it had never been there: what was told of it stays told.
  void remove(const std::string& kind, const std::string& id);
  /// The same for what has no id in its answers.
  Json& add_as(const std::string& id, Json object);
};

/// Who caused a change: goes into the events that tell of it.
struct Cause {
  std::string request_id;
  std::string idempotency_key;
  std::string version = std::string(newest_version);
};

/// Something that happens by itself when its time comes.
struct Timer {
  enum class Kind : std::uint8_t {
    session_expires,
    payment_settles,
    payment_fails,
    subscription_due,
    invoice_due,
    usage_checked
  };
  Timestamp at = 0;
  Kind kind = Kind::session_expires;
  std::string account;
  std::string id;  // of the session, subscription, invoice or meter

  auto operator<=>(const Timer&) const = default;
};

/// One event on its way to one endpoint.
struct WebhookDelivery {
  enum class State : std::uint8_t { waiting, in_flight, delivered, given_up };
  std::uint64_t id = 0;
  std::string endpoint;
  std::string account;  // the event's, empty for the platform
  std::string event;
  std::string type;
  Timestamp due = 0;
  int attempts = 0;
  State state = State::waiting;
  bool wrong_signature = false;
  bool old_timestamp = false;
  std::vector<int> statuses;  // of the attempts so far
};

struct WebhookRetry {
  int max_attempts = 8;
  DurationMs first_delay_ms = 1'000;  // doubles with every attempt
  DurationMs max_delay_ms = 3'600'000;
};

struct World {
  explicit World(std::uint64_t seed) : random(seed) {}

  Random random;
  std::map<std::string, Account> accounts;
  std::set<Timer> timers;
  std::map<std::uint64_t, WebhookDelivery> deliveries;
  std::set<std::pair<Timestamp, std::uint64_t>> due_deliveries;  // those that wait, by time
  std::map<std::string, std::size_t> undelivered;                // by event
  std::optional<std::uint64_t> held_delivery;  // waits for the event that must overtake it
  std::uint64_t last_delivery = 0;
  WebhookRetry retry;

  [[nodiscard]] Account& account(const std::string& id);
  [[nodiscard]] std::string make_id(std::string_view prefix, std::size_t length = 24) {
    return random.id(prefix, length);
  }
};

/// What a call and everything it triggers work on.
struct Scene {
  World& world;
  Account& account;
  FaultPlan& faults;
  Timestamp now;
  Cause cause;

  [[nodiscard]] std::int64_t seconds() const { return now / 1000; }
};

/// Records an event and queues it for every endpoint that listens to it. The object is copied as
/// it is now: what arrives later is already old.
/// previous  the changed members' former values, for `*.updated`; null otherwise
Json& emit(Scene& scene, const std::string& type, const Json& object,
           const Json& previous = nullptr);

/// The same in thin form: no snapshot, only which object it is about. Its data is read under
/// /v2/core/events/{id}. Only endpoints that name its type hear of it, and the one given at start.
/// related  {id, type, url}; null: about no object
Json& emit_thin(Scene& scene, const std::string& type, const Json& related, const Json& data);

/// Queues an event once more, as it was then: it reaches the endpoints after newer ones.
/// Gives the number of deliveries.
int deliver_again(Scene& scene, Json& event, Timestamp due);

/// Runs every timer that is due at `now`.
void run_timers(World& world, FaultPlan& faults, Timestamp now);

/// Lets a delivery wait until `due`, whether it is new, put off or failed.
void await_delivery(World& world, WebhookDelivery& delivery, Timestamp due);
[[nodiscard]] std::vector<WebhookSend> take_due_webhooks(World& world, Timestamp now);
void note_webhook_answer(World& world, std::uint64_t delivery, int status, Timestamp now);
/// "t=…,v1=…" with one v1 for each secret.
[[nodiscard]] std::string sign_webhook(const std::vector<std::string>& secrets,
                                       std::int64_t at_seconds, std::string_view body);

}  // namespace sequent::sandbox::stripe
