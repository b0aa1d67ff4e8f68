#include "engine/definition/cron.hpp"

#include <catch2/catch.hpp>

namespace sequent::definition {
namespace {

std::string next(std::string_view cron, std::string_view after) {
  const auto parsed = Cron::parse(cron);
  INFO((parsed ? "" : parsed.error().detail));
  REQUIRE(parsed.has_value());
  const auto at = parsed->next_after(parse_time(after).value());
  return at ? format_time(*at).substr(0, 19) : "never";
}

}  // namespace

TEST_CASE("a cron expression gives the next time that matches, in UTC") {
  struct Case {
    std::string cron, after, expected;
  };
  const std::vector<Case> cases = {
      {"* * * * *", "2026-11-21T08:15:30Z", "2026-11-21T08:16:00"},
      {"* * * * *", "2026-11-21T08:15:00Z", "2026-11-21T08:16:00"},
      {"0 0 * * *", "2026-11-21T08:15:30Z", "2026-11-22T00:00:00"},
      {"0 0 * * *", "2026-12-31T23:59:59.999Z", "2027-01-01T00:00:00"},
      {"30 8 * * *", "2026-11-21T08:15:30Z", "2026-11-21T08:30:00"},
      {"15 8 * * *", "2026-11-21T08:15:30Z", "2026-11-22T08:15:00"},
      {"*/15 * * * *", "2026-11-21T08:46:00Z", "2026-11-21T09:00:00"},
      {"5/20 * * * *", "2026-11-21T08:06:00Z", "2026-11-21T08:25:00"},
      {"10-12,50 * * * *", "2026-11-21T08:12:00Z", "2026-11-21T08:50:00"},
      {"0 9-17/4 * * *", "2026-11-21T10:00:00Z", "2026-11-21T13:00:00"},
      {"0 12 1 * *", "2026-11-21T08:15:30Z", "2026-12-01T12:00:00"},
      {"0 0 31 * *", "2026-11-21T00:00:00Z", "2026-12-31T00:00:00"},
      {"0 0 29 2 *", "2026-11-21T00:00:00Z", "2028-02-29T00:00:00"},
      {"0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00"},
      {"0 0 * jan,JUL *", "2026-11-21T00:00:00Z", "2027-01-01T00:00:00"},
      {"0 0 * * MON", "2026-11-21T00:00:00Z", "2026-11-23T00:00:00"},
      {"0 0 * * 7", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00"},
      {"0 0 * * sun", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00"},
      {"0 0 * * 5-7", "2026-11-22T00:00:00Z", "2026-11-27T00:00:00"},
      {"0 0 13 * 5", "2026-11-21T00:00:00Z", "2026-11-27T00:00:00"},   // either of the two
      {"0 0 */2 * 1", "2026-11-21T00:00:00Z", "2026-11-23T00:00:00"},  // `*`: both must match
      {"15 30 8 * * *", "2026-11-21T08:30:14Z", "2026-11-21T08:30:15"},
      {"*/10 * * * * *", "2026-11-21T08:30:50Z", "2026-11-21T08:31:00"},
      {"30 59 23 31 12 *", "2026-12-31T23:59:30Z", "2027-12-31T23:59:30"},
      {"0 0 30 2 *", "2026-11-21T00:00:00Z", "never"},
      {"0 0 31 4,6,9,11 *", "2026-11-21T00:00:00Z", "never"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.cron, each.after);
    CHECK(next(each.cron, each.after) == each.expected);
  }
}

TEST_CASE("a day steps through all its minutes once") {
  const auto cron = Cron::parse("* * * * *");
  REQUIRE(cron.has_value());
  Timestamp at = parse_time("2026-02-28T00:00:00Z").value();
  for (int minute = 1; minute <= 24 * 60; ++minute) {
    const auto then = cron->next_after(at);
    REQUIRE(then);
    REQUIRE(*then == at + 60'000);
    at = *then;
  }
  CHECK(format_time(at).substr(0, 10) == "2026-03-01");
}

TEST_CASE("what is no cron expression is told with its field") {
  const auto message = [](std::string_view text) {
    const auto parsed = Cron::parse(text);
    REQUIRE_FALSE(parsed.has_value());
    return parsed.error().detail;
  };
  CHECK_THAT(message(""), Catch::Contains("got 0"));
  CHECK_THAT(message("* * * *"), Catch::Contains("got 4"));
  CHECK_THAT(message("* * * * * * *"), Catch::Contains("got 7"));
  CHECK_THAT(message("60 * * * *"), Catch::Contains("the minute (0 to 59"));
  CHECK_THAT(message("* 24 * * *"), Catch::Contains("the hour (0 to 23"));
  CHECK_THAT(message("* * 0 * *"), Catch::Contains("the day of the month (1 to 31"));
  CHECK_THAT(message("* * * 13 *"), Catch::Contains("the month (1 to 12"));
  CHECK_THAT(message("* * * * 8"), Catch::Contains("the day of the week (0 to 7"));
  for (const std::string_view text :
       {"5-3 * * * *", "*/0 * * * *", "1,,2 * * * *", "a * * * *", "-1 * * * *", "1- * * * *",
        "* * L * *", "* * ? * *", "* * * * MON-", "99999999999 * * * *", "1/ * * * *", "@daily"}) {
    CAPTURE(text);
    CHECK_FALSE(message(text).empty());
  }
}

}  // namespace sequent::definition
