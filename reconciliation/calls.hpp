#pragma once
// A run's records, as the API shows them -> the calls to Stripe that they tell of.
#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"

namespace sequent::reconciliation {

/// One intent, whatever number of attempts it took: they share their idempotency key.
struct RecordedCall {
  std::string activity, task;
  std::string key;  // without the mark of a revision
  Json input;
  Timestamp sent_at = 0;      // the last attempt began
  Timestamp returned_at = 0;  // 0 = no result
  std::string object;         // `id` of the result
  Json result;                // members of it that name what Stripe made besides
  bool by_operator = false;   // the result was given by hand
  bool failed = false;        // the last attempt has failed
  bool may_exist = false;     // …and its effect may have happened, now or before
  bool parked = false;
  bool given_up = false;   // the run ended, or went on elsewhere, without a result
  Timestamp retry_at = 0;  // 0 = no further try is planned
};

/// Takes the records of one run in order.
/// shape  GET /api/v1/runs/{id}/journal
class CallReader {
 public:
  void take(const Json& record);
  [[nodiscard]] const std::vector<RecordedCall>& calls() const { return calls_; }

 private:
  void scheduled(const Json& record);
  void give_up_open();

  std::vector<RecordedCall> calls_;
  std::map<std::string, std::size_t> by_key_;
  std::map<std::uint64_t, std::size_t> by_frame_;
};

}  // namespace sequent::reconciliation
