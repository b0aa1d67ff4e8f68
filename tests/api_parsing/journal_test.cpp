// Reading a journal page by page.
#include <catch2/catch.hpp>

#include "api/journal_json.hpp"

using namespace sequent;
using namespace sequent::api;

namespace {

/// A journal with one record a row: a task starts in every tenth, the others name its frame.
class LongJournal : public runtime::RunQueries {
 public:
  explicit LongJournal(std::uint64_t length) : length_(length) {}

  std::vector<std::string> journal(const InstanceId&, std::uint64_t after,
                                   std::size_t limit) override {
    std::vector<std::string> rows;
    for (auto seq = after + 1; seq <= length_ && rows.size() < limit; ++seq) {
      const auto frame = (seq - 1) / 10 + 1;
      Json record{{"seq", seq}, {"frame", frame}, {"kind", "AttemptStarted"}, {"at", 1}};
      if (seq % 10 == 1) {
        record["kind"] = "TaskStarted";
        record["node"] = frame % 2;
      }
      rows.push_back(Json::array({record}).dump());
    }
    rows_read += rows.size();
    return rows;
  }
  std::optional<runtime::RunSummary> find(const InstanceId&) override { return std::nullopt; }
  std::optional<TakenRequest> request(const std::string&) override { return std::nullopt; }
  std::optional<InstanceId> find_by_key(const std::string&, const std::string&,
                                        const std::string&) override {
    return std::nullopt;
  }
  Result<runtime::RunPage> list(const runtime::RunFilter&, const std::string&,
                                std::size_t) override {
    return runtime::RunPage{};
  }
  Result<std::vector<runtime::Aggregate>> aggregate(const runtime::RunFilter&,
                                                    const std::vector<std::string>&,
                                                    std::size_t) override {
    return std::vector<runtime::Aggregate>{};
  }
  Result<runtime::NewestCounts> aggregate_newest(const runtime::RunFilter&,
                                                 const std::vector<std::string>&,
                                                 std::size_t) override {
    return runtime::NewestCounts{};
  }
  std::vector<InstanceId> children(const InstanceId&) override { return {}; }

  std::size_t rows_read = 0;

 private:
  std::uint64_t length_;
};

definition::Program two_tasks() {
  definition::Program program;
  program.nodes.resize(2);
  program.nodes[0].pointer = "/do/0/a";
  program.nodes[1].pointer = "/do/1/b";
  return program;
}

void check_tasks(const Json& items) {
  for (const auto& item : items) {
    const auto frame = (item.at("seq").get<std::uint64_t>() - 1) / 10 + 1;
    if (item.at("task") != (frame % 2 == 0 ? "/do/0/a" : "/do/1/b")) FAIL(item.dump());
  }
}

}  // namespace

TEST_CASE("reading a journal page by page costs as much as reading it at once", "[api]") {
  constexpr std::uint64_t length = 5'000;
  LongJournal runs{length};
  JournalPlaces places;
  const auto program = two_tasks();
  const InstanceId id;
  std::uint64_t after = 0;
  std::size_t seen = 0;
  for (bool more = true; more;) {
    const auto page = read_journal(runs, places, id, program, after, 7);
    REQUIRE(page);
    check_tasks(page->items);
    seen += page->items.size();
    after = page->last;
    more = page->more;
  }
  CHECK(seen == length);
  CHECK(runs.rows_read < 2 * length);  // each page looks one record ahead
}

TEST_CASE("a page that nobody has led up to is found from the beginning", "[api]") {
  LongJournal runs{500};
  JournalPlaces places;
  const auto program = two_tasks();
  const auto page = read_journal(runs, places, InstanceId{}, program, 455, 10);
  REQUIRE(page);
  CHECK(page->last == 465);
  check_tasks(page->items);
  // What is known of a later place, or of another run, is no help and no harm.
  const auto earlier = read_journal(runs, places, InstanceId{}, program, 103, 10);
  REQUIRE(earlier);
  check_tasks(earlier->items);
  InstanceId other;
  other.bytes[0] = 1;
  CHECK(places.before(other, 1'000).seq == 0);
}
