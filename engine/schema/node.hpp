#pragma once
// The compiled tree: nodes (one per subschema) of keywords, and one walk of it over a value.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "engine/schema/schema.hpp"

namespace sequent::schema {

struct Node;
class Run;

/// Where the walk stands in the value: a list on the stack, made into text only for a violation.
struct Path {
  const Path* parent = nullptr;
  std::string_view member;
  std::size_t item = 0;
  bool is_item = false;
};
[[nodiscard]] std::string pointer_of(const Path& path);

/// What the subschemas of one node have looked at, for `unevaluatedProperties` and
/// `unevaluatedItems`. Names view into the value under validation.
struct Evaluated {
  bool all_members = false;
  std::vector<std::string_view> members;
  bool all_items = false;
  std::size_t first_items = 0;     // how many from the start
  std::vector<std::size_t> items;  // and these besides
  void add(const Evaluated& other);
};

/// A schema resource (a document, or a part of it with its own `$id`) as `$dynamicRef` sees it.
struct Scope {
  std::map<std::string, const Node*, std::less<>> dynamic_anchors;
};
struct ScopeLink {
  const Scope* scope = nullptr;
  const ScopeLink* outer = nullptr;
};

class Keyword;

/// What a keyword knows while it looks at a value.
struct Frame {
  Run& run;
  const Node& node;
  const Keyword* keyword;
  const Path& at;
  const ScopeLink* scopes;
  Evaluated* seen;  // null when nobody asks

  /// Reports `message()` unless nobody listens. Always false.
  template <class Message>
  bool fail(const Message& message) const;
  template <class Message>
  bool fail_at(const Path& path, const Message& message) const;

  /// Ends the walk, for a check that can't be decided: as a plain failure `not` would pass it.
  bool give_up(std::string message) const;

  /// The value itself against another node; what that evaluates counts as evaluated here.
  [[nodiscard]] bool same_value(const Node& other, const Json& value) const;
  /// Like same_value, but only the verdict: nothing is reported.
  [[nodiscard]] bool probe(const Node& other, const Json& value, Evaluated* into) const;
  [[nodiscard]] bool member(const Node& other, std::string_view name, const Json& value) const;
  [[nodiscard]] bool item(const Node& other, std::size_t index, const Json& value) const;
  [[nodiscard]] bool probe_item(const Node& other, std::size_t index, const Json& value) const;
};

/// One keyword of one schema. Immutable.
class Keyword {
 public:
  explicit Keyword(std::string_view name, bool last) : name_(name), last_(last) {}
  virtual ~Keyword() = default;
  [[nodiscard]] virtual bool holds(const Frame& frame, const Json& value) const = 0;
  [[nodiscard]] std::string_view name() const { return name_; }
  /// Looks at what all others evaluated, and is pointless once one of them failed.
  [[nodiscard]] bool last() const { return last_; }

 private:
  std::string_view name_;  // of the keyword table, which is static
  bool last_;
};

struct Node {
  std::string pointer;         // into the schema; "uri#pointer" in a document other than the root
  std::optional<bool> always;  // the schemas true and false
  const Scope* scope = nullptr;
  bool asks_evaluated = false;
  std::vector<std::unique_ptr<Keyword>> keywords;
  std::vector<const Node*> in_place;  // nodes that look at the same value: a loop never ends
};

/// One validation: its limits and its violations.
class Run {
 public:
  Run(std::size_t max_violations, std::size_t max_steps)
      : max_violations_(max_violations), max_steps_(max_steps) {}

  /// Whether `value` keeps `node`. `seen` gathers what was evaluated, if it was valid.
  [[nodiscard]] bool check(const Node& node, const Json& value, const Path& at,
                           const ScopeLink* scopes, Evaluated* seen);
  [[nodiscard]] bool collecting() const {
    return quiet_ == 0 && violations_.size() < max_violations_;
  }
  void report(Violation violation) { violations_.push_back(std::move(violation)); }
  /// Ends the whole walk without a verdict, with this as its violation. Always false.
  bool give_up(Violation violation);
  /// The violations of a walk that returned `valid`: never empty unless it is.
  [[nodiscard]] std::vector<Violation> finish(bool valid);
  [[nodiscard]] std::vector<Violation>& violations() { return violations_; }

  /// While one of these lives, verdicts are made and nothing is reported.
  class Quiet {
   public:
    explicit Quiet(Run& run) : run_(run) { ++run_.quiet_; }
    ~Quiet() { --run_.quiet_; }
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;

   private:
    Run& run_;
  };

 private:
  std::vector<Violation> violations_;
  std::size_t max_violations_;
  std::size_t max_steps_;
  std::optional<Violation> gave_up_;
  std::size_t steps_ = 0;
  int depth_ = 0;
  int quiet_ = 0;
};

template <class Message>
bool Frame::fail_at(const Path& path, const Message& message) const {
  if (run.collecting())
    run.report({pointer_of(path), node.pointer + "/" + std::string(keyword->name()), message()});
  return false;
}

template <class Message>
bool Frame::fail(const Message& message) const {
  return fail_at(at, message);
}

}  // namespace sequent::schema
