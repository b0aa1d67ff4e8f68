#pragma once
// Instance ids are UUIDv7 (RFC 9562): time first, so that rows of one hour lie together; the
// partition sits in the low bits, so that any node finds a run's owner from its id alone.
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace sequent {

using PartitionId = std::uint16_t;
using Epoch = std::int64_t;

struct InstanceId {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const InstanceId&) const = default;
  [[nodiscard]] PartitionId partition() const {
    return static_cast<PartitionId>((bytes[14] << 8) | bytes[15]);
  }
  [[nodiscard]] std::string text() const;  // 8-4-4-4-12, lower case
  [[nodiscard]] std::string_view raw() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  [[nodiscard]] static std::optional<InstanceId> parse(std::string_view text);
  [[nodiscard]] static InstanceId from_raw(std::string_view raw);
  /// A fresh id: 48 bits of time, 58 bits of `random`, 16 bits of partition.
  [[nodiscard]] static InstanceId make(Timestamp now, std::uint64_t random, PartitionId partition);
  /// A child's id, the same whenever it is computed: time of `parent`, hash of both, its partition.
  [[nodiscard]] static InstanceId derive(const InstanceId& parent, std::string_view path);
};

}  // namespace sequent

template <>
struct std::hash<sequent::InstanceId> {
  std::size_t operator()(const sequent::InstanceId& id) const noexcept {
    // Bytes 6..13 hold the random part.
    std::uint64_t value = 0;
    for (int i = 6; i < 14; ++i) value = (value << 8) | id.bytes[static_cast<std::size_t>(i)];
    return std::hash<std::uint64_t>{}(value * 0x9E3779B97F4A7C15ULL);
  }
};
