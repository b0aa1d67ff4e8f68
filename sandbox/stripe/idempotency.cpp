#include "sandbox/stripe/idempotency.hpp"

namespace sequent::sandbox::stripe {
namespace {
constexpr DurationMs kept_for_ms = 24LL * 3600 * 1000;
}

IdempotencyTable::Lookup IdempotencyTable::find(const std::string& account, const std::string& key,
                                                const std::string& fingerprint, Timestamp now) {
  const auto found = entries_.find({account, key});
  if (found == entries_.end()) return Fresh{};
  const Entry& entry = found->second;
  if (now - entry.stored_at >= kept_for_ms) {
    entries_.erase(found);
    return Fresh{};
  }
  if (now < entry.answered_at) return InFlight{};
  if (entry.fingerprint != fingerprint) return Mismatch{};
  return entry.answer;
}

void IdempotencyTable::store(const std::string& account, const std::string& key,
                             const std::string& fingerprint, StoredAnswer answer, Timestamp now,
                             Timestamp answered_at) {
  entries_[{account, key}] = {fingerprint, std::move(answer), now, answered_at};
}

}  // namespace sequent::sandbox::stripe
