#pragma once
// The definitions that a recorded run was under.
#include <map>
#include <string>
#include <vector>

#include "cli/client.hpp"
#include "engine/replay/replay.hpp"

namespace sequent::cli {

/// Finds them among `files`, then, if it may, on the server, which keeps those that are deleted as long
/// as it keeps their runs.
class RecordedVersions {
 public:
  RecordedVersions(const Session& session, bool ask_server)
      : session_(session), ask_server_(ask_server) {}

  /// errors  invalid_definition: a file with mistakes
  [[nodiscard]] Result<void> read(const std::vector<std::string>& files);
  /// errors  not_found, transport, invalid_definition (this build refuses what is stored); each says
  ///         what to do
  [[nodiscard]] Result<definition::ProgramPtr> find(const replay::Version& version);

 private:
  [[nodiscard]] Result<definition::ProgramPtr> fetch(const replay::Version& version) const;

  const Session& session_;
  bool ask_server_;
  std::map<std::string, definition::ProgramPtr> by_digest_;
};

}  // namespace sequent::cli
