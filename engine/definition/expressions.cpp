#include "engine/definition/expressions.hpp"

namespace sequent::definition {

using expression::CompileError;
using expression::ExpressionId;
using expression::ExpressionSet;
using expression::ExpressionSetBuilder;

namespace {

const std::vector<std::string>& arguments() {
  static const std::vector<std::string> names = {"authorization", "context", "input", "output",
                                                 "runtime",       "secrets", "task",  "workflow"};
  return names;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Offset of `$name` as a whole word.
std::size_t find_variable(std::string_view source, std::string_view name) {
  const std::string text = "$" + std::string{name};
  for (std::size_t at = source.find(text); at != std::string_view::npos;
       at = source.find(text, at + 1)) {
    const std::size_t end = at + text.size();
    if (end >= source.size() || !is_name_character(source[end])) return at;
  }
  return 0;
}

// The names after `$secrets.`, with their offsets.
std::vector<std::pair<std::string, std::size_t>> named_secrets(std::string_view source) {
  constexpr std::string_view prefix = "$secrets.";
  std::vector<std::pair<std::string, std::size_t>> out;
  for (std::size_t at = source.find(prefix); at != std::string_view::npos;
       at = source.find(prefix, at + 1)) {
    const std::size_t begin = at + prefix.size();
    std::size_t end = begin;
    while (end < source.size() && is_name_character(source[end])) ++end;
    if (end > begin) {
      out.emplace_back(source.substr(begin, end - begin), begin);
    } else if (end < source.size() && source[end] == '"') {
      const std::size_t close = source.find('"', end + 1);
      if (close != std::string_view::npos)
        out.emplace_back(source.substr(end + 1, close - end - 1), begin);
    }
  }
  return out;
}

}  // namespace

Variables with_variables(const Variables& outer, std::vector<std::string> added) {
  if (!outer) return nullptr;
  std::vector<std::string> all = *outer;
  all.insert(all.end(), added.begin(), added.end());
  return std::make_shared<const std::vector<std::string>>(std::move(all));
}

ExpressionId Expressions::add(std::string source, std::string_view where, std::size_t offset,
                              const Variables& variables) {
  const auto [found, fresh] = ids_.emplace(source, static_cast<ExpressionId>(sources_.size()));
  if (fresh) sources_.push_back(std::move(source));
  uses_.push_back(Use{.id = found->second,
                      .pointer = std::string{where},
                      .offset = offset,
                      .variables = variables});
  return found->second;
}

std::unique_ptr<const ExpressionSet> Expressions::build(
    Report& report, const std::vector<std::string>& secrets) const {
  if (sources_.size() > most_expressions) {
    const auto over = std::find_if(uses_.begin(), uses_.end(),
                                   [](const Use& use) { return use.id == most_expressions; });
    report.at_value(
        over->pointer,
        "the workflow has more than " + std::to_string(most_expressions) + " different expressions",
        "split it: `run: workflow` starts another one");
    return nullptr;
  }
  ExpressionSetBuilder all{limits_, interpreters_};
  std::vector<ExpressionId> ids;  // our id -> the builder's
  for (const std::string& source : sources_) ids.push_back(all.add(source));
  auto built = all.build();
  if (built) {
    check_names(**built, ids, secrets, report);
    return std::move(*built);
  }
  report_errors(built.error(), report);
  // The names in the others are checked all the same, so that one run tells every mistake.
  Bad bad;
  for (const CompileError& error : built.error()) bad.insert(error.id);
  ExpressionSetBuilder rest{limits_, 1};
  std::vector<ExpressionId> rest_ids;
  for (ExpressionId id = 0; id < sources_.size(); ++id)
    rest_ids.push_back(bad.contains(id) ? UINT32_MAX : rest.add(sources_[id]));
  if (auto good = rest.build()) check_names(**good, rest_ids, secrets, report);
  return nullptr;
}

void Expressions::report_errors(const std::vector<CompileError>& errors, Report& report) const {
  std::unordered_map<ExpressionId, const CompileError*> by_id;
  for (const CompileError& error : errors) by_id.emplace(error.id, &error);
  for (const Use& use : uses_) {
    const auto found = by_id.find(use.id);
    if (found == by_id.end()) continue;
    const CompileError& error = *found->second;
    report.inside(use.pointer, use.offset + error.offset.value_or(0),
                  "the expression `" + sources_[use.id] + "` does not compile: " + error.message);
  }
}

void Expressions::check_names(const ExpressionSet& set, const std::vector<ExpressionId>& ids,
                              const std::vector<std::string>& secrets, Report& report) const {
  for (const Use& use : uses_) {
    if (ids[use.id] == UINT32_MAX) continue;
    const expression::Needs& needs = set.needs(ids[use.id]);
    const std::string& source = sources_[use.id];
    for (const std::string& name : needs.variables) {
      if (!use.variables || contains(*use.variables, name)) continue;
      std::vector<std::string> known = arguments();
      known.insert(known.end(), use.variables->begin(), use.variables->end());
      for (std::string& each : known) each.insert(0, "$");
      report.inside(use.pointer, use.offset + find_variable(source, name),
                    "the expression names `$" + name + "`, which is not known here",
                    suggestion("$" + name, known));
    }
    if (!needs.secrets) continue;
    for (const auto& [name, offset] : named_secrets(source)) {
      if (contains(secrets, name)) continue;
      report.inside(use.pointer, use.offset + offset,
                    "the secret `" + name + "` is not listed in use.secrets",
                    suggestion(name, secrets, "add it to use.secrets"));
    }
  }
}

std::set<std::string> compilable(const std::set<std::string>& texts, expression::Limits limits) {
  std::vector<std::string> left(texts.begin(), texts.end());
  std::erase(left, "");
  // Each pass drops what does not compile; a builder that names them all at once needs two.
  while (!left.empty()) {
    ExpressionSetBuilder builder{limits, 1};
    std::vector<ExpressionId> ids;
    for (const std::string& text : left) ids.push_back(builder.add(text));
    const auto built = builder.build();
    if (built) break;
    std::set<ExpressionId> bad;
    for (const CompileError& error : built.error()) bad.insert(error.id);
    std::vector<std::string> good;
    for (std::size_t i = 0; i < left.size(); ++i)
      if (!bad.contains(ids[i])) good.push_back(left[i]);
    if (good.size() == left.size()) return {};
    left = std::move(good);
  }
  return {left.begin(), left.end()};
}

}  // namespace sequent::definition
