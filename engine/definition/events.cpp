// Event filters and strategies of `listen` and `schedule.on`.
#include "engine/definition/compiler.hpp"

namespace sequent::definition {
namespace {

// A dot or a question mark is ordinary in types and sources; these are not.
bool is_regular_expression(std::string_view text) {
  return text.find_first_of("^$*+[]()|\\") != std::string_view::npos;
}

void read_constant(Compiler& compiler, const Value& value, EventAttribute& attribute) {
  const bool text = value.json->is_string();
  if (!text || attribute.name == "data" ||
      !is_regular_expression(value.json->get_ref<const std::string&>())) {
    attribute.equals = *value.json;
    return;
  }
  attribute.pattern_source = value.json->get<std::string>();
  constexpr std::size_t longest = 1'000;
  if (attribute.pattern_source.size() > longest) {
    compiler.report.at_value(value.pointer, "expected a regular expression of at most " +
                                                std::to_string(longest) + " characters, got " +
                                                std::to_string(attribute.pattern_source.size()));
    return;
  }
  // The library reports a bad pattern by an exception only.
  try {
    attribute.pattern.emplace(attribute.pattern_source, std::regex::ECMAScript);
  } catch (const std::regex_error& error) {
    compiler.report.at_value(value.pointer,
                             "the regular expression `" + attribute.pattern_source +
                                 "` does not compile: " + error.what(),
                             "put a backslash before characters that are meant as such");
  }
}

bool holds_expression(const Compiler& compiler, const Json& value) {
  if (value.is_string()) return is_expression(compiler, value);
  if (!value.is_structured()) return false;
  return std::any_of(value.begin(), value.end(),
                     [&](const Json& part) { return holds_expression(compiler, part); });
}

void read_attribute(Compiler& compiler, const Value& value, const std::string& name,
                    EventFilter& filter, const Variables& variables) {
  EventAttribute attribute{.name = name};
  if (value.json->is_string() && is_expression(compiler, *value.json)) {
    attribute.expression = whole_expression(compiler, value, variables);
  } else if (holds_expression(compiler, *value.json)) {
    compiler.report.at_value(value.pointer,
                             "expected a constant or one expression for the whole attribute, got " +
                                 describe(*value.json) + " with expressions inside",
                             "write one condition: ${ .field == 1 }");
  } else if (name != "data" && !value.json->is_primitive()) {
    compiler.report.mistyped(value, "an event attribute (text, a number, true or false)");
  } else {
    read_constant(compiler, value, attribute);
    if (name == "type" && attribute.equals && attribute.equals->is_string())
      filter.type = attribute.equals->get<std::string>();
  }
  filter.attributes.push_back(std::move(attribute));
}

void read_correlation(Compiler& compiler, const Value& value, const std::string& name,
                      EventFilter& filter, const Variables& variables) {
  Correlation out{.name = name};
  Fields fields{compiler.report, value, "a correlation"};
  if (const auto from = fields.require("from", "an expression over the event"))
    out.from = read_expression(compiler, *from, "`from`", variables).value_or(0);
  if (const auto expect = fields.get("expect")) {
    if (is_expression(compiler, *expect->json)) {
      out.expect = whole_expression(compiler, *expect, variables);
    } else if (expect->json->is_primitive()) {
      out.expect_constant = *expect->json;
    } else {
      compiler.report.mistyped(*expect, "a constant or an expression");
    }
  }
  fields.finish();
  filter.correlations.push_back(std::move(out));
}

std::uint32_t read_event_filter(Compiler& compiler, const Value& value, std::string pointer,
                                const Variables& variables) {
  EventFilter filter{.pointer = std::move(pointer)};
  Fields fields{compiler.report, value, "an event filter"};
  const auto with = fields.require("with", "the attributes that events must have");
  if (with && is_object(compiler.report, *with, "the attributes of events")) {
    for (const auto& [name, attribute] : with->json->items())
      read_attribute(compiler, with->member(name), name, filter, variables);
    if (with->json->empty()) {
      compiler.report.mistyped(*with, "at least one attribute of events",
                               "an empty `any: []` listens to every event");
    }
  }
  const auto correlate = fields.get("correlate");
  if (correlate && is_object(compiler.report, *correlate, "correlations by name")) {
    for (const auto& [name, correlation] : correlate->json->items())
      read_correlation(compiler, correlate->member(name), name, filter, variables);
  }
  fields.finish();
  compiler.program.filters.push_back(std::move(filter));
  return static_cast<std::uint32_t>(compiler.program.filters.size() - 1);
}

std::vector<std::uint32_t> read_filters(Compiler& compiler, const Value& list,
                                        const std::string& pointer, const Variables& variables) {
  std::vector<std::uint32_t> out;
  if (!is_list(compiler.report, list, "event filters")) return out;
  for (std::size_t i = 0; i < list.json->size(); ++i) {
    out.push_back(
        read_event_filter(compiler, list.item(i), pointer + "/" + std::to_string(i), variables));
  }
  return out;
}

void read_until(Compiler& compiler, const Value& value, const std::string& pointer,
                EventStrategy& out, const Variables& variables) {
  if (!value.json->is_object()) {
    out.until = read_expression(compiler, value, "`until` (or the events that end the listening)",
                                variables);
    return;
  }
  if (value.json->contains("until")) {
    compiler.report.at_key(value.pointer + "/until", "`until` can't have an `until` of its own",
                           "remove it");
    return;
  }
  EventStrategy end = read_strategy(compiler, value, pointer, variables);
  out.until_mode = end.mode;
  out.until_filters = std::move(end.filters);
  if (out.until_filters.empty() && value.json->contains("any")) {
    compiler.report.mistyped(value, "at least one event filter that ends the listening");
  }
}

}  // namespace

EventStrategy read_strategy(Compiler& compiler, const Value& value, const std::string& pointer,
                            const Variables& variables) {
  EventStrategy out;
  Fields fields{compiler.report, value, "an event strategy"};
  const auto one = fields.get("one");
  const auto any = fields.get("any");
  const auto all = fields.get("all");
  const auto until = fields.get("until");
  fields.finish();
  if (!fields.usable()) return out;
  if (one.has_value() + any.has_value() + all.has_value() != 1) {
    compiler.report.at_key(value.pointer,
                           "expected one of one, any and all, got " +
                               std::string{one || any || all ? "several" : "none"},
                           "write one: {with: {type: …}}");
    return out;
  }
  if (one) {
    out.filters = {read_event_filter(compiler, *one, pointer + "/one", variables)};
  } else if (any) {
    out.mode = EventStrategy::Mode::any;
    out.filters = read_filters(compiler, *any, pointer + "/any", variables);
  } else {
    out.mode = EventStrategy::Mode::all;
    out.filters = read_filters(compiler, *all, pointer + "/all", variables);
    if (all->json->is_array() && all->json->empty())
      compiler.report.mistyped(*all, "at least one event filter",
                               "`any: []` listens to every event");
  }
  if (!until) return out;
  if (!any) {
    compiler.report.at_key(until->pointer, "`until` goes with `any` only",
                           "remove it, or listen to `any`");
    return out;
  }
  read_until(compiler, *until, pointer + "/until", out, variables);
  return out;
}

}  // namespace sequent::definition
