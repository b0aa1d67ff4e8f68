#pragma once
// Where a PostgreSQL store is: libpq's own connection string, TLS and several hosts included, and the
// schema.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"

namespace sequent::persistence::postgres {

struct Address {
  std::vector<std::pair<std::string, std::string>> options;  // libpq's keywords
  std::string schema = "sequent";
  std::string spelled;             // without its password, for messages
  DurationMs timeout_ms = 15'000;  // of one round trip

  /// `postgresql://user@host:5432/database?sslmode=verify-full&schema=sequent`. All parameters but
  /// `schema` are libpq's. `node` is what the server shows as the application's name.
  /// errors  invalid_request: no such URL
  [[nodiscard]] static Result<Address> parse(const std::string& url, const std::string& node);
};

/// Whether `text` can name a schema without quotes: a-z, 0-9 and _, not beginning with a digit.
[[nodiscard]] bool is_plain_name(std::string_view text);

}  // namespace sequent::persistence::postgres
