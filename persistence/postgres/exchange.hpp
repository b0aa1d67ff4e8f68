#pragma once
// How nodes talk through PostgreSQL: notes by NOTIFY, parcels as rows of an unlogged table.
//
// All nodes of a schema listen on one channel. A pooler that changes sessions hides what comes there:
// then a node is told once a second that it may have missed something.
#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "engine/runtime/exchange.hpp"
#include "persistence/postgres/pool.hpp"

namespace sequent::persistence::postgres {

class PostgresExchange final : public runtime::Exchange {
 public:
  /// `pool`: a place for tell(), post() and collect()
  PostgresExchange(const Address& address, Pool& pool);
  PostgresExchange(const PostgresExchange&) = delete;
  PostgresExchange& operator=(const PostgresExchange&) = delete;
  ~PostgresExchange() override;

  void tell(std::span<const runtime::Note> notes) override;
  void listen(const std::string& node, std::function<void(std::string)> heard) override;
  void post(std::span<const runtime::Parcel> parcels) override;
  [[nodiscard]] std::vector<runtime::Parcel> collect(const std::string& node,
                                                     std::span<const PartitionId> partitions,
                                                     std::size_t limit) override;

 private:
  void run(const std::string& node, const std::function<void(std::string)>& heard);
  void look_instead(const std::function<void(std::string)>& heard);
  void hear(PGconn* connection, const std::string& node,
            const std::function<void(std::string)>& heard);
  [[nodiscard]] bool wait(int socket, int timeout_ms);
  void stop();

  const Address& address_;
  Pool& pool_;
  const std::string channel_;
  int wake_ = -1;  // an eventfd that ends the thread's waiting
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace sequent::persistence::postgres
