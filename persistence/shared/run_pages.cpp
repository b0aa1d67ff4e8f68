#include "persistence/shared/run_pages.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sequent::persistence::shared {

using runtime::NewestCounts;
using runtime::RunPage;
using runtime::RunSummary;

namespace {

// What a page's cursor goes on with: everything that fits; runs whose id or key begins like the text;
// or, once those are all shown, the runs whose key has it elsewhere.
constexpr const char *plain = "c1.", *beginnings = "b1.", *elsewhere = "e1.";
constexpr std::size_t growth = 4;

struct Cursor {
  std::string kind;  // "" on the first page
  Stretch stretch;
};

std::string cursor_after(const std::string& kind, const InstanceId& id) {
  return kind + id.text();
}

Result<Cursor> read_cursor(const std::string& cursor) {
  if (cursor.empty()) return Cursor{};
  for (const char* kind : {plain, beginnings, elsewhere}) {
    if (!cursor.starts_with(kind)) continue;
    if (const auto id = InstanceId::parse(std::string_view{cursor}.substr(3)))
      return Cursor{kind, Stretch{.before = *id, .floor = std::nullopt}};
  }
  return fail(ErrorCode::invalid_request,
              "Expected the cursor of an earlier page, got \"" + cursor.substr(0, 80) +
                  "\"; pass it on unchanged, or leave it out for the first page.");
}

InstanceId last_id() {
  InstanceId id;
  id.bytes.fill(0xFF);
  return id;
}

Stretch earlier(Stretch stretch, const std::optional<InstanceId>& newest) {
  if (newest && (!stretch.before || *newest < *stretch.before)) stretch.before = newest;
  return stretch;
}

void append(std::vector<RunSummary>& to, std::vector<RunSummary> from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

// Newest first, each once: one whose status changed between two reads may turn up in both.
void settle(std::vector<RunSummary>& runs) {
  std::sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) { return a.id > b.id; });
  const auto same = [](const auto& a, const auto& b) { return a.id == b.id; };
  runs.erase(std::unique(runs.begin(), runs.end(), same), runs.end());
}

Timestamp time_of(const InstanceId& id) {
  Timestamp at = 0;
  for (std::size_t i = 0; i < 6; ++i) at = (at << 8) | id.bytes[i];
  return at;
}

}  // namespace

// What is asked of each run costs too: an attribute as much as finding the run, a pattern half of it.
std::size_t RunSearch::budget_of(const Choice& choice) const {
  if (filter_.stuck) return bounds_.picked / 2;  // four tables are asked about each
  if (choice.way.from != any_way().from) return bounds_.picked;
  bool attribute = false, pattern = !filter_.text.empty();
  for (const auto& term : filter_.terms) {
    attribute = attribute || term.field == runtime::RunTerm::Field::attribute;
    pattern = pattern || term.compare == runtime::RunTerm::Compare::like ||
              term.compare == runtime::RunTerm::Compare::not_like;
  }
  if (attribute) return bounds_.picked;
  return pattern ? (bounds_.picked + bounds_.scanned) / 4 : bounds_.scanned;
}

RunSearch::Choice RunSearch::choose(const std::optional<std::string>& status,
                                    const Stretch& stretch) {
  Choice best{any_way(), false};
  auto shortest = static_cast<std::int64_t>(bounds_.picked) + 1;
  bool ordered = false;
  for (Way& way : ways_to(dialect_, filter_, status)) {
    const auto length = reader_.number(length_of(way, stretch, static_cast<std::size_t>(shortest)));
    if (length < shortest) {
      shortest = length;
      best = {std::move(way), true};
    } else if (!best.is_short && !ordered && way.ordered) {
      ordered = true;  // too long to be looked through, and still a part of the whole
      best = {std::move(way), false};
    }
    if (best.is_short && shortest <= static_cast<std::int64_t>(bounds_.first)) break;
  }
  return best;
}

// One part, when some index leads to few runs. Otherwise one for each status: "status IN (…)" in one
// statement would have to read and sort every match.
std::vector<RunSearch::Part> RunSearch::parts(const Stretch& stretch) {
  std::vector<Part> found;
  const auto& asked = filter_.statuses;
  if (asked.size() == 1) return {{asked.front(), choose(asked.front(), stretch)}};
  found.push_back({std::nullopt, choose(std::nullopt, stretch)});
  const bool has_way = found.front().choice.is_short ||
                       (asked.empty() && found.front().choice.way.from != any_way().from);
  const auto statuses = asked.empty() ? implied_statuses(filter_) : asked;
  if (has_way || statuses.empty()) return found;
  found.clear();
  for (const auto& status : statuses) {
    const bool again = std::ranges::any_of(
        found, [&](const Part& part) { return part.status == std::optional{status}; });
    if (!again) found.push_back({status, choose(status, stretch)});
  }
  return found;
}

