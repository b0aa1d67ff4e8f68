#pragma once
// One check of `doctor` each. None leaves anything behind.
#include <string>
#include <vector>

#include "cli/config.hpp"
#include "cli/session.hpp"

namespace sequent::cli {

enum class Verdict { good, warning, bad };

struct Check {
  std::string name;
  Verdict verdict = Verdict::good;
  std::string detail;
};

/// Opens the store as `serve` would (a store of an older release is migrated, as `serve` would). A
/// store that is not there is not made.
[[nodiscard]] Check check_data(const std::string& directory);
/// Connects to a PostgreSQL store and makes nothing.
[[nodiscard]] Check check_database(const std::string& url);
/// Folds the journal of every run in the store, whose nodes may go on meanwhile (on SQLite none may
/// run), and compares it with what is stored beside it. The first of those that differ, a check each.
[[nodiscard]] std::vector<Check> check_journals(const Config& config);
/// How many small synchronous writes the disk does in a second: the bound on commits.
[[nodiscard]] Check check_disk(const std::string& directory);
/// Whether the machine's clock is kept right; webhooks and leases lean on it.
[[nodiscard]] Check check_clock(runtime::Clock& clock);
[[nodiscard]] Check check_port(const Session& session, const std::string& listen);
/// Asks each configured provider for any answer at all.
[[nodiscard]] std::vector<Check> check_providers(const Config& config);
/// Asks each sink of the outbox whether it is there; sends no event.
[[nodiscard]] std::vector<Check> check_sinks(const Config& config);

}  // namespace sequent::cli
