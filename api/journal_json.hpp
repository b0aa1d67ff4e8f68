#pragma once
// Records as the journal stores them -> records as the API shows them, page by page: with the names
// of tasks, activities and event types in the place of numbers.
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <vector>

#include "api/redact.hpp"
#include "base/ids.hpp"
#include "engine/runtime/queries.hpp"

namespace sequent::api {

/// Which frame is which task, up to a record. Most records name a frame; which task that is was said
/// when the frame began, maybe pages ago.
struct JournalPlace {
  std::uint64_t seq = 0;
  std::vector<definition::NodeIndex> tasks;  // by frame; no_node where none began
  std::string digest;  // of the version that numbers them; "" = the run's only one
};

/// Where readers of journals stopped, so that their next page need not begin at the first record. A
/// journal only grows, so what is remembered stays true; what is forgotten is read again.
/// threads  any
class JournalPlaces {
 public:
  /// The last place known of the run that is not behind `after`; the beginning when there is none.
  [[nodiscard]] JournalPlace before(const InstanceId& id, std::uint64_t after);
  void keep(const InstanceId& id, JournalPlace place);

 private:
  struct Kept {
    InstanceId id;
    JournalPlace place;
  };
  std::mutex mutex_;
  std::list<Kept> kept_;  // last used first
};

/// Versions by digest: a run that has moved has records of several. Null = it is not known.
using FindProgram = std::function<definition::ProgramPtr(const std::string& digest)>;

class JournalReader {
 public:
  JournalReader(const definition::Program& program, JournalPlace place, FindProgram find = {});

  void note(const Json& record);                // one that is not shown
  [[nodiscard]] Json show(const Json& record);  // with `task`, times as text, redacted
  [[nodiscard]] const JournalPlace& place() const { return place_; }

 private:
  void go_on_under(const std::string& digest);
  void renumber(const Json& nodes);
  [[nodiscard]] Json redacted(const Json& value) const;

  const definition::Program& last_;     // the version that the run is under now
  const definition::Program* program_;  // …that the record is of
  definition::ProgramPtr kept_;
  FindProgram find_;
  Redactor redact_;
  std::optional<Redactor> also_redact_;  // what the record's own version calls sensitive
  JournalPlace place_;
};

struct JournalPage {
  Json items = Json::array();
  std::uint64_t last = 0;
  bool more = false;
};
/// Records with seq > `after`, at most `limit`.
/// errors  internal: text that is no journal
[[nodiscard]] Result<JournalPage> read_journal(runtime::RunQueries& runs, JournalPlaces& places,
                                               const InstanceId& id,
                                               const definition::Program& program,
                                               std::uint64_t after, std::size_t limit,
                                               const FindProgram& find = {});

}  // namespace sequent::api
