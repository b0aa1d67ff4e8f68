#pragma once
// Faults on command: what a stand-in does wrong, for which calls, how often.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"
#include "sandbox/random.hpp"

namespace sequent::sandbox {

enum class FaultKind : std::uint8_t {
  latency,       // `ms` before the answer; the effect happens at once
  rate_limit,    // 429, with `retryAfter` seconds and `shouldRetry` where given
  server_error,  // `status` (500); `stored` under the idempotency key, `effect` or not
  reset_before_effect,
  reset_after_effect,  // the effect happened, the answer is lost
  hang,                // no answer until the client gives up; `effect` or not
  outage,              // 503, or with `refuse` no connection at all
  html,                // an HTML page where JSON is due, `status` (502)
  huge,                // `bytes` (100 MB) of answer
  webhook_duplicate,   // `copies` (2) deliveries of one event
  webhook_reorder,     // delivered after the event that follows it
  webhook_delay,       // delivered `ms` later
  webhook_wrong_signature,
  webhook_old_timestamp,  // signed correctly, an hour ago
};

/// shape  {kind, method?, path?, event?, times?, seconds?, probability?, perSecond?, ms?, status?, retryAfter?,
///        shouldRetry?, code?, stored?, effect?, refuse?, bytes?, copies?}
struct Fault {
  std::uint64_t id = 0;
  FaultKind kind = FaultKind::latency;
  std::string method;                 // empty: every method
  std::string path;                   // `*` stands for any text; empty: every path
  std::string event;                  // webhooks: type with `*`; empty: every type
  std::optional<std::int64_t> times;  // absent: without end
  std::optional<Timestamp> until;     // from `seconds`
  double probability = 1;
  /// Spares so many calls of each second: with rate-limit, a provider of that capacity. 0 = none.
  std::int64_t per_second = 0;
  DurationMs ms = 0;
  int status = 0;
  std::optional<int> retry_after;
  std::optional<bool> should_retry;
  std::string code;  // rate_limit: error code, "rate_limit" or "lock_timeout"
  bool stored = false;
  bool effect = false;
  bool refuse = false;
  std::size_t bytes = 0;
  int copies = 2;
  std::int64_t used = 0;
  std::int64_t second = 0, spared = 0;  // the second that is counted, and its calls so far

  [[nodiscard]] Json to_json() const;
};

class FaultPlan {
 public:
  explicit FaultPlan(std::uint64_t seed) : random_(seed) {}

  /// Takes one fault or an array of them, all or none.
  /// errors  invalid_request naming the member, what was expected and what came
  [[nodiscard]] Result<Json> add(const Json& description, Timestamp now);
  /// Removes one fault, or all when `id` is 0. The number removed.
  std::size_t remove(std::uint64_t id);
  [[nodiscard]] Json list() const;

  /// The faults that hit this call: every latency and the first of the others. Each is counted.
  [[nodiscard]] std::vector<Fault> take_for_call(std::string_view method, std::string_view path,
                                                 Timestamp now);
  /// The faults that hit a webhook of this type. Each is counted.
  [[nodiscard]] std::vector<Fault> take_for_webhook(std::string_view type, Timestamp now);

 private:
  [[nodiscard]] bool hits(Fault& fault, Timestamp now);

  Random random_;
  std::uint64_t last_id_ = 0;
  std::vector<Fault> faults_;
};

/// `pattern` with `*` for any text against `text`; an empty pattern matches everything.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace sequent::sandbox
