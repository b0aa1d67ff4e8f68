#pragma once
// Migrations as the build embeds them (embed_sql.cmake): forward only, one transaction each.
#include <string_view>
#include <vector>

namespace sequent::persistence {

struct Migration {
  int number = 0;  // from 1, without gaps; the store remembers the last one applied
  std::string_view name;
  std::string_view sql;
};

[[nodiscard]] std::vector<Migration> sqlite_migrations();
[[nodiscard]] std::vector<Migration> postgres_migrations();

}  // namespace sequent::persistence
