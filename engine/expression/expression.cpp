#include "engine/expression/expression.hpp"

#include <algorithm>
#include <atomic>
#include <map>

#include "engine/expression/plain_path.hpp"
#include "engine/expression/pool.hpp"
#include "engine/expression/program.hpp"
#include "engine/expression/scan.hpp"
#include "engine/expression/value.hpp"

namespace sequent::expression {
namespace {

struct Compiled : Entry {
  std::optional<PlainPath> plain;
  const Json* Scope::*plain_root = nullptr;  // of `$context.x`; null when it is a custom variable
  int number = -1;                           // in the jq program, which leaves plain paths out
};

Needs needs_of(const Scan& found) {
  Needs needs;
  for (const auto& name : found.free) {
    const auto argument = std::ranges::find(standard_arguments(), name, &Argument::name);
    if (argument == standard_arguments().end())
      needs.variables.push_back(name);
    else
      needs.*(argument->needed) = true;
  }
  return needs;
}

const Json& root_of(const Compiled& entry, const Json& dot, const Scope& scope) {
  static const Json null;
  if (entry.plain->root.empty()) return dot;
  if (entry.plain_root == nullptr) return variable_of(scope, entry.plain->root);
  const auto* value = scope.*entry.plain_root;
  return value == nullptr ? null : *value;
}

// [number, ., arguments …, now]
Result<jv> input_of(const Compiled& entry, const Json& dot, const Scope& scope) {
  const auto arguments = arguments_of(entry, scope);
  jv input = jv_array_sized(static_cast<int>(arguments.size()) + 3);
  input = jv_array_append(input, jv_number(entry.number));
  const auto append = [&](const Json& value) -> Result<void> {
    auto converted = to_jv(value);
    if (!converted) return std::unexpected(std::move(converted.error()));
    input = jv_array_append(input, *converted);
    return {};
  };
  auto done = append(dot);
  for (const auto* argument : arguments)
    if (done) done = append(*argument);
  if (!done) {
    jv_free(input);
    return std::unexpected(std::move(done.error()));
  }
  if (entry.uses_now)
    input = jv_array_append(input, jv_number(static_cast<double>(scope.now) / 1000.0));
  return input;
}

// --- messages of the compiler -------------------------------------------------------------------

// "jq: error: foo/0 is not defined at <top-level>, line 2:" -> "foo/0 is not defined"
std::string tidy(std::string message) {
  constexpr std::string_view prefix = "jq: error: ";
  if (message.starts_with(prefix)) message.erase(0, prefix.size());
  for (const std::string_view noise : {" at <top-level>, line ", " (Unix shell quoting issues?)"})
    if (const auto at = message.find(noise); at != std::string::npos) message.erase(at);
  return message;
}

std::optional<int> line_in(const std::string& message) {
  constexpr std::string_view mark = " at <top-level>, line ";
  const auto at = message.find(mark);
  if (at == std::string::npos) return std::nullopt;
  return std::atoi(message.c_str() + at + mark.size()) - first_source_line + 1;
}

// jq says the line; the name of an undefined function or variable leads further.
std::optional<std::size_t> offset_of(const std::string& message, const std::string& source) {
  const auto line = line_in(message);
  if (!line || *line < 1) return std::nullopt;
  std::size_t begin = 0;
  for (int i = 1; i < *line; ++i) {
    const auto end = source.find('\n', begin);
    if (end == std::string::npos) return std::nullopt;
    begin = end + 1;
  }
  const auto text = tidy(message);
  if (const auto end = text.find_first_of("/ "); end != std::string::npos)
    if (text.find(" is not defined") != std::string::npos)
      if (const auto at = source.find(text.substr(0, end), begin); at != std::string::npos)
        return at;
  return begin;
}

CompileError explain(ExpressionId id, const std::vector<std::string>& messages,
                     const std::string& source) {
  if (messages.empty()) return {id, "jq can't compile the expression", std::nullopt};
  return {id, tidy(messages.front()), offset_of(messages.front(), source)};
}

// The guilty ones among `ids`, which don't compile together. Halving finds one among many quickly.
void blame(const std::vector<Compiled>& entries, const std::vector<ExpressionId>& ids,
           std::vector<CompileError>& errors) {
  std::vector<const Entry*> group;
  for (const auto id : ids) group.push_back(&entries[id]);
  std::vector<std::string> messages;
  if (group.empty() || Interpreter::compile(program_text(group), messages)) return;
  if (ids.size() == 1) {
    errors.push_back(explain(ids.front(), messages, entries[ids.front()].source));
    return;
  }
  const auto half = ids.begin() + static_cast<std::ptrdiff_t>(ids.size() / 2);
  blame(entries, {ids.begin(), half}, errors);
  blame(entries, {half, ids.end()}, errors);
}

}  // namespace

// --- ExpressionSet ------------------------------------------------------------------------------

struct ExpressionSet::Impl {
  Limits limits;
  std::vector<Compiled> entries;
  std::shared_ptr<Pool> pool;  // null when every expression is a plain path
  // By id: a loop that once needed more than a usual stack bears. It goes to a deep stack at once.
  std::unique_ptr<std::atomic<bool>[]> deep;

