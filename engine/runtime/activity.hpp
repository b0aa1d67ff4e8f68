#pragma once
// The port to the outside world: an activity is one kind of call (`call: stripe.refunds.create`).
#include <boost/asio/awaitable.hpp>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.hpp"
#include "base/json.hpp"
#include "engine/definition/activity_spec.hpp"
#include "engine/machine/problem.hpp"

namespace sequent::runtime {

using definition::ActivitySpec;
using machine::Failure;

/// One try of an activity. Everything that may differ between tries is here, never in the input.
struct Attempt {
  InstanceId instance;
  std::string workflow;         // "billing/refund:1.2.0"
  std::string task;             // JSON Pointer
  std::string idempotency_key;  // the same for every attempt of the task
  std::uint32_t number = 1;
  Timestamp now = 0;
  Timestamp first_sent_at = 0;     // age of the key
  DurationMs timeout_ms = 0;       // for the whole attempt
  bool unsettled = false;          // an earlier attempt may have had its effect
  std::optional<Json> task_input;  // the task's `$input`, for activities that expand templates
  /// A secret by name; nothing when it is not configured.
  std::function<std::optional<Json>(const std::string& name)> secret;
  /// Where the activity leaves the provider's own id of its last request, by which the provider's
  /// logs and support know it. Null: nobody asks.
  std::shared_ptr<std::string> request_id;
};

/// Keeps `id`, as it came in a header, unless it is empty or looks like something else.
void note_request_id(const std::shared_ptr<std::string>& into, std::string_view id);

using ActivityResult = std::expected<Json, Failure>;

/// What looking found: the object that the intent made, proof that there is none, or neither.
struct Reconciliation {
  enum class Found { adopted, absent, undecided };
  Found found = Found::undecided;
  Json object;                     // adopted: the activity's output
  std::optional<Failure> failure;  // undecided: why looking failed
};

class Activity {
 public:
  virtual ~Activity() = default;
  [[nodiscard]] virtual const ActivitySpec& spec() const = 0;
  /// Makes the call. Honours Asio cancellation and `attempt.timeout_ms`; throws nothing.
  virtual boost::asio::awaitable<ActivityResult> run(Attempt attempt, Json input) = 0;
  /// Looks for the effect of an earlier attempt whose outcome is unknown, when the key no longer
  /// protects. The default: repeating what is idempotent settles it, so its effect counts as absent;
  /// of anything else it finds out nothing, so the run parks for an operator.
  virtual boost::asio::awaitable<Reconciliation> reconcile(Attempt attempt, Json input);
};

/// All activities of a process, by name; the compiler's catalog too. Filled by the composition
/// root before the engine starts, read-only afterwards.
class ActivityRegistry final : public definition::ActivityCatalog {
 public:
  void add(std::unique_ptr<Activity> activity);
  /// What the store does inside a commit (`records.*`, `events.emit`): a specification without code.
  void add_in_store(ActivitySpec spec);

  [[nodiscard]] const ActivitySpec* find(std::string_view name,
                                         std::string_view version) const override;
  [[nodiscard]] std::vector<std::string> names() const override;
  [[nodiscard]] Activity* activity(std::string_view name) const;  // null for in-store ones

 private:
  struct Entry {
    ActivitySpec spec;
    std::unique_ptr<Activity> activity;
  };
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace sequent::runtime
