#pragma once
// records.*: typed collections that a workflow reads and writes in the transaction of its own
// checkpoint, exactly once. Every store runs them the same way; the catalog offers them as
// activities with `in_store`.
//
// shape  common arguments: {collection, key}. `unique: {name: value}` declares values that no other
//        record of the collection may hold; it replaces what the record declared before, and a null
//        value declares nothing. `ifVersion` and `ifMatch: {path: value}` make a write conditional.
//        A path is "status", "customer.id" or "/items/0".
//
//   records.get      {collection, key} -> {found, value, version}
//   records.put      {…, value, unique?, ifVersion?, ifMatch?} -> {created, value, version}
//   records.create   {…, value, unique?} -> {created, value, version}
//                    an equal value that is there already is a success with created: false
//   records.ensure   {…, value, unique?} -> {created, key, value, version}
//                    what is there under the key, else under a unique value, else the new record
//   records.update   {…, merge | value, unique?, ifVersion?, ifMatch?} -> {written, value, version}
//                    merge as in RFC 7396: null removes a member
//   records.upsertMonotonic  {…, value, rankPath, ranks, unique?} -> {written, value, version}
//                    writes when the rank of the new value is not below the stored one; of equal
//                    highest ranks the first stands
//   records.delete   {…, ifVersion?, ifMatch?} -> {deleted}
//   records.list     {collection, prefix?, after?, limit?} -> {items: [{key, value, version}], next}
//                    `next` is the `after` of the next page, null on the last one
//   records.increment {…, path, by?} -> {value, version}; an absent record or member counts from 0
//
// errors  conflict: exists, unique value taken, condition not met, path or number does not fit.
//         not_found: records.update without a record. invalid_request: arguments. too_large: a value
//         past max_record_bytes.
#include <cstddef>
#include <vector>

#include "engine/definition/activity_spec.hpp"

namespace sequent::runtime {

inline constexpr std::size_t max_record_bytes = 1 << 20;

/// Every records.* operation, for the catalog.
[[nodiscard]] std::vector<definition::ActivitySpec> record_activities();

}  // namespace sequent::runtime
