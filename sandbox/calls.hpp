#pragma once
// What came in: how often each call and each idempotency key was seen, with which answers, and
// which effects were made twice. Tests and people read it to prove that nothing was charged twice.
#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace sequent::sandbox {

struct CallSeen {
  std::string method;
  std::string route;    // the pattern: "/v1/customers/{id}"
  std::string account;  // empty: the platform, or a provider without accounts
  std::string idempotency_key;
  int status = 0;        // what the answer says, even when the answer was lost
  bool answered = true;  // false: reset or left hanging
  bool replayed = false;
};

class CallLog {
 public:
  void saw(const CallSeen& call);
  /// `fingerprint` names what was asked for: two effects with one fingerprint are a duplicate.
  void made(const std::string& fingerprint, const std::string& kind, const std::string& id,
            const std::string& idempotency_key);

  /// shape  {total, calls: [{method, route, count, unanswered, statuses}],
  ///        idempotencyKeys: [{key, account, routes, count, replayed, statuses, effects}],
  ///        effects: {kind: count}, duplicateEffects: [{kind, objects: [{id, idempotencyKey}]}]}
  [[nodiscard]] Json to_json() const;

 private:
  struct Counter {
    std::int64_t count = 0;
    std::int64_t unanswered = 0;
    std::int64_t replayed = 0;
    std::map<std::string, std::int64_t> statuses;
    std::map<std::string, std::int64_t> routes;
    std::vector<std::string> effects;
  };
  struct Effect {
    std::string kind;
    std::string id;
    std::string idempotency_key;
  };

  std::int64_t total_ = 0;
  std::map<std::pair<std::string, std::string>, Counter> by_route_;  // route, method
  std::map<std::pair<std::string, std::string>, Counter> by_key_;    // key, account
  std::map<std::string, std::int64_t> by_kind_;
  std::map<std::string, std::vector<Effect>> by_fingerprint_;
  std::map<std::string, std::vector<std::string>> effects_by_key_;
};

}  // namespace sequent::sandbox
