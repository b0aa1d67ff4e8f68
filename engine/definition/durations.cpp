// Durations and timeouts.
#include "engine/definition/compiler.hpp"

namespace sequent::definition {
namespace {

constexpr DurationMs most_ms = DurationMs{36'500} * 24 * 3'600'000;  // a hundred years

std::optional<Duration> read_parts(Compiler& compiler, const Value& value, std::string_view what) {
  struct Unit {
    std::string_view name;
    DurationMs ms;
  };
  constexpr Unit units[] = {{"days", 86'400'000},
                            {"hours", 3'600'000},
                            {"minutes", 60'000},
                            {"seconds", 1'000},
                            {"milliseconds", 1}};
  Fields fields{compiler.report, value, std::string{what}};
  Duration out;
  bool good = true;
  bool any = false;
  for (const Unit& unit : units) {
    const auto part = fields.get(unit.name);
    if (!part) continue;
    any = true;
    const auto count = read_integer(compiler.report, *part, unit.name, 0, most_ms / unit.ms);
    good = good && count.has_value();
    out.fixed_ms += count.value_or(0) * unit.ms;
  }
  fields.finish();
  if (!any && value.json->empty()) {
    compiler.report.mistyped(value, std::string{what} +
                                        " with days, hours, minutes, seconds or "
                                        "milliseconds");
  }
  if (!good || !any) return std::nullopt;
  if (out.fixed_ms > most_ms) {
    compiler.report.at_value(
        value.pointer, "expected at most a hundred years, got " + format_duration(out.fixed_ms));
    return std::nullopt;
  }
  return out;
}

}  // namespace

std::optional<Duration> read_duration(Compiler& compiler, const Value& value, std::string_view what,
                                      const Variables& variables) {
  if (value.json->is_object()) return read_parts(compiler, value, what);
  if (value.json->is_string()) {
    const auto& text = value.json->get_ref<const std::string&>();
    if (expression::strip_expression(text)) {
      const auto id = whole_expression(compiler, value, variables);
      return id ? std::optional{Duration{.fixed_ms = 0, .expression = *id}} : std::nullopt;
    }
    const auto parsed = parse_duration(text);
    if (parsed && *parsed >= 0 && *parsed <= most_ms)
      return Duration{.fixed_ms = *parsed, .expression = std::nullopt};
  }
  compiler.report.mistyped(value, std::string{what} + " (an object, ISO 8601 text or ${ … })",
                           "write {minutes: 5} or PT5M; years and months have no fixed length");
  return std::nullopt;
}

std::optional<Duration> read_timeout(Compiler& compiler, const Value& value,
                                     const Variables& variables) {
  if (value.json->is_string()) {
    const auto named = compiler.resolve("timeouts", "timeout", value);
    if (!named || !named->json->is_object()) return std::nullopt;
    return read_timeout(compiler, *named, variables);
  }
  Fields fields{compiler.report, value, "a timeout"};
  std::optional<Duration> out;
  if (const auto after = fields.require("after", "a duration"))
    out = read_duration(compiler, *after, "a duration", variables);
  fields.finish();
  if (out && !out->expression && out->fixed_ms == 0) {
    compiler.report.at_value(value.pointer + "/after",
                             "expected a timeout longer than nothing, got 0 ms");
    return std::nullopt;
  }
  return out;
}

}  // namespace sequent::definition
