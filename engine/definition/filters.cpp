// `input`, `output` and `export`: a schema and a transformation.
#include "engine/definition/compiler.hpp"

namespace sequent::definition {
namespace {

std::optional<schema::Draft> draft_of(std::string_view format) {
  constexpr std::string_view prefix = "json";
  if (!format.starts_with(prefix)) return std::nullopt;
  std::string_view version = format.substr(prefix.size());
  if (version.empty()) return schema::Draft::draft_2020_12;
  if (!version.starts_with(':')) return std::nullopt;
  version.remove_prefix(1);
  if (version == "2020-12" || version == "draft/2020-12" || version == "draft-2020-12")
    return schema::Draft::draft_2020_12;
  if (version == "draft-07" || version == "draft-7" || version == "07" || version == "7")
    return schema::Draft::draft_07;
  return std::nullopt;
}

std::shared_ptr<const schema::Schema> read_schema(Compiler& compiler, const Value& value) {
  Fields fields{compiler.report, value, "a schema"};
  schema::Options options;
  if (const auto format = fields.get("format")) {
    if (const auto text = read_text(compiler.report, *format, "the format of a schema")) {
      const auto draft = draft_of(*text);
      if (!draft) {
        compiler.report.mistyped(*format, "a schema format that this engine knows",
                                 "write json, json:2020-12 or json:draft-07");
      }
      options.default_draft = draft.value_or(options.default_draft);
    }
  }
  const auto resource = fields.get("resource");
  const auto document = fields.get("document");
  fields.finish();
  if (resource) {
    compiler.refuse(*resource, "a schema kept elsewhere (`resource`)");
    return nullptr;
  }
  if (!document) {
    if (fields.usable()) {
      compiler.report.at_key(value.pointer,
                             "a schema needs `document`: expected a JSON Schema, got nothing",
                             "put the schema under `document`");
    }
    return nullptr;
  }
  auto compiled = schema::Schema::compile(*document->json, options);
  if (compiled) return std::make_shared<const schema::Schema>(std::move(*compiled));
  if (compiled.error().findings.empty())
    compiler.report.at_value(document->pointer, "no valid schema: " + compiled.error().detail);
  std::set<std::string> told;
  for (const Finding& finding : compiled.error().findings) {
    // The meta-schema refuses one value by several rules; the first is the nearest.
    if (!told.insert(finding.pointer).second) continue;
    compiler.report.at_value(document->pointer + finding.pointer,
                             "no valid schema: " + finding.message, finding.hint);
  }
  return nullptr;
}

}  // namespace

DataFilter read_filter(Compiler& compiler, const Value& value, std::string_view transform,
                       std::string what, const Variables& variables) {
  DataFilter out;
  Fields fields{compiler.report, value, std::move(what)};
  if (const auto schema = fields.get("schema")) out.schema = read_schema(compiler, *schema);
  if (const auto from = fields.get(transform)) {
    if (from->json->is_object()) {
      out.transform = read_template(compiler, *from, variables);
    } else if (from->json->is_string()) {
      const std::string name = "`" + std::string{transform} + "`";
      if (const auto id = read_expression(compiler, *from, name, variables))
        out.transform = expression_template(*id);
    } else {
      compiler.report.mistyped(*from, "an expression or an object of expressions");
    }
  }
  fields.finish();
  return out;
}

}  // namespace sequent::definition