RunSearch::Found RunSearch::look(const Part& part, const RunCondition& condition, Stretch stretch,
                                 std::size_t wanted, std::size_t parts) {
  Found found;
  const Way& way = part.choice.way;
  const bool every = way.from == any_way().from;
  if (!way.ordered) {
    found.runs = reader_.runs(runs_on(condition, &way, stretch, wanted));
    return found;
  }
  std::size_t left =
      std::max(budget_of(part.choice) / (part.choice.is_short ? 1 : parts), std::size_t{1});
  for (std::size_t stride = bounds_.first; found.runs.size() < wanted; stride *= growth) {
    stride = std::min(stride, left);
    // The floor comes first: what enters or leaves the way meanwhile moves no run out of sight.
    stretch.floor = reader_.id(id_at(way, stretch, stride));
    const auto missing = wanted - found.runs.size();
    append(found.runs, reader_.runs(runs_on(condition, every ? nullptr : &way, stretch, missing)));
    if (!stretch.floor) return found;
    stretch.before = stretch.floor;
    stretch.floor.reset();
    left -= stride;
    if (left > 0) continue;
    if (found.runs.size() < wanted) found.floor = stretch.before;
    return found;
  }
  return found;
}

RunPage RunSearch::newest(const Stretch& stretch, std::size_t limit) {
  const auto rest = earlier(stretch, newest_that_fits(filter_));
  const auto all = parts(rest);
  RunPage page;
  std::optional<InstanceId> floor;
  for (const Part& part : all) {
    const RunCondition condition{dialect_, filter_, part.status, Said::to_check};
    Found found = look(part, condition, rest, limit + 1, all.size());
    append(page.runs, std::move(found.runs));
    if (found.floor) floor = floor ? std::max(*floor, *found.floor) : *found.floor;
  }
  settle(page.runs);
  // Below the floor of one part the others' runs are not shown yet: nothing may come between them.
  if (floor) std::erase_if(page.runs, [&](const RunSummary& run) { return run.id < *floor; });
  if (page.runs.size() > limit) {
    page.runs.resize(limit);
    page.cursor = cursor_after(plain, page.runs.back().id);
  } else if (floor) {
    page.cursor = cursor_after(plain, *floor);
  }
  return page;
}

bool RunSearch::begins_like_text(const RunSummary& run) const {
  const auto ids = ids_that_begin(filter_.text);
  return run.key.starts_with(filter_.text) ||
         (ids && run.id >= ids->first && run.id <= ids->second);
}

// Somebody who has the beginning of an id or a key gets its runs at once, however old they are. A text
// that begins too many keys is looked for everywhere, the newest first.
Result<RunPage> RunSearch::page_of_text(const std::string& kind, const Stretch& stretch,
                                        std::size_t limit) {
  RunPage page;
  Stretch rest = stretch;
  bool shown = kind == elsewhere;
  if (!shown) {
    const Way way = way_to_text(filter_.text);
    const auto length =
        way.from.empty() ? std::int64_t{0} : reader_.number(length_of(way, {}, bounds_.picked + 1));
    const bool many = length > static_cast<std::int64_t>(bounds_.picked);
    if (many && kind.empty()) return newest(stretch, limit);
    if (length > 0) {
      const RunCondition condition{dialect_, filter_, std::nullopt, Said::to_check};
      page.runs = reader_.runs(runs_on(condition, &way, stretch, limit + 1));
      settle(page.runs);
    }
    if (page.runs.size() > limit) {
      page.runs.resize(limit);
      page.cursor = cursor_after(beginnings, page.runs.back().id);
      return page;
    }
    shown = true;
    rest = Stretch{};
    if (page.runs.size() == limit) {
      page.cursor = cursor_after(elsewhere, last_id());
      return page;
    }
  }
  RunPage others = newest(rest, limit - page.runs.size());
  std::erase_if(others.runs, [&](const RunSummary& run) { return begins_like_text(run); });
  append(page.runs, std::move(others.runs));
  if (!others.cursor.empty()) page.cursor = elsewhere + others.cursor.substr(3);
  return page;
}

Result<RunPage> RunSearch::page(const std::string& cursor, std::size_t limit) {
  SEQUENT_ASSERT(limit > 0);
  const auto from = read_cursor(cursor);
  if (!from) return std::unexpected(from.error());
  if (filter_.text.empty() || from->kind == plain) return newest(from->stretch, limit);
  return page_of_text(from->kind, from->stretch, limit);
}

Result<NewestCounts> RunSearch::counts(const std::vector<std::string>& by, std::size_t limit) {
  bounds_.picked = bounds_.counted;
  Stretch stretch = earlier(Stretch{}, newest_that_fits(filter_));
  const auto all = parts(stretch);
  NewestCounts counts;
  for (const Part& part : all) {
    const Choice& choice = part.choice;
    if (choice.is_short) continue;
    // An attribute's runs lie apart from it: each costs three looks.
    const bool apart = choice.way.run_that.empty() && choice.way.from != any_way().from;
    const auto shares = all.size() + (apart ? 2 : 0);
    const auto most = std::max(bounds_.counted / shares, std::size_t{1});
    const auto floor = reader_.id(id_at(choice.way, stretch, most));
    if (floor && (!stretch.floor || *floor > *stretch.floor)) stretch.floor = floor;
  }
  if (stretch.floor) {
    counts.complete = false;
    counts.since = time_of(*stretch.floor);
  }
  std::vector<Way> ways;
  for (const Part& part : all) ways.push_back(part.choice.way);
  const auto query = counts_on(dialect_, filter_, ways, stretch, by, limit);
  if (!query) return std::unexpected(query.error());
  counts.groups = reader_.groups(*query, by.size());
  return counts;
}

}  // namespace sequent::persistence::shared
