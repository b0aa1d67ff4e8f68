#include <array>
#include <charconv>

#include "crashtest/trial.hpp"

namespace sequent::crashtest {
namespace {

constexpr std::array<std::pair<Trouble, std::string_view>, 7> names{{
    {Trouble::crash_before, "before"},
    {Trouble::crash_after, "after"},
    {Trouble::reset, "reset"},
    {Trouble::lost, "lost"},
    {Trouble::broken, "500"},
    {Trouble::broken_after, "500-after"},
    {Trouble::duplicate, "duplicate"},
}};

}  // namespace

std::string Point::text() const {
  for (const auto& [kind, name] : names)
    if (kind == trouble) return std::string(name) + ":" + std::to_string(number);
  return "undisturbed";
}

Result<Point> Point::parse(const std::string& text) {
  const auto colon = std::min(text.find(':'), text.size());
  Point point;
  std::string known;
  for (const auto& [kind, name] : names) {
    if (name == text.substr(0, colon)) point.trouble = kind;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  const auto digits = colon < text.size() ? text.substr(colon + 1) : std::string();
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), point.number);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  if (point.trouble != Trouble::none && whole && point.number > 0) return point;
  return fail(ErrorCode::invalid_request,
              "Expected a point as KIND:NUMBER, such as before:7, with "
              "one of the kinds " +
                  known + ", got \"" + text + "\".");
}

}  // namespace sequent::crashtest
