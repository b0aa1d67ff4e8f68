#include "base/digest.hpp"

#include <catch2/catch.hpp>

using namespace sequent;

TEST_CASE("SHA-256 gives the digests of FIPS 180-4", "[base]") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256("abc")[0] == 0xba);
}

TEST_CASE("HMAC-SHA256 gives the values of RFC 4231", "[base]") {
  CHECK(hmac_sha256_hex("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hmac_sha256_hex(std::string(131, '\xaa'),
                        "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("base64 pads as in RFC 4648", "[base]") {
  CHECK(base64_encode("") == "");
  CHECK(base64_encode("f") == "Zg==");
  CHECK(base64_encode("fo") == "Zm8=");
  CHECK(base64_encode("foobar") == "Zm9vYmFy");
  CHECK(base64_encode(std::string_view{"\xff\x00\xfe", 3}) == "/wD+");
}

TEST_CASE("constant-time comparison tells equal from unequal", "[base]") {
  CHECK(equal_constant_time("secret", "secret"));
  CHECK(equal_constant_time("", ""));
  CHECK_FALSE(equal_constant_time("secret", "secreT"));
  CHECK_FALSE(equal_constant_time("secret", "secrets"));
}

TEST_CASE("base64 gives the bytes back, and nothing for what is no base64", "[base]") {
  for (const std::string bytes : {"", "f", "fo", "foo", "\xff\xfe?>"})
    CHECK(base64_decode(base64_encode(bytes)) == bytes);
  CHECK(base64_decode("AP8=") == std::string("\0\xff", 2));
  for (const char* text : {"A", "AA", "AAA", "=AAA", "A===", "AA=A", "AAA=AAA=", "AA A", "AAA\n",
                           " AAA", "AA-_"}) {
    INFO(text);
    CHECK_FALSE(base64_decode(text));
  }
}
