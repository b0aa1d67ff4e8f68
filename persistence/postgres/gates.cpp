#include "persistence/postgres/gates.hpp"

#include <algorithm>

namespace sequent::persistence::postgres {
namespace {

constexpr std::string_view pass_gates = R"sql(
  SELECT CASE g.alone WHEN 1 THEN pg_advisory_xact_lock(?1::int, g.slot::int)::text
                      ELSE pg_advisory_xact_lock_shared(?1::int, g.slot::int)::text END
  FROM unnest(?2::bigint[], ?3::bigint[]) AS g (slot, alone)
)sql";

// The same on every node and in every release (FNV-1a).
std::uint32_t hash_of(std::string_view text, std::uint32_t hash = 2166136261U) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

}  // namespace

// Of one filter: hash h        subscribe together(h)   route alone(h)
//                any hash ("") subscribe alone("")     route together("")
// so a subscription excludes the events that it may take, and events of other hashes go on.
void Gates::subscribe(std::string_view filter_key, std::string_view correlation_hash) {
  if (filter_key == "*") return want("all", "", "", Mode::alone);
  want("filter", filter_key, correlation_hash,
       correlation_hash.empty() ? Mode::alone : Mode::together);
}

void Gates::route(std::string_view filter_key, std::string_view correlation_hash) {
  want("filter", filter_key, "", Mode::together);
  if (!correlation_hash.empty()) want("filter", filter_key, correlation_hash, Mode::alone);
}

void Gates::route_any() {
  want("all", "", "", Mode::together);
  want("definitions", "", "", Mode::together);
}

void Gates::deploy() {
  want("definitions", "", "", Mode::alone);
}

void Gates::collect(std::string_view collection) {
  want("collect", collection, "", Mode::alone);
}

void Gates::want(std::string_view kind, std::string_view a, std::string_view b, Mode mode) {
  const std::uint32_t hash = hash_of(b, hash_of("\n", hash_of(a, hash_of("\n", hash_of(kind)))));
  Mode& slot = wanted_[hash % slots];
  slot = std::max(slot, mode);
  any_ = true;
}

void Gates::pass(Connection& connection, std::string_view space) const {
  if (!any_) return;
  Integers numbers, alone;
  for (std::size_t i = 0; i < slots; ++i) {
    if (wanted_[i] == Mode::none) continue;
    numbers.add(static_cast<std::int64_t>(i));
    alone.add(wanted_[i] == Mode::alone ? 1 : 0);
  }
  const auto key = static_cast<std::int32_t>(hash_of(space));
  connection.queue(pass_gates, std::int64_t{key}, numbers, alone);
}

}  // namespace sequent::persistence::postgres
