#pragma once
// The parked calls of a batch as columns, see batch_rows.hpp.
#include "engine/runtime/store.hpp"
#include "persistence/postgres/connection.hpp"

namespace sequent::persistence::postgres {

class ParkedRows {
 public:
  void add(const runtime::InstanceChange& change);
  void write(Connection& connection) const;

 private:
  Ids changed_, id_;
  Integers frame_, partition_, deadline_, parked_at_;
  Texts circuit_;
};

}  // namespace sequent::persistence::postgres
