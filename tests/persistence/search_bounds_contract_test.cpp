// The contract of searches in a store that is too full to be looked through at once: what one request
// looks at is bounded, and all requests together find what there is.
#include <catch2/catch.hpp>
#include <set>

#include "tests/persistence/searching.hpp"

using namespace sequent;
using namespace sequent::test;
using runtime::InstanceChange;

namespace {

constexpr runtime::SearchBounds narrow{.first = 2, .picked = 5, .scanned = 8, .counted = 6};

struct Turned {
  std::set<InstanceId> runs;
  std::size_t shown = 0, pages = 0, empty_pages = 0;
};

Turned turn_pages(StoreUnderTest& under_test, const runtime::RunFilter& filter, std::size_t limit) {
  Turned turned;
  std::string cursor;
  do {
    REQUIRE(turned.pages < 200);
    const auto page = under_test.runs().list(filter, cursor, limit);
    REQUIRE(page.has_value());
    CHECK(page->runs.size() <= limit);
    for (const auto& run : page->runs) turned.runs.insert(run.id);
    turned.shown += page->runs.size();
    turned.empty_pages += page->runs.empty() ? 1 : 0;
    ++turned.pages;
    cursor = page->cursor;
  } while (!cursor.empty());
  return turned;
}

/// Forty runs: each second one completed, each fifth faulted, the others waiting for stripe or aws.
InstanceChange run_number(int number) {
  InstanceChange start =
      start_of(new_id(1, noon + number * 1'000), "order-" + std::to_string(number));
  start.start->started_at = noon + number * 1'000;
  start.start->name = number % 7 == 0 ? "rare" : "refund";
  start.start->attributes = {{"region", number % 4 == 0 ? "eu" : "us"}, {"amount", number}};
  auto& row = start.row;
  row.updated_at = noon + number * 1'000;
  row.attempts = static_cast<std::uint32_t>(number);
  row.status = number % 2 == 0 ? "completed" : number % 5 == 0 ? "faulted" : "waiting";
  if (row.status == "faulted") {
    row.error_type = "https://example.org/errors/declined";
    row.error_status = 402;
  }
  if (row.status != "waiting") return start;
  row.waiting_kind = number % 3 == 0 ? "parked" : "event";
  row.provider = number == 1 ? "aws" : "stripe";
  return start;
}

struct Forty {
  std::unique_ptr<StoreUnderTest> under_test = any_store();
  std::vector<InstanceChange> runs;
  Forty() {
    {
      Owner owner{*under_test};
      for (int number = 0; number < 40; ++number) {
        runs.push_back(run_number(number));
        owner.write(runs.back());
      }
    }
    under_test->search_within(narrow);
  }
  template <class Fits>
  [[nodiscard]] std::set<InstanceId> that(const Fits& fits) const {
    std::set<InstanceId> ids;
    for (std::size_t number = 0; number < runs.size(); ++number)
      if (fits(static_cast<int>(number), runs[number].row)) ids.insert(runs[number].id);
    return ids;
  }
};

}  // namespace

TEST_CASE("bounded pages together find every run that fits, each once", "[store][search]") {
  const Forty forty;
  const auto finds = [&](const std::string& text, const auto& fits) {
    for (const std::size_t limit : {1, 3, 50}) {
      CAPTURE(text, limit);
      const auto turned = turn_pages(*forty.under_test, where(text), limit);
      CHECK(turned.runs == forty.that(fits));
      CHECK(turned.shown == turned.runs.size());
    }
  };
  using Row = runtime::InstanceRow;
  finds("attempts>=0", [](int, const Row&) { return true; });
  finds("attempts<3", [](int number, const Row&) { return number < 3; });
  finds("status=completed", [](int number, const Row&) { return number % 2 == 0; });
  finds("status in (completed, waiting)",
        [](int, const Row& row) { return row.status != "faulted"; });
  finds("status=waiting and attempts<4",
        [](int number, const Row&) { return number == 1 || number == 3; });
  finds("provider=aws", [](int number, const Row&) { return number == 1; });
  finds("provider=nobody", [](int, const Row&) { return false; });
  finds("waiting=parked", [](int, const Row& row) { return row.waiting_kind == "parked"; });
  finds("error.type~declined", [](int, const Row& row) { return row.error_status == 402; });
  finds("error.status=402 and attempts<20",
        [](int number, const Row& row) { return row.error_status == 402 && number < 20; });
  finds("workflow=*/rare", [](int number, const Row&) { return number % 7 == 0; });
  finds("workflow=billing/rare and status=completed",
        [](int number, const Row&) { return number % 14 == 0; });
  finds("attr.region=eu", [](int number, const Row&) { return number % 4 == 0; });
  finds("attr.region=us and status=faulted",
        [](int, const Row& row) { return row.status == "faulted"; });
  finds("attr.region!=us", [](int number, const Row&) { return number % 4 == 0; });
  finds("attr.region~e*", [](int number, const Row&) { return number % 4 == 0; });
  finds("attr.amount>36", [](int number, const Row&) { return number > 36; });
  finds("attr.amount>=2 and attr.amount<30 and status=faulted", [](int number, const Row& row) {
    return number >= 2 && number < 30 && row.status == "faulted";
  });
  finds("attr.amount=7", [](int number, const Row&) { return number == 7; });
  finds("key=order-7", [](int number, const Row&) { return number == 7; });
  finds("key~order-3*", [](int number, const Row&) { return number == 3 || number / 10 == 3; });
  finds("key~*-3*", [](int number, const Row&) { return number == 3 || number / 10 == 3; });
  finds("started<2027-01-15T08:00:05Z", [](int number, const Row&) { return number < 5; });
  finds("updated<2027-01-15T08:00:05Z and status=completed",
        [](int number, const Row&) { return number < 5 && number % 2 == 0; });
}

TEST_CASE("a page may be empty and still say how to go on", "[store][search]") {
  const Forty forty;
  const auto turned = turn_pages(*forty.under_test, where("attempts<1"), 10);
  CHECK(turned.runs.size() == 1);
  CHECK(turned.pages > 3);  // forty runs, eight at a time
  CHECK(turned.empty_pages >= 3);
}

TEST_CASE("what begins like a text is found at once, what has it elsewhere on the way",
          "[store][search]") {
  const Forty forty;
  runtime::RunFilter filter;
  filter.text = "order-7";
  const auto first = forty.under_test->runs().list(filter, "", 10);
  REQUIRE(first.has_value());
  REQUIRE(first->runs.size() == 1);  // though it is far from the newest
  CHECK(first->runs.front().id == forty.runs[7].id);
  filter.text = GENERATE("order-3", "rder-3", "order", "-1", "7");
  std::set<InstanceId> expected;
  for (const auto& run : forty.runs)
    if (run.start->key.find(filter.text) != std::string::npos) expected.insert(run.id);
  for (const std::size_t limit : {1, 3, 50}) {
    CAPTURE(filter.text, limit);
    const auto turned = turn_pages(*forty.under_test, filter, limit);
    CHECK(turned.runs == expected);
    CHECK(turned.shown == expected.size());
  }
  filter.text = forty.runs[2].id.text();
  const auto by_id = turn_pages(*forty.under_test, filter, 10);
  CHECK(by_id.runs == std::set<InstanceId>{forty.runs[2].id});
}

TEST_CASE("a count says whether it is whole, and else how far it looked", "[store][search]") {
  const Forty forty;
  auto& runs = forty.under_test->runs();
  const auto few = runs.aggregate_newest(where("status=faulted"), {"error_status"}, 10);
  REQUIRE(few.has_value());
  CHECK(few->complete);
  REQUIRE(few->groups.size() == 1);
  CHECK(few->groups.front().group.front() == "402");
  CHECK(few->groups.front().count == 4);
  const auto all = runs.aggregate_newest({}, {"status"}, 10);
  REQUIRE(all.has_value());
  CHECK_FALSE(all->complete);
  Timestamp sixth = 0;  // the newest but five; ids begin with their time
  for (std::size_t i = 0; i < 6; ++i) sixth = (sixth << 8) | forty.runs[34].id.bytes[i];
  CHECK(all->since == sixth);
  std::int64_t counted = 0;
  for (const auto& group : all->groups) counted += group.count;
  CHECK(counted == 6);
  const auto waiting = runs.aggregate_newest(where("status in (waiting, faulted)"), {}, 10);
  REQUIRE(waiting.has_value());
  CHECK_FALSE(waiting->complete);
  const auto exact = runs.aggregate(where("status in (waiting, faulted)"), {}, 10);
  REQUIRE((exact && waiting->groups.size() == 1 && exact->size() == 1));
  CHECK(exact->front().count == 20);
  CHECK(waiting->groups.front().count < 20);
  CHECK(waiting->groups.front().newest == exact->front().newest);
  const auto wrong = runs.aggregate_newest({}, {"color"}, 10);
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().code == ErrorCode::invalid_request);
}
