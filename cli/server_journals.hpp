#pragma once
// The journals of a server, over its API: whatever its store, and while it runs. Sensitive data is
// hidden in them.
#include "cli/session.hpp"
#include "reconciliation/ports.hpp"

namespace sequent::cli {

class ServerJournals final : public reconciliation::Journals {
 public:
  explicit ServerJournals(const Session& session) : session_(session) {}

  /// errors  transport: no server, or its problem in its words
  [[nodiscard]] Result<Page> runs(Timestamp since, const std::string& cursor) override;
  /// errors  the same
  [[nodiscard]] Result<bool> read(const std::string& run,
                                  const std::function<void(const Json&)>& take) override;

 private:
  const Session& session_;
};

}  // namespace sequent::cli
