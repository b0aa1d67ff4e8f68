#pragma once
// Numbers of workflows and versions, as instance rows name them. Kept in memory: every start asks.
#include <cstdint>
#include <string>
#include <unordered_map>

#include "engine/runtime/store.hpp"
#include "persistence/sqlite/statement.hpp"

namespace sequent::persistence {

class WorkflowNumbers {
 public:
  struct Numbers {
    std::int64_t workflow = 0, version = 0;
  };
  /// Inserts what is new, inside the caller's transaction.
  [[nodiscard]] Numbers of(Connection& connection, const runtime::NewInstance& start);
  /// The transaction that may have inserted some was rolled back.
  void forget() { known_.clear(); }

 private:
  std::unordered_map<std::string, Numbers> known_;
};

}  // namespace sequent::persistence
