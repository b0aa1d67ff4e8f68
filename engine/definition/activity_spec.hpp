#pragma once
// What the compiler and the machine must know of an activity; the code that runs it is elsewhere
// (engine/runtime/activity.hpp).
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"
#include "engine/schema/schema.hpp"

namespace sequent::definition {

/// Retries of one activity call where no enclosing `try` takes the error: exponential, full jitter.
struct CallRetryPolicy {
  std::uint32_t max_attempts = 8;  // tries in all; afterwards the run parks
  DurationMs initial_ms = 500;
  DurationMs max_ms = 60'000;
};

struct ActivitySpec {
  std::string name;      // "stripe.customers.create"
  std::string version;   // "1"
  std::string provider;  // "stripe"
  std::string summary;   // one sentence, for listings
  Json input_schema;     // JSON Schema of `with`, for documentation and editors
  Json output_schema;
  std::shared_ptr<const schema::Schema> input;  // compiled; null = anything goes
  CallRetryPolicy retry;
  DurationMs timeout_ms = 30'000;   // of one attempt
  DurationMs key_retention_ms = 0;  // how long the provider keeps idempotency keys; 0 = it has none
  /// What the provider's health is kept apart by, see circuit_id.hpp: the account that the arguments
  /// name (null = all calls share one), and "" = "read" where repeating is harmless, else "write".
  std::string (*account)(const Json& arguments) = nullptr;
  /// Where one activity calls many providers: which one (a host). Null = `provider` is one.
  std::string (*server)(const Json& arguments) = nullptr;
  std::string operation_class;
  bool idempotent = false;          // repeating is harmless by nature (reads, absolute writes)
  bool keys_unsure = false;         // keys are sent, but nobody promises that they are honoured
  bool can_look = false;            // reconcile() can find out what became of an attempt
  bool charges = false;             // bills somebody, so a workflow says what undoes it
  bool in_store = false;            // runs inside the commit that holds its intent (records.*)
  bool emits = false;               // compiled to the language's `emit`, its arguments the event
};

/// Where the compiler looks up `call: name`. Implemented by the registry of activities.
class ActivityCatalog {
 public:
  virtual ~ActivityCatalog() = default;
  /// `version` empty = the newest. Null when there is none.
  [[nodiscard]] virtual const ActivitySpec* find(std::string_view name,
                                                 std::string_view version) const = 0;
  /// All names, sorted, for suggestions and listings.
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;
};

}  // namespace sequent::definition
