#include "net/http_message.hpp"

#include <catch2/catch.hpp>

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
