#include "engine/schema/text.hpp"

#include "engine/schema/numbers.hpp"

namespace sequent::schema {

namespace {

constexpr std::size_t literal_limit = 60;
// Only so many members of a container are written: a message must not cost as much as its value.
constexpr std::size_t container_limit = 8;

bool starts_code_point(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

std::string dumped(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

}  // namespace

std::size_t code_points(std::string_view utf8) {
  return static_cast<std::size_t>(std::ranges::count_if(utf8, starts_code_point));
}

std::string shortened(std::string_view utf8, std::size_t limit) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    if (!starts_code_point(utf8[i])) continue;
    if (seen++ == limit) return std::string(utf8.substr(0, i)) + "…";
  }
  return std::string(utf8);
}

std::string literal(const Json& value) {
  if (value.is_string()) return dumped(shortened(value.get_ref<const std::string&>()));
  if (value.is_structured()) {
    const auto flat = [](const Json& item) { return !item.is_structured(); };
    const bool small =
        value.size() <= container_limit && std::ranges::all_of(value.begin(), value.end(), flat);
    if (!small) return described(value);
  }
  return shortened(dumped(value), literal_limit);
}

std::string described(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::boolean:
      return "boolean " + literal(value);
    case Json::value_t::string:
      return "string " + literal(value);
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      return (is_integer(value) ? "integer " : "number ") + literal(value);
    case Json::value_t::array:
      return "array of " + counted(value.size(), "item", "items");
    case Json::value_t::object:
      return "object with " + counted(value.size(), "member", "members");
    case Json::value_t::binary:
    case Json::value_t::discarded:
      break;
  }
  return "a value that JSON does not have";
}

}  // namespace sequent::schema
