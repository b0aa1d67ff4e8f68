#include "engine/schema/schema.hpp"

#include "base/assert.hpp"
#include "engine/schema/builder.hpp"
#include "engine/schema/registry.hpp"
#include "engine/schema/text.hpp"
#include "engine/schema/uri.hpp"

namespace sequent::schema {

struct Schema::Compiled {
  Tree tree;
  std::size_t max_violations = 0;
  std::size_t max_steps = 0;
};

namespace {

constexpr std::size_t max_findings = 50;

std::unexpected<Error> refused(std::vector<Finding> findings) {
  if (findings.size() > max_findings) findings.resize(max_findings);
  Error error{.code = ErrorCode::invalid_definition, .detail = "", .findings = {}};
  const Finding& first = findings.front();
  error.detail = "expected a valid JSON Schema, but \"" + first.pointer + "\": " + first.message;
  error.findings = std::move(findings);
  return std::unexpected(std::move(error));
}

std::unexpected<Error> refused_at(std::string pointer, std::string message, std::string hint = "") {
  Finding finding;
  finding.pointer = std::move(pointer);
  finding.message = std::move(message);
  finding.hint = std::move(hint);
  return refused({std::move(finding)});
}

// The tree of a document that its meta-schema has accepted. All of it is compiled, used or not: a
// wrong part in `$defs` should not wait for the first value that reaches it.
std::vector<Finding> build(Tree& tree, const Json& document, const Dialect& dialect,
                           const Options& options, const Schema::Documents& documents) {
  Registry registry(documents, options.default_draft);
  Builder builder(registry, tree, options.assert_format);
  const auto places = registry.add(document, "", dialect, true);
  tree.root = builder.node_of(places.front());
  for (const auto& place : places) builder.node_of(place);
  builder.finish();
  return std::move(builder.findings());
}

std::vector<Violation> walk(const Tree& tree, const Json& value, std::size_t max_violations,
                            std::size_t max_steps) {
  Run run(max_violations, max_steps);
  const bool valid = run.check(*tree.root, value, Path{}, nullptr, nullptr);
  return run.finish(valid);
}

Tree meta_tree(Draft draft) {
  const Json reference = {{"$ref", draft == Draft::draft_07
                                       ? "http://json-schema.org/draft-07/schema"
                                       : "https://json-schema.org/draft/2020-12/schema"}};
  Tree tree;
  const auto findings = build(tree, reference, Dialect{draft}, Options{}, {});
  SEQUENT_ASSERT(findings.empty());
  return tree;
}

const Tree& known_meta_tree(Draft draft) {
  static const Tree draft_07 = meta_tree(Draft::draft_07);
  static const Tree draft_2020_12 = meta_tree(Draft::draft_2020_12);
  return draft == Draft::draft_07 ? draft_07 : draft_2020_12;
}

std::vector<Finding> findings_of(std::vector<Violation> violations) {
  std::vector<Finding> findings;
  for (auto& violation : violations) {
    Finding finding;
    finding.message = std::move(violation.message);
    finding.pointer = std::move(violation.instance_pointer);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

Result<Schema> Schema::compile(const Json& document, const Options& options,
                               const Documents& documents) {
  if (!document.is_object() && !document.is_boolean())
    return refused_at("", "expected a schema (object or boolean), got " + described(document));

  Dialect dialect{options.default_draft};
  const std::string* meta_schema = text_member(document, "$schema");
  if (meta_schema != nullptr) {
    const auto named = Registry(documents, options.default_draft).dialect_of(*meta_schema);
    if (!named)
      return refused_at("/$schema",
                        "expected a known draft, got \"" + shortened(*meta_schema) + "\"",
                        "use https://json-schema.org/draft/2020-12/schema or "
                        "http://json-schema.org/draft-07/schema#");
    dialect = *named;
  }

  const bool is_own = meta_schema != nullptr && !draft_of(*meta_schema);
  if (is_own) {
    Tree meta;
    const Json reference = {{"$ref", *meta_schema}};
    auto faults = build(meta, reference, Dialect{dialect.draft}, Options{}, documents);
    if (faults.empty())
      faults = findings_of(walk(meta, document, max_findings, Options{}.max_steps));
    if (!faults.empty()) return refused(std::move(faults));
  } else {
    auto faults = findings_of(
        walk(known_meta_tree(dialect.draft), document, max_findings, Options{}.max_steps));
    if (!faults.empty()) return refused(std::move(faults));
  }

  auto compiled = std::make_shared<Compiled>();
  compiled->max_violations = std::max<std::size_t>(options.max_violations, 1);
  compiled->max_steps = options.max_steps;
  auto faults = build(compiled->tree, document, dialect, options, documents);
  if (!faults.empty()) return refused(std::move(faults));
  Schema schema;
  schema.compiled_ = std::move(compiled);
  return schema;
}

std::vector<Violation> Schema::validate(const Json& value) const {
  SEQUENT_ASSERT(compiled_ != nullptr);
  return walk(compiled_->tree, value, compiled_->max_violations, compiled_->max_steps);
}

}  // namespace sequent::schema
