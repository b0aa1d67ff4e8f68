// `metadata.arrows` and `metadata.clientArrows`: which arrows of the documenting sequence diagram a
// task, or the caller, carries out. "From -> To: text" is a call, "From --> To: text" an answer.
#include "engine/definition/compiler.hpp"

namespace sequent::definition {
namespace {

constexpr std::string_view shape = "an arrow such as `Gateway -> Stripe: Create customer`";

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string{text.substr(first, text.find_last_not_of(' ') - first + 1)};
}

std::optional<Arrow> parse_arrow(std::string_view text) {
  const auto head = text.find("> ");
  const auto colon = head == std::string_view::npos ? head : text.find(':', head);
  if (colon == std::string_view::npos || head == 0 || text[head - 1] != '-') return std::nullopt;
  Arrow arrow;
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

}  // namespace

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
    arrows.push_back(*std::move(arrow));
  }
  return arrows;
}

}  // namespace sequent::definition
