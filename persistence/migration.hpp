#pragma once
// Migrations as the build embeds them (embed_sql.cmake): forward only, one transaction each.
#include <string_view>
#include <vector>

namespace sequent::persistence {

struct Migration {
  int number = 0;  // from 1, without gaps; the store remembers the last one applied
  /// The oldest migration that a program must know to work with the schema after this one: a line
  /// `-- needs: N` of a script that only adds. Itself where the script says nothing.
  int needs = 0;
  std::string_view name;
  std::string_view sql;
};

[[nodiscard]] std::vector<Migration> sqlite_migrations();
[[nodiscard]] std::vector<Migration> postgres_migrations();

}  // namespace sequent::persistence
