#pragma once
// Stripe's idempotency keys: what was answered first is what every repeat gets, for 24 hours.
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "base/time.hpp"
#include "net/http_message.hpp"

namespace sequent::sandbox::stripe {

struct StoredAnswer {
  int status = 200;
  std::string body;
  std::string request_id;
};

class IdempotencyTable {
 public:
  struct Fresh {};     // never seen, or forgotten: execute
  struct Mismatch {};  // same key, other call or other parameters: 400
  struct InFlight {};  // the first request with this key has not been answered yet: 409
  using Lookup = std::variant<Fresh, Mismatch, InFlight, StoredAnswer>;

  /// `fingerprint` names endpoint and parameters, whatever their order.
  [[nodiscard]] Lookup find(const std::string& account, const std::string& key,
                            const std::string& fingerprint, Timestamp now);
  /// Until `answered_at` the key counts as in flight.
  void store(const std::string& account, const std::string& key, const std::string& fingerprint,
             StoredAnswer answer, Timestamp now, Timestamp answered_at);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string fingerprint;
    StoredAnswer answer;
    Timestamp stored_at = 0;
    Timestamp answered_at = 0;
  };
  std::map<std::pair<std::string, std::string>, Entry> entries_;
};

}  // namespace sequent::sandbox::stripe
