#pragma once
// One serving process: every object of it, in the order in which they need each other.
#include <functional>
#include <memory>
#include <string>

#include "cli/config.hpp"

namespace sequent::cli {

/// What a node that has begun to serve says of itself.
struct Serving {
  std::string url;
  std::string data;
  std::size_t workflows = 0;
  std::int64_t runs = 0;  // not ended when it started
};

class Node {
 public:
  /// Opens the store and builds everything; nothing runs yet.
  /// errors  lease_held, conflict, unavailable: the store; invalid_request: an address or a credential
  [[nodiscard]] static Result<std::unique_ptr<Node>> open(std::shared_ptr<const Config> config,
                                                          runtime::Clock& clock);
  ~Node();

  /// Recovers, deploys the workflow files, serves until SIGTERM or SIGINT, then stops in order: no
  /// new work, connections drained, last batch committed, leases given back. A second signal ends the
  /// process at once.
  /// errors  what keeps it from serving; it has been stopped again then
  [[nodiscard]] Result<void> run(const std::function<void(const Serving&)>& began);

 private:
  struct Impl;
  explicit Node(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sequent::cli
