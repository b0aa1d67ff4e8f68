#include "sandbox/random.hpp"

namespace sequent::sandbox {

// SplitMix64: any seed, zero included, gives a full-period sequence.
std::uint64_t Random::next() {
  state_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t value = state_;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31);
}

double Random::uniform() {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

std::string Random::id(std::string_view prefix, std::size_t length) {
  constexpr std::string_view alphabet =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string text(prefix);
  for (std::size_t i = 0; i < length; ++i) text += alphabet[next() % alphabet.size()];
  // A digit tells a made id from one that a person chose, such as "price_websiteMonthly".
  const auto made = std::string_view(text).substr(prefix.size());
  if (length > 0 && made.find_first_of("0123456789") == std::string_view::npos)
    text.back() = alphabet[next() % 10];
  return text;
}

}  // namespace sequent::sandbox
