#pragma once
// What a reconciliation reads: journals, and the provider's objects. Both change nothing.
// threads  blocking
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "engine/machine/problem.hpp"

namespace sequent::reconciliation {

class Journals {
 public:
  virtual ~Journals() = default;
  struct Page {
    std::vector<std::string> runs;
    std::string cursor;  // "" on the last page
  };
  /// Runs of whatever status to which something happened since then.
  [[nodiscard]] virtual Result<Page> runs(Timestamp since, const std::string& cursor) = 0;
  /// Hands over the run's records in order, read in pages. False: there is no such run.
  /// shape  GET /api/v1/runs/{id}/journal
  [[nodiscard]] virtual Result<bool> read(const std::string& run,
                                          const std::function<void(const Json&)>& take) = 0;
};

class Objects {
 public:
  virtual ~Objects() = default;
  /// GET of a list or an object, tried again while that may help.
  [[nodiscard]] virtual std::expected<Json, machine::Failure> get(const std::string& path,
                                                                  const Json& parameters,
                                                                  const std::string& account) = 0;
};

}  // namespace sequent::reconciliation
