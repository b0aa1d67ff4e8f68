#include "net/http_message.hpp"

#include <catch2/catch.hpp>

#include "net/response_head.hpp"

using namespace sequent::net;

TEST_CASE("header names compare without case, and order and repeats are kept", "[net]") {
  Headers headers;
  headers.add("Set-Cookie", "a");
  headers.add("set-cookie", "b");
  headers.add("X", "1");
  CHECK(*headers.find("SET-COOKIE") == "a");
  CHECK(headers.value("x") == "1");
  CHECK(headers.value("y", "none") == "none");
  CHECK(headers.find("y") == nullptr);
  CHECK(headers.all().size() == 3);
  headers.set("SET-cookie", "c");
  CHECK(headers.all().size() == 2);
  CHECK(headers.value("Set-Cookie") == "c");
}

TEST_CASE("percent-encoding round-trips every byte", "[net]") {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  CHECK(percent_decode(percent_encode(bytes)) == bytes);
  CHECK(percent_encode("a b/ä~") == "a%20b%2F%C3%A4~");
  CHECK(percent_decode("a+b%2") == "a+b%2");
  CHECK(percent_decode("%zz%41") == "%zzA");
}

TEST_CASE("a query is split into decoded pairs", "[net]") {
  const auto fields = parse_query("a=1&b=x+y%26z&&flag&=v&c=d=e");
  REQUIRE(fields.size() == 5);
  CHECK(fields[0] == std::pair<std::string, std::string>{"a", "1"});
  CHECK(fields[1].second == "x y&z");
  CHECK(fields[2] == std::pair<std::string, std::string>{"flag", ""});
  CHECK(fields[3] == std::pair<std::string, std::string>{"", "v"});
  CHECK(fields[4].second == "d=e");
  CHECK(parse_query("").empty());
}

TEST_CASE("a date is written as HTTP spells it, and an answer's own one stands", "[net]") {
  CHECK(http_date(784'111'777'000) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(http_date(1'709'164'799'999) == "Wed, 28 Feb 2024 23:59:59 GMT");
  CHECK(http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  ServerResponse response;
  HeadOptions options;
  CHECK_THAT(response_head(response, options), !Catch::Contains("Date:"));
  options.date = http_date(0);
  CHECK_THAT(response_head(response, options),
             Catch::Contains("\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"));
  response.headers.set("date", "mine");
  CHECK_THAT(response_head(response, options),
             Catch::Contains("date: mine") && !Catch::Contains("1970"));
}
