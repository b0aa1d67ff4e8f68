#pragma once
// How far a batch is, in one line.
#include <string>

#include "base/json.hpp"
#include "base/time.hpp"

namespace sequent::cli {

/// Of one batch as the API tells it, seen again and again. Not for several batches.
class BatchProgress {
 public:
  /// "[#####-----]  52%  5200 of 10000  48.9/s  1 min 38 s left  12 faulted  3 parked"
  [[nodiscard]] std::string line(const Json& batch, Timestamp now);

 private:
  std::int64_t begun_with_ = -1;
  Timestamp begun_at_ = 0;
};

/// "5 succeeded, 2 faulted, 1 refused" of a batch's items; "no runs" for none.
[[nodiscard]] std::string outcome_text(const Json& items);
/// Of its items, those that nothing will change any more.
[[nodiscard]] std::int64_t settled_of(const Json& items);

}  // namespace sequent::cli
