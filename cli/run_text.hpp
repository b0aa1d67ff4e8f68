#pragma once
// Parts of a run as the API gives it, as people read them.
#include <string>

#include "base/json.hpp"
#include "base/time.hpp"

namespace sequent::cli {

/// "billing/refund:1.2.0" of {namespace, name, version}.
[[nodiscard]] std::string workflow_text(const Json& workflow);
/// "parked on stripe since 14:02" from `waitingFor`; "" when it waits for nothing.
[[nodiscard]] std::string waiting_text(const Json& waiting, Timestamp now);
/// "3 h old, stripe forgets it in 21 h" of the idempotency key of the call that `waitingFor` is about;
/// "" when that is no matter.
[[nodiscard]] std::string key_text(const Json& waiting, Timestamp now);
/// "2 h 10 min" since an RFC 3339 time; "" when it is none.
[[nodiscard]] std::string age_text(const Json& time, Timestamp now);
/// "2026-11-21 08:15:30Z"
[[nodiscard]] std::string time_text(const Json& time);
/// "Type: detail" of a problem.
[[nodiscard]] std::string problem_text(const Json& problem);
/// Below /api/v1/runs/, for one run.
[[nodiscard]] std::string run_path(const std::string& run, const std::string& rest = "");

}  // namespace sequent::cli
