#pragma once
// What a workload costs the database's server: processor time, where it is on this machine, and log.
#include <cstdint>
#include <memory>
#include <string>

#include "persistence/postgres/address.hpp"
#include "persistence/postgres/connection.hpp"

namespace sequent::bench {

/// threads  one
class DatabaseLoad {
 public:
  /// store  postgresql://…; of any other nothing is known
  explicit DatabaseLoad(const std::string& store);
  ~DatabaseLoad();
  DatabaseLoad(const DatabaseLoad&) = delete;
  DatabaseLoad& operator=(const DatabaseLoad&) = delete;

  /// Of all its processes, those that have ended included; 0 when they are not seen here.
  [[nodiscard]] double cpu_seconds() const;
  /// Written to its log (WAL) so far, by everybody; 0 when it is not known.
  [[nodiscard]] std::int64_t log_bytes() const;

 private:
  std::unique_ptr<persistence::postgres::Address> address_;  // which the connection refers to
  std::unique_ptr<persistence::postgres::Connection> connection_;
  int server_ = 0;  // process number of the postmaster
};

}  // namespace sequent::bench
