#include "base/ids.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/digest.hpp"

namespace sequent {
namespace {

constexpr std::size_t text_length = 36;

bool is_dash_position(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// RFC 9562: the version's nibble opens byte 6 and the variant's two bits open byte 8.
void stamp_version(std::array<std::uint8_t, 16>& bytes) {
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | 0x70);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
}

}  // namespace

std::string InstanceId::text() const {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out(text_length, '-');
  std::size_t at = 0;
  for (const std::uint8_t byte : bytes) {
    if (is_dash_position(at)) ++at;
    out[at++] = digits[byte >> 4];
    out[at++] = digits[byte & 15];
  }
  SEQUENT_ASSERT(at == text_length);
  return out;
}

std::optional<InstanceId> InstanceId::parse(std::string_view text) {
  if (text.size() != text_length) return std::nullopt;
  InstanceId id;
  std::size_t at = 0;
  for (std::uint8_t& byte : id.bytes) {
    if (is_dash_position(at) && text[at++] != '-') return std::nullopt;
    const int high = hex_value(text[at++]);
    const int low = hex_value(text[at++]);
    if (high < 0 || low < 0) return std::nullopt;
    byte = static_cast<std::uint8_t>(high << 4 | low);
  }
  // Another kind of UUID was never made here, and its last bytes would name a random partition.
  if (id.bytes[6] >> 4 != 7 || id.bytes[8] >> 6 != 2) return std::nullopt;
  return id;
}

InstanceId InstanceId::from_raw(std::string_view raw) {
  InstanceId id;
  SEQUENT_ASSERT(raw.size() == id.bytes.size());
  std::copy(raw.begin(), raw.end(), id.bytes.begin());
  return id;
}

InstanceId InstanceId::make(Timestamp now, std::uint64_t random, PartitionId partition) {
  SEQUENT_ASSERT(now >= 0 && now < Timestamp{1} << 48);
  InstanceId id;
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(now >> (40 - 8 * i));
  // 58 of the 64 bits survive: the version takes the top 4 of byte 6, the variant 2 of byte 8.
  // Spreading them first keeps every bit that the caller drew.
  const std::uint64_t high = (random >> 46) & 0xFFF;       // 12 bits: bytes 6, 7
  const std::uint64_t low = random & 0x3FFF'FFFF'FFFFULL;  // 46 bits: bytes 8..13
  id.bytes[6] = static_cast<std::uint8_t>(high >> 8);
  id.bytes[7] = static_cast<std::uint8_t>(high);
  for (std::size_t i = 0; i < 6; ++i)
    id.bytes[8 + i] = static_cast<std::uint8_t>(low >> (40 - 8 * i));
  stamp_version(id.bytes);
  id.bytes[14] = static_cast<std::uint8_t>(partition >> 8);
  id.bytes[15] = static_cast<std::uint8_t>(partition);
  return id;
}

InstanceId InstanceId::derive(const InstanceId& parent, std::string_view path) {
  std::string seed{parent.raw()};
  seed += path;
  const auto hash = sha256(seed);
  InstanceId id = parent;
  std::copy_n(hash.begin(), 8, id.bytes.begin() + 6);
  stamp_version(id.bytes);
  return id;
}

}  // namespace sequent
