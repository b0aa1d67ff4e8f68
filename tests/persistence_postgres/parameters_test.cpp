// What text PostgreSQL takes: UTF-8 without a zero byte.
#include <catch2/catch.hpp>

#include "persistence/postgres/parameters.hpp"

using sequent::persistence::postgres::is_storable;

TEST_CASE("text is storable when it is UTF-8 without a zero, wherever the odd byte is",
          "[postgres]") {
  constexpr std::size_t longest = 100;
  for (std::size_t size = 0; size < longest; ++size) {
    const std::string plain(size, 'x');
    CHECK(is_storable(plain));
    for (std::size_t at = 0; at < size; ++at) {
      std::string text = plain;
      text[at] = '\0';
      CHECK_FALSE(is_storable(text));
      text[at] = '\x80';
      CHECK_FALSE(is_storable(text));
      text[at] = '\x01';
      CHECK(is_storable(text));
      text.replace(at, 1, "\u20AC");
      CHECK(is_storable(text));
      text.pop_back();
      CHECK(is_storable(text) == (at + 1 < size));
    }
  }
}
