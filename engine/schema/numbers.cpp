#include "engine/schema/numbers.hpp"

#include <charconv>
#include <cmath>

namespace sequent::schema {

namespace {

using std::strong_ordering;
__extension__ using Wide = unsigned __int128;

// An integer of either sign with 64 bits of magnitude.
struct Whole {
  bool negative = false;
  std::uint64_t magnitude = 0;
};

Whole whole_of(const Json& value) {
  if (value.is_number_unsigned()) return {false, value.get<std::uint64_t>()};
  const auto number = value.get<std::int64_t>();
  const auto bits = static_cast<std::uint64_t>(number);
  return {number < 0, number < 0 ? 0 - bits : bits};
}

strong_ordering compare_wholes(Whole left, Whole right) {
  if (left.negative != right.negative)
    return left.negative ? strong_ordering::less : strong_ordering::greater;
  return left.negative ? right.magnitude <=> left.magnitude : left.magnitude <=> right.magnitude;
}

strong_ordering compare_doubles(double left, double right) {
  if (std::isnan(left) || std::isnan(right)) return std::isnan(right) <=> std::isnan(left);
  if (left < right) return strong_ordering::less;
  return left > right ? strong_ordering::greater : strong_ordering::equal;
}

strong_ordering compare_whole_with_double(Whole left, double right) {
  constexpr double two_to_64 = 18446744073709551616.0;
  if (std::isnan(right) || right <= -two_to_64) return strong_ordering::greater;
  if (right >= two_to_64) return strong_ordering::less;
  const double floor = std::floor(right);
  const Whole below{floor < 0, static_cast<std::uint64_t>(std::fabs(floor))};
  const auto order = compare_wholes(left, below);
  if (order != strong_ordering::equal) return order;
  return floor < right ? strong_ordering::less : strong_ordering::equal;
}

// A number as digits * 10^exponent, from the shortest decimal text that reads back as it.
struct Decimal {
  std::uint64_t digits = 0;
  int exponent = 0;
};

Decimal decimal_of(const Json& value) {
  if (!value.is_number_float()) return {whole_of(value).magnitude, 0};
  char text[64];
  const double number = std::fabs(value.get<double>());
  const auto end = std::to_chars(text, text + sizeof text, number, std::chars_format::scientific);
  Decimal out;
  const char* at = text;
  int decimals = 0;
  bool in_fraction = false;
  for (; at != end.ptr && *at != 'e'; ++at) {
    if (*at == '.') {
      in_fraction = true;
      continue;
    }
    out.digits = out.digits * 10 + static_cast<std::uint64_t>(*at - '0');
    decimals += in_fraction ? 1 : 0;
  }
  if (at != end.ptr) ++at;
  if (at != end.ptr && *at == '+') ++at;
  std::from_chars(at, end.ptr, out.exponent);
  out.exponent -= decimals;
  return out;
}

std::uint64_t ten_to(int power, std::uint64_t modulus) {
  Wide result = 1 % modulus;
  Wide base = 10 % modulus;
  for (; power > 0; power >>= 1) {
    if (power & 1) result = result * base % modulus;
    base = base * base % modulus;
  }
  return static_cast<std::uint64_t>(result);
}

int kind_of(const Json& value) {
  return value.is_number() ? static_cast<int>(Json::value_t::number_integer)
                           : static_cast<int>(value.type());
}

// Values deeper than any parser of ours lets through are not looked into: the stack is finite.
constexpr int deepest = 1024;

strong_ordering compare_at(const Json& left, const Json& right, int depth);

strong_ordering compare_objects(const Json& left, const Json& right, int depth) {
  if (left.size() != right.size()) return left.size() <=> right.size();
  for (auto l = left.begin(), r = right.begin(); l != left.end(); ++l, ++r) {
    if (const auto order = l.key() <=> r.key(); order != 0) return order;
    if (const auto order = compare_at(*l, *r, depth); order != 0) return order;
  }
  return strong_ordering::equal;
}

strong_ordering compare_arrays(const Json& left, const Json& right, int depth) {
  if (left.size() != right.size()) return left.size() <=> right.size();
  for (std::size_t i = 0; i < left.size(); ++i)
    if (const auto order = compare_at(left[i], right[i], depth); order != 0) return order;
  return strong_ordering::equal;
}

strong_ordering compare_at(const Json& left, const Json& right, int depth) {
  if (depth == deepest) return strong_ordering::equal;
  if (const auto order = kind_of(left) <=> kind_of(right); order != 0) return order;
  if (left.is_number()) return compare_numbers(left, right);
  if (left.is_string())
    return left.get_ref<const std::string&>() <=> right.get_ref<const std::string&>();
  if (left.is_object()) return compare_objects(left, right, depth + 1);
  if (left.is_array()) return compare_arrays(left, right, depth + 1);
  if (left.is_boolean()) return left.get<bool>() <=> right.get<bool>();
  return strong_ordering::equal;
}

}  // namespace

bool is_integer(const Json& value) {
  if (value.is_number_integer()) return true;
  if (!value.is_number_float()) return false;
  const double number = value.get<double>();
  return std::isfinite(number) && std::floor(number) == number;
}

strong_ordering compare_numbers(const Json& left, const Json& right) {
  const bool left_float = left.is_number_float();
  const bool right_float = right.is_number_float();
  if (left_float && right_float) return compare_doubles(left.get<double>(), right.get<double>());
  if (right_float) return compare_whole_with_double(whole_of(left), right.get<double>());
  if (left_float) return 0 <=> compare_whole_with_double(whole_of(right), left.get<double>());
  return compare_wholes(whole_of(left), whole_of(right));
}

bool is_multiple(const Json& value, const Json& divisor) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) return false;
  if (divisor.is_number_float() && !std::isfinite(divisor.get<double>())) return false;
  const Decimal number = decimal_of(value);
  const Decimal step = decimal_of(divisor);
  if (number.digits == 0) return true;
  if (step.digits == 0) return false;
  const int shift = number.exponent - step.exponent;
  if (shift >= 0) {
    const Wide rest = Wide{number.digits % step.digits} * ten_to(shift, step.digits);
    return rest % step.digits == 0;
  }
  // The step is the coarser one: it divides only digits that it does not outgrow.
  Wide coarse = step.digits;
  for (int i = 0; i < -shift; ++i) {
    coarse *= 10;
    if (coarse > number.digits) return false;
  }
  return number.digits % coarse == 0;
}

strong_ordering compare(const Json& left, const Json& right) {
  return compare_at(left, right, 0);
}

}  // namespace sequent::schema
