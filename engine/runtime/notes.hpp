#pragma once
// What nodes tell each other, and how it is written: small JSON objects, each no longer than a note may
// be. A kind that this release does not know is passed over.
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/runtime/engine.hpp"

namespace sequent::runtime {

/// Messages for these runs are in the store.
struct MailNote {
  std::vector<InstanceId> runs;
};
/// `from` has callers that wait for these runs.
struct WaitNote {
  struct Wanted {
    InstanceId run;
    Until until = Until::ended;
    DurationMs patience_ms = 0;
  };
  std::string from;
  std::vector<Wanted> wanted;
};
/// What somebody waited for has come about: the store has it.
struct SettledNote {
  std::vector<InstanceId> runs;
};
/// `from` has readers of these runs' notices, of whichever runs take these requests, or of all.
struct WatchNote {
  std::string from;
  bool all = false;
  std::vector<InstanceId> runs;
  std::vector<std::string> requests;
};
struct NoticeNote {
  std::vector<RunNotice> notices;
  bool lost = false;  // there were more
};
struct FreedNote {};     // partitions are free, or there is a node to share them with
struct DeployedNote {};  // definitions are new
struct ParcelNote {};    // Exchange::collect() has something

using NodeNote = std::variant<MailNote, WaitNote, SettledNote, WatchNote, NoticeNote, FreedNote,
                              DeployedNote, ParcelNote>;

/// As many notes as it takes.
[[nodiscard]] std::vector<std::string> encode(const NodeNote& note);
[[nodiscard]] std::optional<NodeNote> decode_note(const std::string& text);

}  // namespace sequent::runtime
