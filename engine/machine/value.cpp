#include "engine/machine/value.hpp"

namespace sequent::machine {
namespace {

constexpr std::size_t brackets = 2, comma = 1, quotes = 2, quotes_colon_comma = 4, scalar = 4;

/// Adds what `value` takes as JSON, roughly; false as soon as more than `limit` is counted.
bool count(const Json& value, std::size_t limit, std::size_t& bytes) {
  const auto add = [&](std::size_t more) {
    bytes += more;
    return bytes <= limit;
  };
  if (value.is_string()) return add(value.get_ref<const std::string&>().size() + quotes);
  if (value.is_array()) {
    if (!add(brackets)) return false;
    for (const auto& item : value)
      if (!add(comma) || !count(item, limit, bytes)) return false;
    return true;
  }
  if (value.is_object()) {
    if (!add(brackets)) return false;
    for (const auto& [name, member] : value.items())
      if (!add(name.size() + quotes_colon_comma) || !count(member, limit, bytes)) return false;
    return true;
  }
  return add(scalar);
}

}  // namespace

std::size_t size_of(const Json& value) {
  std::size_t bytes = 0;
  (void)count(value, SIZE_MAX, bytes);
  return bytes;
}

bool larger_than(const Json& value, std::size_t limit) {
  std::size_t bytes = 0;
  return !count(value, limit, bytes);
}

}  // namespace sequent::machine
