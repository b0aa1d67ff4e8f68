// Does an event fit a filter? Used by the machine to decide and by the runtime to find candidates.
#include "base/digest.hpp"
#include "engine/machine/command.hpp"
#include "engine/machine/decide.hpp"

namespace sequent::machine {

using definition::EventAttribute;
using definition::EventFilter;
using definition::Program;

namespace {

Result<bool> attribute_fits(const Program& program, const EventAttribute& attribute,
                            const Json& event, Timestamp now) {
  const auto actual = event.find(attribute.name);
  if (attribute.expression) {
    const expression::Scope scope{.now = now};
    const Json null;
    const auto& dot = attribute.name != "data" ? event : actual == event.end() ? null : *actual;
    auto result = program.expressions->evaluate(*attribute.expression, dot, scope);
    if (!result) return std::unexpected(result.error());
    if (result->is_boolean()) return result->get<bool>();
    return actual != event.end() && *result == *actual;
  }
  if (actual == event.end()) return false;
  if (attribute.equals) return *attribute.equals == *actual;
  if (attribute.pattern && actual->is_string()) {
    const auto& text = actual->get_ref<const std::string&>();
    // The pattern's engine recurses with the text: attributes are short by their specification.
    return text.size() <= 1024 && std::regex_match(text, *attribute.pattern);
  }
  return false;
}

}  // namespace

Result<bool> matches(const Program& program, const EventFilter& filter, const Json& event,
                     Timestamp now) {
  for (const auto& attribute : filter.attributes) {
    const auto fits = attribute_fits(program, attribute, event, now);
    if (!fits || !*fits) return fits;
  }
  return true;
}

Result<std::map<std::string, Json>> correlate(const Program& program, const EventFilter& filter,
                                              const Json& event, Timestamp now) {
  std::map<std::string, Json> values;
  const expression::Scope scope{.now = now};
  for (const auto& correlation : filter.correlations) {
    auto value = program.expressions->evaluate(correlation.from, event, scope);
    if (!value) return std::unexpected(value.error());
    values[correlation.name] = std::move(*value);
  }
  return values;
}

std::string filter_key(const Program& program, std::uint32_t filter) {
  if (filter == UINT32_MAX) return "*";
  return program.digest.substr(0, 32) + program.filters.at(filter).pointer;
}

std::string correlation_hash(const std::map<std::string, Json>& values) {
  if (values.empty()) return {};
  return sha256_hex(dump_json(Json(values))).substr(0, 32);
}

}  // namespace sequent::machine
