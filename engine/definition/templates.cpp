// Expressions and templates.
#include "engine/definition/compiler.hpp"

namespace sequent::definition {
namespace {

// Where the expression begins inside its `${ … }`.
std::size_t offset_of(std::string_view text, std::string_view source) {
  const std::size_t open = text.find("${");
  if (open == std::string_view::npos) return 0;
  const std::size_t at = text.find(source, open + 2);
  return at == std::string_view::npos ? 0 : at;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

std::optional<ExpressionId> add(Compiler& compiler, const Value& value, std::string source,
                                const Variables& variables) {
  const std::string_view text = value.json->get_ref<const std::string&>();
  const std::size_t offset = offset_of(text, source);
  if (is_blank(source)) {
    compiler.report.inside(value.pointer, offset, "expected an expression, got empty text",
                           "write `.` for the value itself");
    return std::nullopt;
  }
  return compiler.expressions.add(std::move(source), value.pointer, offset, variables);
}

void fill_template(Compiler& compiler, const Value& value, const Variables& variables,
                   const Json::json_pointer& at, Json& skeleton, std::vector<Hole>& holes) {
  if (value.json->is_string()) {
    if (const auto id = whole_expression(compiler, value, variables)) {
      holes.push_back({.at = at, .expression = *id});
      skeleton = nullptr;
    } else {
      skeleton = *value.json;
    }
  } else if (value.json->is_object()) {
    skeleton = Json::object();
    for (const auto& [name, member] : value.json->items())
      fill_template(compiler, value.member(name), variables, at / name, skeleton[name], holes);
  } else if (value.json->is_array()) {
    skeleton = Json::array();
    for (std::size_t i = 0; i < value.json->size(); ++i) {
      skeleton.push_back(nullptr);
      fill_template(compiler, value.item(i), variables, at / i, skeleton.back(), holes);
    }
  } else {
    skeleton = *value.json;
  }
}

}  // namespace

bool is_expression(const Compiler& compiler, const Json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return expression::strip_expression(text).has_value() ||
         (compiler.loose && compiler.loose_expressions.contains(text));
}

std::optional<ExpressionId> read_expression(Compiler& compiler, const Value& value,
                                            std::string_view what, const Variables& variables) {
  const std::string expectation = std::string{what} + " (an expression)";
  if (!value.json->is_string()) {
    compiler.report.mistyped(value, expectation, "expressions are text: write \"${ … }\"");
    return std::nullopt;
  }
  const auto& text = value.json->get_ref<const std::string&>();
  auto stripped = expression::strip_expression(text);
  return add(compiler, value, stripped ? *std::move(stripped) : text, variables);
}

std::optional<ExpressionId> whole_expression(Compiler& compiler, const Value& value,
                                             const Variables& variables) {
  if (!value.json->is_string()) return std::nullopt;
  const auto& text = value.json->get_ref<const std::string&>();
  if (auto stripped = expression::strip_expression(text))
    return add(compiler, value, *std::move(stripped), variables);
  if (!compiler.loose || !compiler.loose_expressions.contains(text)) return std::nullopt;
  // Loose mode: what fails when it is evaluated is the text itself.
  const std::string source = "try (" + text + "\n) catch " + dump_json(Json(text));
  return compiler.expressions.add(source, value.pointer, 0, variables);
}

Template read_template(Compiler& compiler, const Value& value, const Variables& variables) {
  Template out;
  fill_template(compiler, value, variables, Json::json_pointer{}, out.skeleton, out.holes);
  return out;
}

Template constant_template(Json value) {
  return {.skeleton = std::move(value), .holes = {}};
}

Template expression_template(ExpressionId id) {
  Template out;
  out.holes.push_back({.at = Json::json_pointer{}, .expression = id});
  return out;
}

void set_member(Template& whole, std::string_view name, Template part) {
  const std::string member{name};
  whole.skeleton[member] = std::move(part.skeleton);
  for (Hole& hole : part.holes) {
    whole.holes.push_back(
        {.at = Json::json_pointer{} / member / hole.at, .expression = hole.expression});
  }
}

}  // namespace sequent::definition
