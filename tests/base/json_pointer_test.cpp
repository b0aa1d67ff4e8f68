#include "base/json_pointer.hpp"

#include <catch2/catch.hpp>

using namespace sequent;

TEST_CASE("a member's name becomes a pointer's segment and comes back", "[base]") {
  CHECK(pointer_segment("a/b~c") == "a~1b~0c");
  CHECK(pointer_segment("") == "");
  CHECK(pointer_segment("~1") == "~01");
  CHECK(name_of_segment("~01") == "~1");  // one pass: never "/"
  CHECK(name_of_segment("a~2b~") == "a~2b~");
  for (const char* name : {"", "/", "~", "~~//", "a~0b", "naïve/ü"})
    CHECK(name_of_segment(pointer_segment(name)) == name);
}
