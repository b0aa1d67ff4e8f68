#pragma once
// Deleting what nobody needs any more, in small steps, so that a store does not grow for ever.
#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace sequent::runtime {

/// Runs of one workflow that may go.
struct Outdated {
  std::string workflow_namespace, name;
  Timestamp before = 0;             // ended before that
  std::optional<InstanceId> after;  // where the last step ended
};

struct Deleted {
  std::size_t runs = 0;
  std::optional<InstanceId> next;  // the `after` of the next step; none: there are no more
};

/// threads  blocking; any. Nodes that delete at once leave each other's runs alone
/// errors   StoreFailure
class Retention {
 public:
  virtual ~Retention() = default;
  /// Deletes ended runs, oldest first, at most `limit`, each with everything that is its own: journal,
  /// keys, attributes, mail. A child stays as long as its parent goes on.
  [[nodiscard]] virtual Deleted delete_ended(const Outdated& outdated, std::size_t limit) = 0;
  /// Deletes events that were received before that and wait for nobody: no run, no start, no sink.
  /// Their sources could deliver them again as new ones. Returns how many.
  [[nodiscard]] virtual std::size_t delete_events(Timestamp before, std::size_t limit) = 0;
  /// Deletes what is left of versions that were deleted a day ago or earlier, once no run of their
  /// workflow is left that may have been of them. Returns how many.
  virtual std::size_t delete_definitions(Timestamp now) = 0;
};

}  // namespace sequent::runtime
