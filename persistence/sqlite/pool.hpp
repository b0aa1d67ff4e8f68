#pragma once
// Read-only connections, lent out one thread at a time.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "persistence/sqlite/statement.hpp"

namespace sequent::persistence {

class ReadPool {
 public:
  ReadPool(const std::string& path, int connections);

  class Lent {
   public:
    Lent(ReadPool& pool, Connection* connection) : pool_(pool), connection_(connection) {}
    Lent(const Lent&) = delete;
    Lent& operator=(const Lent&) = delete;
    ~Lent() { pool_.give_back(connection_); }
    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_; }

   private:
    ReadPool& pool_;
    Connection* connection_;
  };
  /// Waits for a free connection.
  [[nodiscard]] Lent borrow();
  /// Statements begun so far, of all connections.
  [[nodiscard]] std::uint64_t statements() const;

 private:
  void give_back(Connection* connection);

  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> free_;
};

}  // namespace sequent::persistence
