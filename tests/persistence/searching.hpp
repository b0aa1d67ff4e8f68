#pragma once
// Searches by words, and runs that they may find.
#include <catch2/catch.hpp>

#include "engine/runtime/where.hpp"
#include "tests/persistence/store_under_test.hpp"

namespace sequent::test {

inline runtime::RunFilter where(const std::string& text) {
  runtime::RunFilter filter;
  const auto read = runtime::read_where(text, noon, filter);
  if (!read) FAIL(read.error().detail);
  return filter;
}

inline runtime::InstanceChange faulted(const std::string& key, const std::string& error, int status,
                                       Timestamp deadline = 0) {
  runtime::InstanceChange start = start_of(new_id(), key);
  start.row.status = "faulted";
  start.row.error_type = error;
  start.row.error_status = status;
  start.row.deadline = deadline;
  return start;
}

}  // namespace sequent::test
