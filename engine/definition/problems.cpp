// Error definitions (`raise.error`, `use.errors`) and error filters (`catch.errors.with`).
#include "engine/definition/compiler.hpp"

namespace sequent::definition {
namespace {

// The language's prose and its conformance kit spell the standard types differently; both are read,
// and the prose's form is what runs see, so that a filter matches however its author spelt it.
std::string standard_type(const std::string& type) {
  constexpr std::string_view other = "https://serverlessworkflow.io/dsl/errors/types/";
  constexpr std::string_view prose = "https://serverlessworkflow.io/spec/1.0.0/errors/";
  if (!type.starts_with(other)) return type;
  const std::string name = type.substr(other.size());
  const std::vector<std::string_view> standard = {"configuration",  "validation",    "expression",
                                                  "authentication", "authorization", "timeout",
                                                  "communication",  "runtime"};
  const bool known = std::find(standard.begin(), standard.end(), name) != standard.end();
  return known ? std::string{prose} + name : type;
}

void check_status(Compiler& compiler, const Value& value) {
  if (is_expression(compiler, *value.json)) return;
  (void)read_integer(compiler.report, value, "a status", 100, 599);
}

}  // namespace

Template read_problem(Compiler& compiler, const Value& value, const Variables& variables) {
  if (value.json->is_string()) {
    const auto named = compiler.resolve("errors", "error", value);
    if (!named || !named->json->is_object()) return {};
    return read_problem(compiler, *named, variables);
  }
  Fields fields{compiler.report, value, "an error"};
  const auto type = fields.require("type", "a URI that names the kind of error");
  const auto status = fields.require("status", "an HTTP status");
  if (type) (void)read_text(compiler.report, *type, "the type of an error");
  if (status) check_status(compiler, *status);
  for (const std::string_view name : {"title", "detail", "instance"}) {
    if (const auto member = fields.get(name))
      (void)read_text(compiler.report, *member, "the " + std::string{name} + " of an error");
  }
  fields.finish();
  if (!fields.usable()) return {};
  Template out = read_template(compiler, value, variables);
  Json& kind = out.skeleton["type"];
  if (kind.is_string()) kind = standard_type(kind.get<std::string>());
  return out;
}

void read_error_filter(Compiler& compiler, const Value& value, TryTask& task,
                       const Variables& variables) {
  Fields fields{compiler.report, value, "an error filter"};
  Json constants = Json::object();
  for (const std::string_view name : {"type", "status", "instance", "title", "details", "detail"}) {
    const auto member = fields.get(name);
    if (!member) continue;
    // Problem details call it `detail`; the schema's filter says `details`.
    const std::string attribute = name == "details" ? "detail" : std::string{name};
    if (const auto id = whole_expression(compiler, *member, variables)) {
      task.error_filter_expressions.emplace_back(attribute, *id);
    } else if (name == "status") {
      if (read_integer(compiler.report, *member, "a status", 100, 599))
        constants[attribute] = *member->json;
    } else if (const auto text = read_text(compiler.report, *member,
                                           "the " + std::string{name} + " of an error")) {
      constants[attribute] = name == "type" ? standard_type(*text) : *text;
    }
  }
  fields.finish();
  if (fields.usable() && value.json->empty()) {
    compiler.report.mistyped(value, "an error filter with type, status, instance, title or details",
                             "leave `errors` out to catch every error");
  }
  if (!constants.empty()) task.error_filter = std::move(constants);
}

}  // namespace sequent::definition
