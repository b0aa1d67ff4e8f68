#pragma once
// The records of a run from a server, page by page.
#include <expected>
#include <string>

#include "cli/client.hpp"

namespace sequent::cli {

struct JournalRead {
  Json records = Json::array();
  std::string more_after;  // the last record that was read, when there are more; "" = these are all
};

/// At most `limit` records after number `from`.
[[nodiscard]] std::expected<JournalRead, Refusal> read_journal(const Session& session,
                                                               const std::string& run,
                                                               std::uint64_t from, int limit);

}  // namespace sequent::cli
