#pragma once
// PgBouncer in transaction mode before a server of tests, on a free loopback port.
#include "tests/support/postgres_server.hpp"

namespace sequent::test {

class PgBouncer {
 public:
  /// With so many sessions of the server's. It may not listen yet when this returns.
  PgBouncer(const PostgresServer& server, int sessions);
  PgBouncer(const PgBouncer&) = delete;
  PgBouncer& operator=(const PgBouncer&) = delete;
  ~PgBouncer();

  [[nodiscard]] static bool installed();
  static constexpr const char* why_absent = "PgBouncer is absent: apt-get install pgbouncer";

  [[nodiscard]] std::string url() const;
  /// What it has said so far: each client that comes is a line with "login attempt".
  [[nodiscard]] std::string log() const;
  [[nodiscard]] std::size_t clients_so_far() const;

 private:
  std::string folder_;
  int port_;
  pid_t pid_ = -1;
};

}  // namespace sequent::test
