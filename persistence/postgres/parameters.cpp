#include "persistence/postgres/parameters.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace sequent::persistence::postgres {
namespace {

// The length of the UTF-8 sequence at the front (RFC 3629), 0 when there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  const auto follows = [&](std::size_t at) { return (byte(at) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80U) return 1;
  if (first >= 0xC2U && first <= 0xDFU) return follows(1) ? 2 : 0;
  if (first >= 0xE0U && first <= 0xEFU) {
    const unsigned second = byte(1);
    if (first == 0xE0U && second < 0xA0U) return 0;
    if (first == 0xEDU && second > 0x9FU) return 0;  // surrogates
    return follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0U && first <= 0xF4U) {
    const unsigned second = byte(1);
    if (first == 0xF0U && second < 0x90U) return 0;
    if (first == 0xF4U && second > 0x8FU) return 0;
    return follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

constexpr std::size_t block = 32;

// ASCII without a zero byte: no high bit is set, and none borrows when 1 is taken from each byte.
bool is_plain_block(const char* text) {
  constexpr std::uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
  std::array<std::uint64_t, block / sizeof(std::uint64_t)> words;
  std::memcpy(words.data(), text, block);
  std::uint64_t odd = 0;
  for (const std::uint64_t word : words) odd |= word | (word - ones);
  return (odd & highs) == 0;
}

}  // namespace

bool is_storable(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    // Nearly everything is ASCII.
    if (text.size() - at >= block && is_plain_block(text.data() + at)) {
      at += block;
      continue;
    }
    if (text[at] == '\0') return false;
    const std::size_t length = sequence_length(text.substr(at, 4));
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string storable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text.substr(0, 4));
    if (text.front() == '\0')
      out += "\u2400";
    else if (length == 0)
      out += "\uFFFD";
    else
      out += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

void append_big_endian(std::string& to, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    to += static_cast<char>((value >> shift) & 0xFF);
}

void Parameters::reserve(std::size_t count) {
  types_.reserve(count);
  values_.reserve(count);
}

void Parameters::push(Type type, std::string bytes) {
  types_.push_back(static_cast<unsigned>(type));
  values_.emplace_back(std::move(bytes));
}

void Parameters::push_null(Type type) {
  types_.push_back(static_cast<unsigned>(type));
  values_.emplace_back();
}

std::vector<const char*> Parameters::pointers() const {
  std::vector<const char*> out;
  for (const auto& value : values_) out.push_back(value ? value->data() : nullptr);
  return out;
}

std::vector<int> Parameters::lengths() const {
  std::vector<int> out;
  for (const auto& value : values_) out.push_back(value ? static_cast<int>(value->size()) : 0);
  return out;
}

}  // namespace sequent::persistence::postgres