  enum class Stack { usual, shallow, deep };
  Result<Json> run(const Compiled& entry, const Json& dot, const Scope& scope, Stack stack,
                   bool& ran_out_of_memory) const;
};

Result<Json> ExpressionSet::Impl::run(const Compiled& entry, const Json& dot, const Scope& scope,
                                      Stack stack, bool& ran_out_of_memory) const {
  auto input = input_of(entry, dot, scope);
  if (!input) return std::unexpected(std::move(input.error()));
  auto interpreter = pool->take();
  if (!interpreter) {
    jv_free(*input);
    return fail(ErrorCode::expression,
                "no interpreter became free for the expression within 10 s; the machine is "
                "overloaded, or other expressions of this workflow take too long");
  }
  auto own_limits = limits;
  if (stack == Stack::shallow)
    own_limits.max_memory_bytes = std::min(shallow_bytes, limits.max_memory_bytes);
  auto result = interpreter->run(*input, own_limits, stack == Stack::deep);
  ran_out_of_memory = interpreter->ran_out_of_memory();
  pool->give_back(std::move(interpreter));
  return result;
}

ExpressionSet::ExpressionSet() : impl_(std::make_unique<Impl>()) {}
ExpressionSet::~ExpressionSet() = default;

Result<Json> ExpressionSet::evaluate(ExpressionId id, const Json& dot, const Scope& scope) const {
  const auto& entry = impl_->entries.at(id);
  if (entry.plain) return follow(*entry.plain, root_of(entry, dot, scope));
  using Stack = Impl::Stack;
  bool ran_out = false;
  if (!entry.loops) return impl_->run(entry, dot, scope, Stack::usual, ran_out);
  // A loop may nest values so deeply that libjq overflows a usual stack. Another thread costs more
  // than most loops, so the first try is here, with little memory. Expressions have no effects, so
  // a second try is harmless.
  auto& deep = impl_->deep[id];
  if (!deep.load(std::memory_order_relaxed)) {
    auto result = impl_->run(entry, dot, scope, Stack::shallow, ran_out);
    if (!ran_out) return result;
    deep.store(true, std::memory_order_relaxed);
  }
  return impl_->run(entry, dot, scope, Stack::deep, ran_out);
}

const Needs& ExpressionSet::needs(ExpressionId id) const {
  return impl_->entries.at(id).needs;
}
const std::string& ExpressionSet::source(ExpressionId id) const {
  return impl_->entries.at(id).source;
}
bool ExpressionSet::is_plain_path(ExpressionId id) const {
  return impl_->entries.at(id).plain.has_value();
}
std::size_t ExpressionSet::size() const {
  return impl_->entries.size();
}

// --- ExpressionSetBuilder -----------------------------------------------------------------------

struct ExpressionSetBuilder::Impl {
  Limits limits;
  int interpreters = 1;
  std::vector<std::string> sources;
  std::map<std::string, ExpressionId> ids;
};

ExpressionSetBuilder::ExpressionSetBuilder(Limits limits, int interpreters)
    : impl_(std::make_unique<Impl>()) {
  impl_->limits = limits;
  impl_->interpreters = std::max(1, interpreters);
}
ExpressionSetBuilder::~ExpressionSetBuilder() = default;

ExpressionId ExpressionSetBuilder::add(std::string source) {
  const auto next = static_cast<ExpressionId>(impl_->sources.size());
  const auto [found, added] = impl_->ids.emplace(source, next);
  if (added) impl_->sources.push_back(std::move(source));
  return found->second;
}

std::expected<std::unique_ptr<ExpressionSet>, std::vector<CompileError>>
ExpressionSetBuilder::build() {
  std::unique_ptr<ExpressionSet> set(new ExpressionSet);
  auto& entries = set->impl_->entries;
  set->impl_->limits = impl_->limits;
  std::vector<CompileError> errors;
  std::vector<ExpressionId> for_jq;
  std::vector<const Entry*> program;
  entries.reserve(impl_->sources.size());  // `program` points into it
  for (ExpressionId id = 0; id < impl_->sources.size(); ++id) {
    auto& entry = entries.emplace_back();
    entry.source = impl_->sources[id];
    Scan found;
    if (const auto refusal = scan(entry.source, found)) {
      errors.push_back({id, refusal->message, refusal->offset});
      continue;
    }
    entry.needs = needs_of(found);
    entry.uses_now = found.uses_now;
    entry.loops = found.loops;
    entry.plain = parse_plain_path(entry.source);
    if (entry.plain) {
      const auto root = std::ranges::find(standard_arguments(), entry.plain->root, &Argument::name);
      if (root != standard_arguments().end()) entry.plain_root = root->value;
      continue;
    }
    entry.number = static_cast<int>(for_jq.size());
    for_jq.push_back(id);
    program.push_back(&entry);
  }
  set->impl_->deep = std::make_unique<std::atomic<bool>[]>(entries.size());
  std::unique_ptr<Interpreter> first;
  std::string text;
  if (!program.empty()) {
    text = program_text(program);
    std::vector<std::string> messages;
    first = Interpreter::compile(text, messages);
    if (!first) {
      const auto before = errors.size();
      blame(entries, for_jq, errors);
      if (errors.size() == before) errors.push_back(explain(for_jq.front(), messages, ""));
    }
  }
  if (!errors.empty()) {
    std::ranges::sort(errors, {}, &CompileError::id);
    return std::unexpected(std::move(errors));
  }
  if (first) set->impl_->pool = Pool::make(std::move(text), std::move(first), impl_->interpreters);
  return set;
}

std::optional<std::string> strip_expression(std::string_view text) {
  const auto trim = [](std::string_view it) {
    constexpr std::string_view space = " \t\r\n";
    const auto begin = it.find_first_not_of(space);
    return begin == std::string_view::npos
               ? std::string_view{}
               : it.substr(begin, it.find_last_not_of(space) - begin + 1);
  };
  text = trim(text);
  if (!text.starts_with("${") || !text.ends_with("}")) return std::nullopt;
  const auto inner = trim(text.substr(2, text.size() - 3));
  // "${ .a } and ${ .b }" begins and ends alike, but is two.
  Scan found;
  if (const auto refusal = scan(inner, found); refusal && refusal->stray_brace) return std::nullopt;
  return std::string(inner);
}

}  // namespace sequent::expression
