#include "engine/upkeep/journal_check.hpp"

#include "engine/machine/codec.hpp"
#include "engine/runtime/batch.hpp"
#include "engine/runtime/fold.hpp"

namespace sequent::upkeep {

using runtime::InstanceRow;
using runtime::RunQueries;
using runtime::RunSummary;
using runtime::Store;
using runtime::StoredInstance;

namespace {

constexpr std::size_t page_rows = 1'000, page_runs = 500, most_wrong = 100;
constexpr int most_tries = 10;  // a run that goes on meanwhile is read again

struct Read {
  RunSummary summary;
  std::optional<StoredInstance> stored;
  std::vector<std::string> records;
};

std::vector<std::string> whole_journal(RunQueries& runs, const InstanceId& id) {
  std::vector<std::string> records;
  std::uint64_t after = 0;
  while (true) {
    auto page = runs.journal(id, after, page_rows);
    if (page.empty()) return records;
    const auto last = machine::decode(page.back());
    for (auto& text : page) records.push_back(std::move(text));
    // Unreadable: the fold finds it and says so.
    if (!last || last->empty() || last->back().seq <= after) return records;
    after = last->back().seq;
  }
}

// Of one moment: its row has not changed between the first look and the last.
std::optional<Read> read_run(Store& store, RunQueries& runs, const InstanceId& id) {
  for (int i = 0; i < most_tries; ++i) {
    auto first = runs.find(id);
    if (!first) return std::nullopt;
    Read read{*std::move(first), store.load(id), whole_journal(runs, id)};
    const auto last = runs.find(id);
    if (last && last->row.updated_at == read.summary.row.updated_at &&
        last->row.completed_tasks == read.summary.row.completed_tasks &&
        whole_journal(runs, id).size() == read.records.size())
      return read;
  }
  return std::nullopt;
}

std::string differing_column(const InstanceRow& stored, const InstanceRow& folded) {
  const auto text = [](const char* name, const std::string& is, const std::string& should) {
    return is == should ? "" : std::string{name} + " is `" + is + "`, not `" + should + "`; ";
  };
  const auto number = [&](const char* name, std::int64_t is, std::int64_t should) {
    return text(name, std::to_string(is), std::to_string(should));
  };
  return text("status", stored.status, folded.status) + text("task", stored.task, folded.task) +
         text("waiting kind", stored.waiting_kind, folded.waiting_kind) +
         text("error type", stored.error_type, folded.error_type) +
         number("wake at", stored.wake_at, folded.wake_at) +
         number("updated at", stored.updated_at, folded.updated_at) +
         number("ended at", stored.ended_at, folded.ended_at) +
         number("completed tasks", stored.completed_tasks, folded.completed_tasks);
}

// Earlier builds counted every attempt in the row, and none as uncounted in a snapshot: what they
// wrote lies between the two counts.
std::string differing_attempts(const InstanceRow& stored, const machine::State& folded) {
  if (stored.attempts >= folded.counted_attempts() && stored.attempts <= folded.attempts) return {};
  return "attempts is `" + std::to_string(stored.attempts) + "`, not `" +
         std::to_string(folded.counted_attempts()) + "`; ";
}

}  // namespace

std::string check_journal(Store& store, RunQueries& runs, const ProgramsByDigest& programs,
                          const InstanceId& id) {
  const auto read = read_run(store, runs, id);
  if (!read) return "the run is gone, or changes faster than it can be read";
  if (!read->stored) return "it is listed, and cannot be loaded";
  const auto whole = runtime::fold({.snapshot = {}, .records = read->records, .messages = {}});
  if (!whole) return whole.error().detail;
  if (whole->state.seq == 0) return "its journal is empty";
  auto tail = runtime::fold(*read->stored);
  if (!tail) return "from its snapshot: " + tail.error().detail;
  if (tail->state.uncounted < whole->state.uncounted)
    tail->state.uncounted = whole->state.uncounted;
  if (machine::encode_state(tail->state) != machine::encode_state(whole->state))
    return "its snapshot of record " + std::to_string(tail->snapshot_seq) +
           " and what follows give another state than its journal from the first record";
  const auto program = programs.find(read->summary.digest);
  if (program == programs.end()) return "its definition " + read->summary.digest + " is gone";
  return differing_column(read->summary.row, runtime::row_of(*program->second, whole->state)) +
         differing_attempts(read->summary.row, whole->state);
}

Result<JournalReport> check_journals(Store& store, RunQueries& runs,
                                     const ProgramsByDigest& programs) {
  JournalReport report;
  std::string cursor;
  do {
    auto page = runs.list({}, cursor, page_runs);
    if (!page) return std::unexpected(page.error());
    for (const auto& run : page->runs) {
      ++report.runs;
      auto what = check_journal(store, runs, programs, run.id);
      if (!what.empty() && report.wrong.size() < most_wrong)
        report.wrong.emplace_back(run.id, std::move(what));
    }
    cursor = page->cursor;
  } while (!cursor.empty());
  return report;
}

}  // namespace sequent::upkeep
