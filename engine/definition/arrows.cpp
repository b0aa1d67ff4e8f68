// `metadata.arrows` of a task and `metadata.clientArrows` of the document: which arrows of the source
// diagrams a task, or the caller, carries out. docs/diagrams.md has the rules.
#include <charconv>

#include "engine/definition/compiler.hpp"

namespace sequent::definition {
namespace {

constexpr std::string_view shape = "an arrow such as `(4) Gateway -> Stripe: Create customer`";
constexpr std::size_t most_places = 20;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
  constexpr std::uint32_t most = 999;
  std::uint32_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || number == 0 || number > most) return std::nullopt;
  return number;
}

/// Takes "(1, 2.5)" off the beginning of the text; an arrow without numbers is fine.
bool take_places(std::string_view& text, std::vector<ArrowPlace>& places) {
  if (!text.starts_with('(')) return true;
  const auto close = text.find(')');
  if (close == std::string_view::npos) return false;
  std::string_view list = text.substr(1, close - 1);
  text.remove_prefix(close + 1);
  while (places.size() < most_places) {
    const auto comma = std::min(list.find(','), list.size());
    const auto place = parse_arrow_place(trimmed(list.substr(0, comma)));
    if (!place) return false;
    places.push_back(*place);
    if (comma == list.size()) return true;
    list.remove_prefix(comma + 1);
  }
  return false;
}

std::optional<Arrow> parse_arrow(std::string_view text) {
  Arrow arrow;
  if (!take_places(text, arrow.places)) return std::nullopt;
  const auto head = text.find("> ");
  const auto colon = head == std::string_view::npos ? head : text.find(':', head);
  if (colon == std::string_view::npos || head == 0 || text[head - 1] != '-') return std::nullopt;
  auto shaft = head - 1;
  if (shaft > 0 && text[shaft - 1] == '-') {
    arrow.reply = true;
    --shaft;
  }
  arrow.from = trimmed(text.substr(0, shaft));
  arrow.to = trimmed(text.substr(head + 1, colon - head - 1));
  arrow.text = trimmed(text.substr(colon + 1));
  if (arrow.from.empty() || arrow.to.empty() || arrow.text.empty()) return std::nullopt;
  return arrow;
}

void check_participant(Compiler& compiler, const Value& value, const std::string& name) {
  const auto& known = compiler.program.participants;
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  compiler.report.at_value(
      value.pointer, "expected participants of document.metadata.participants, got `" + name + "`",
      suggestion(name, known, "list it there"));
}

void check_places(Compiler& compiler, const Value& value, const Arrow& arrow) {
  const auto diagrams = compiler.program.diagrams.size();
  for (const auto& place : arrow.places) {
    if (place.diagram <= diagrams) continue;
    compiler.report.at_value(value.pointer,
                             "the arrow is numbered in diagram " + std::to_string(place.diagram) +
                                 ", but document.metadata.diagrams names " +
                                 (diagrams == 0 ? "none" : std::to_string(diagrams)),
                             "list the diagram's title there");
  }
}

}  // namespace

std::optional<ArrowPlace> parse_arrow_place(std::string_view text) {
  const auto dot = text.find('.');
  const bool told = dot != std::string_view::npos;
  const auto diagram = told ? parse_number(text.substr(0, dot)) : std::optional<std::uint32_t>{1};
  const auto number = parse_number(told ? text.substr(dot + 1) : text);
  if (!diagram || !number) return std::nullopt;
  return ArrowPlace{.diagram = *diagram, .number = *number};
}

std::vector<Arrow> read_arrows(Compiler& compiler, const Value& value) {
  std::vector<Arrow> arrows;
  if (!is_list(compiler.report, value, "arrows")) return arrows;
  for (std::size_t i = 0; i < value.json->size(); ++i) {
    const Value item = value.item(i);
    auto arrow = item.json->is_string() ? parse_arrow(item.json->get_ref<const std::string&>())
                                        : std::nullopt;
    if (!arrow) {
      compiler.report.mistyped(item, shape);
      continue;
    }
    check_participant(compiler, item, arrow->from);
    check_participant(compiler, item, arrow->to);
    check_places(compiler, item, *arrow);
    arrows.push_back(*std::move(arrow));
  }
  return arrows;
}

}  // namespace sequent::definition
