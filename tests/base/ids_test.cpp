#include "base/ids.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace sequent;

TEST_CASE("an id is a UUIDv7 that carries its time and its partition", "[base]") {
  const auto id = InstanceId::make(0x0123456789AB, 0xFFFF'FFFF'FFFF'FFFFULL, 0x1234);
  CHECK(id.text() == "01234567-89ab-7fff-bfff-ffffffff1234");
  CHECK(id.partition() == 0x1234);
  CHECK(InstanceId::make(0x0123456789AB, 0, 7).text() == "01234567-89ab-7000-8000-000000000007");
}

TEST_CASE("each of the 58 low random bits changes the id", "[base]") {
  std::set<InstanceId> ids{InstanceId::make(1, 0, 1)};
  for (int bit = 0; bit < 58; ++bit) ids.insert(InstanceId::make(1, std::uint64_t{1} << bit, 1));
  CHECK(ids.size() == 59);
}

TEST_CASE("later ids sort behind earlier ones", "[base]") {
  CHECK(InstanceId::make(1000, ~0ULL, 0xFFFF) < InstanceId::make(1001, 0, 0));
}

TEST_CASE("ids are read back from text and from raw bytes", "[base]") {
  const auto id = InstanceId::make(1'795'248'930'250, 0x0123'4567'89AB'CDEFULL, 63);
  CHECK(InstanceId::parse(id.text()) == id);
  CHECK(InstanceId::from_raw(id.raw()) == id);
  CHECK(InstanceId::parse("01234567-89AB-7FFF-BFFF-FFFFFFFF1234"));
}

TEST_CASE("what is no UUIDv7 is refused", "[base]") {
  const auto text =
      GENERATE(as<std::string>{}, "", "01234567-89ab-7fff-bfff-ffffffff123",
               "01234567-89ab-7fff-bfff-ffffffff12345", "0123456789ab-7fff-bfff-ffffffff12345",
               "01234567-89ab-4fff-bfff-ffffffff1234", "01234567-89ab-7fff-3fff-ffffffff1234",
               "01234567-89ab-7fff-bfff-ffffffff123g");
  CAPTURE(text);
  CHECK_FALSE(InstanceId::parse(text));
}

TEST_CASE("a child's id is stable, in its parent's partition and unlike its siblings'", "[base]") {
  const auto parent = InstanceId::make(1'795'248'930'250, 42, 17);
  const auto child = InstanceId::derive(parent, "/do/0/bill");
  CHECK(child == InstanceId::derive(parent, "/do/0/bill"));
  CHECK(child != parent);
  CHECK(child != InstanceId::derive(parent, "/do/1/bill"));
  CHECK(child != InstanceId::derive(InstanceId::make(1'795'248'930'250, 43, 17), "/do/0/bill"));
  CHECK(child.partition() == 17);
  CHECK(child.text().substr(0, 15) == parent.text().substr(0, 15));
  CHECK(InstanceId::parse(child.text()) == child);
}
