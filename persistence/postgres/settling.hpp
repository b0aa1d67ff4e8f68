#pragma once
// Events whose settling rides with the next transaction, whatever that is about.
#include <cstdint>
#include <mutex>
#include <vector>

#include "persistence/postgres/connection.hpp"

namespace sequent::persistence::postgres {

/// threads  any
class Unsettled {
 public:
  void add(std::int64_t event_id);
  [[nodiscard]] std::vector<std::int64_t> take();
  void give_back(const std::vector<std::int64_t>& ids);

 private:
  std::mutex mutex_;
  std::vector<std::int64_t> ids_;
};

/// What one transaction settles; it goes back to the list unless that is committed.
class Settling {
 public:
  explicit Settling(Unsettled& unsettled) : unsettled_(unsettled), ids_(unsettled.take()) {}
  Settling(const Settling&) = delete;
  Settling& operator=(const Settling&) = delete;
  ~Settling() { unsettled_.give_back(ids_); }
  void queue(Connection& connection) const;
  [[nodiscard]] bool any() const { return !ids_.empty(); }
  void done() { ids_.clear(); }

 private:
  Unsettled& unsettled_;
  std::vector<std::int64_t> ids_;
};

}  // namespace sequent::persistence::postgres
