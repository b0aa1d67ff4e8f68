#include "engine/definition/compile.hpp"

#include "base/digest.hpp"
#include "engine/definition/compiler.hpp"

namespace sequent::definition {
namespace {

Error error_of(const CompileOptions& options, std::vector<Finding> findings) {
  for (Finding& finding : findings) finding.file = options.file;
  const std::string count =
      findings.size() == 1 ? "one mistake" : std::to_string(findings.size()) + " mistakes";
  const std::string where = options.file.empty() ? "The definition" : options.file;
  const Finding& first = findings.front();
  std::string detail = where + " has " + count + "; the first";
  if (first.line > 0) {
    detail +=
        ", in line " + std::to_string(first.line) + ", column " + std::to_string(first.column);
  }
  return Error{.code = ErrorCode::invalid_definition,
               .detail = detail + ": " + first.message + ".",
               .findings = std::move(findings)};
}

void collect_texts(const Json& value, std::set<std::string>& out) {
  if (value.is_string()) {
    out.insert(value.get<std::string>());
  } else if (value.is_structured()) {
    for (const Json& part : value) collect_texts(part, out);
  }
}

void read_evaluate(Compiler& compiler, const Value& value) {
  Fields fields{compiler.report, value, "`evaluate`"};
  const auto language = fields.get("language");
  if (language && *language->json != "jq") {
    compiler.report.mistyped(*language, "the expression language jq",
                             "this engine evaluates jq only");
  }
  if (const auto mode = fields.get("mode")) {
    const auto text = read_choice(compiler.report, *mode, "`mode`", {"strict", "loose"});
    compiler.loose = text == "loose";
  }
  fields.finish();
  if (!compiler.loose) return;
  std::set<std::string> texts;
  collect_texts(compiler.document.root, texts);
  if (texts.size() > most_expressions) {
    compiler.report.at_value(value.pointer,
                             "loose mode tries every text as an expression, and there "
                             "are more than " +
                                 std::to_string(most_expressions),
                             "use strict mode: write expressions as ${ … }");
    return;
  }
  compiler.loose_expressions = compilable(texts, compiler.options.expression_limits);
}

void read_workflow(Compiler& compiler) {
  const Value whole{.json = &compiler.document.root, .pointer = ""};
  Program& program = compiler.program;
  Node& root = program.nodes.emplace_back();
  root.line = 1;
  Fields fields{compiler.report, whole, "a workflow"};
  if (!fields.usable()) return;
  if (const auto evaluate = fields.get("evaluate")) read_evaluate(compiler, *evaluate);
  if (const auto use = fields.get("use")) read_use(compiler, *use);
  if (const auto header = fields.require("document", "the workflow's name and version"))
    read_header(compiler, *header);
  const Variables none = std::make_shared<const std::vector<std::string>>();
  if (const auto input = fields.get("input"))
    program.input = read_filter(compiler, *input, "from", "an input", none);
  if (const auto output = fields.get("output"))
    program.output = read_filter(compiler, *output, "as", "an output", none);
  if (const auto timeout = fields.get("timeout"))
    program.timeout = read_timeout(compiler, *timeout, none);
  if (const auto schedule = fields.get("schedule")) read_schedule(compiler, *schedule);
  check_functions(compiler);
  if (const auto tasks = fields.require("do", "the tasks of the workflow")) {
    DoTask body{.tasks = read_tasks(compiler, *tasks, "/do", 0, none)};
    program.nodes[0].body = std::move(body);
  }
  fields.finish();
  report_unresolved(compiler);
  link_metadata(compiler, compiler.document.root);
  report_unreached(compiler);
}

}  // namespace

Compiler::Compiler(const Document& source, const CompileOptions& with_options)
    : document{source},
      options{with_options},
      report{source, with_options.file},
      expressions{with_options.expression_limits, with_options.interpreters} {
  for (const Finding& finding : document.findings) report.add(finding);
}

const Json& Compiler::reusable(std::string_view kind) const {
  static const Json none = Json::object();
  const auto use = document.root.find("use");
  if (use == document.root.end() || !use->is_object()) return none;
  const auto found = use->find(std::string{kind});
  return found == use->end() || !found->is_object() ? none : *found;
}

std::optional<Value> Compiler::resolve(std::string_view kind, std::string_view what,
                                       const Value& reference) {
  const Json& all = reusable(kind);
  const auto& name = reference.json->get_ref<const std::string&>();
  const std::string place = "/use/" + std::string{kind};
  if (all.contains(name)) return Value{.json = &all, .pointer = place}.member(name);
  const bool vowel = std::string_view{"aeiou"}.find(what.front()) != std::string_view::npos;
  const std::string_view article = vowel ? "an " : "a ";
  report.at_value(reference.pointer,
                  "expected the name of " + std::string{article} + std::string{what} + " of use." +
                      std::string{kind} + ", got `" + name + "`",
                  suggestion(name, member_names(all), "define it in use." + std::string{kind}));
  return std::nullopt;
}

void Compiler::refuse(const Value& value, std::string_view what) {
  report.at_value(value.pointer,
                  std::string{what} +
                      " is part of the language but not of this version of the "
                      "engine: it comes in a later one",
                  "remove it until then");
}

Result<ProgramPtr> compile(std::string_view text, const CompileOptions& options) {
  const DocumentLimits limits{.max_bytes = options.max_bytes,
                              .max_depth = options.max_depth,
                              .max_nodes = options.max_nodes};
  auto document = read_document(text, limits);
  if (!document) return std::unexpected(error_of(options, std::move(document.error())));

  Compiler compiler{*document, options};
  read_workflow(compiler);
  compiler.program.expressions =
      compiler.expressions.build(compiler.report, compiler.program.secrets);
  if (!compiler.report.empty()) return std::unexpected(error_of(options, compiler.report.take()));

  Program program = std::move(compiler.program);
  for (Node& node : program.nodes) {
    auto* call = std::get_if<CallTask>(&node.body);
    if (call) call->late_secrets = expression::names_secrets(call->arguments, *program.expressions);
  }
  program.source = text;
  program.document = document->root;
  program.digest = sha256_hex(dump_json(program.document));
  program.layout = layout_of(program);
  return std::make_shared<const Program>(std::move(program));
}

}  // namespace sequent::definition
