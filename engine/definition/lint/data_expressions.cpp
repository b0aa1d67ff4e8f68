#include "base/json_pointer.hpp"
#include "engine/definition/lint/linter.hpp"
#include "engine/expression/expression.hpp"

namespace sequent::definition::lint {
namespace {

// `bare`: text that is an expression with or without its `${ }`, such as the `as` of an output.
void collect(const Json& value, const std::string& pointer, bool bare,
             std::vector<Expression>& out) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    auto source = expression::strip_expression(text);
    if (!source && !bare) return;
    if (!source) source = text;
    const auto open = text.find("${");
    const auto at = text.find(*source, open == std::string::npos ? 0 : open + 2);
    out.push_back({.pointer = pointer,
                   .source = *std::move(source),
                   .offset = at == std::string::npos ? 0 : at});
  } else if (value.is_structured()) {
    for (const auto& [name, member] : value.items())
      collect(member, pointer + "/" + pointer_segment(name), false, out);
  }
}

void collect_decimals(const Json& value, const std::string& pointer,
                      std::vector<DecimalNumber>& out) {
  if (value.is_number_float()) out.push_back({.pointer = pointer, .text = value.dump()});
  if (!value.is_structured()) return;
  for (const auto& [name, member] : value.items())
    collect_decimals(member, pointer + "/" + pointer_segment(name), out);
}

struct Part {
  const char* pointer;
  bool bare = false;
};

constexpr Part parts[] = {{"/with"},
                          {"/set"},
                          {"/emit/event/with"},
                          {"/run/workflow/input"},
                          {"/input/from", true},
                          {"/output/as", true},
                          {"/export/as", true},
                          {"/foreach/output/as", true},
                          {"/foreach/export/as", true},
                          {"/metadata/respond"}};

}  // namespace

std::vector<Expression> data_expressions(const Node& node) {
  std::vector<Expression> out;
  for (const auto& part : parts) {
    const Json::json_pointer at{part.pointer};
    if (node.definition.is_object() && node.definition.contains(at))
      collect(node.definition.at(at), node.place + part.pointer, part.bare, out);
  }
  return out;
}

std::vector<DecimalNumber> decimal_numbers(const Node& node) {
  std::vector<DecimalNumber> out;
  for (const auto& part : parts) {
    const Json::json_pointer at{part.pointer};
    if (node.definition.is_object() && node.definition.contains(at))
      collect_decimals(node.definition.at(at), node.place + part.pointer, out);
  }
  return out;
}

std::vector<Expression> output_expressions(const Program& program) {
  std::vector<Expression> out;
  const Json::json_pointer at{"/output/as"};
  if (program.document.contains(at)) collect(program.document.at(at), "/output/as", true, out);
  return out;
}

}  // namespace sequent::definition::lint
