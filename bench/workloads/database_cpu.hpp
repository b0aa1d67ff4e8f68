#pragma once
// Processor time of the database's server, when it is on this machine.
#include <string>

namespace sequent::bench {

class DatabaseCpu {
 public:
  /// store  postgresql://…; of any other, and of a server whose processes are not seen here, nothing
  ///        is known
  explicit DatabaseCpu(const std::string& store);

  [[nodiscard]] bool known() const { return server_ > 0; }
  /// Of all its processes, those that have ended included; 0 when it is not known.
  [[nodiscard]] double seconds() const;

 private:
  int server_ = 0;  // the process whose children the others are
};

}  // namespace sequent::bench
