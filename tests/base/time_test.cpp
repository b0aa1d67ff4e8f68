#include "base/time.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace sequent;

TEST_CASE("times are written as RFC 3339 with milliseconds", "[base]") {
  CHECK(format_time(0) == "1970-01-01T00:00:00.000Z");
  CHECK(format_time(1'795'248'930'250) == "2026-11-21T08:15:30.250Z");
  CHECK(format_time(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(format_time(951'782'400'000) == "2000-02-29T00:00:00.000Z");
  CHECK(format_time(std::numeric_limits<Timestamp>::max()) == "9999-12-31T23:59:59.999Z");
  CHECK(format_time(std::numeric_limits<Timestamp>::min()) == "0000-01-01T00:00:00.000Z");
}

TEST_CASE("times are read with Z, with offsets and with any fraction", "[base]") {
  CHECK(parse_time("2026-11-21T08:15:30.250Z") == 1'795'248'930'250);
  CHECK(parse_time("2026-11-21T08:15:30.2509999Z") == 1'795'248'930'250);
  CHECK(parse_time("2026-11-21t10:15:30.25+02:00") == 1'795'248'930'250);
  CHECK(parse_time("2026-11-21T04:45:30.25-03:30") == 1'795'248'930'250);
  CHECK(parse_time("1969-12-31T23:59:59.999Z") == -1);
  CHECK(parse_time("2016-12-31T23:59:60Z") == parse_time("2017-01-01T00:00:00Z"));
  for (const Timestamp at : {Timestamp{0}, Timestamp{1'700'000'000'123}, Timestamp{-86'400'001}})
    CHECK(parse_time(format_time(at)) == at);
}

TEST_CASE("what is no time is refused", "[base]") {
  const auto text =
      GENERATE(as<std::string>{}, "", "2026-11-21", "2026-11-21T08:15:30", "2026-13-01T00:00:00Z",
               "2026-02-29T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T08:60:00Z",
               "2026-11-21T08:15:61Z", "2026-11-21T08:15:30.Z", "2026-11-21T08:15:30+0200",
               "2026-11-21T08:15:30Zx", "26-11-21T08:15:30Z", "2026-11-21T08:15:30+24:00");
  CAPTURE(text);
  CHECK_FALSE(parse_time(text));
}

TEST_CASE("ISO 8601 durations are read in milliseconds", "[base]") {
  CHECK(parse_duration("PT0S") == 0);
  CHECK(parse_duration("PT0.5S") == 500);
  CHECK(parse_duration("PT0,25S") == 250);
  CHECK(parse_duration("PT1.2345678901S") == 1234);
  CHECK(parse_duration("PT90M") == 5'400'000);
  CHECK(parse_duration("P1DT2H") == 93'600'000);
  CHECK(parse_duration("P2W") == 1'209'600'000);
  CHECK(parse_duration("P1W2DT3H4M5.006S") == 788'645'006);
  CHECK(parse_duration("PT1.5H") == 5'400'000);
}

TEST_CASE("what is no duration, or has no fixed length, is refused", "[base]") {
  const auto text =
      GENERATE(as<std::string>{}, "", "P", "PT", "P1DT", "P1Y", "P1M", "1D", "PT1", "PT5", "PTS",
               "PT.5S", "PT1.S", "PT1S2M", "PT1S1S", "-PT1S", "PT1.5M3S", "P1H", "PT1D",
               "PT99999999999999999999S", "P99999999999999999W", "PT1S ");
  CAPTURE(text);
  CHECK_FALSE(parse_duration(text));
}

TEST_CASE("durations are shown to people with at most two units", "[base]") {
  CHECK(format_duration(0) == "0 ms");
  CHECK(format_duration(250) == "250 ms");
  CHECK(format_duration(3'240) == "3.2 s");
  CHECK(format_duration(3'000) == "3 s");
  CHECK(format_duration(59'999) == "59.9 s");
  CHECK(format_duration(245'000) == "4 min 05 s");
  CHECK(format_duration(300'000) == "5 min");
  CHECK(format_duration(7'800'000) == "2 h 10 min");
  CHECK(format_duration(273'600'000) == "3 d 4 h");
  CHECK(format_duration(-250) == "-250 ms");
  CHECK_FALSE(format_duration(std::numeric_limits<DurationMs>::min()).empty());
}
