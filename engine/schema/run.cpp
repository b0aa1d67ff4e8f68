#include "base/json_pointer.hpp"
#include "engine/schema/node.hpp"
#include "engine/schema/text.hpp"

namespace sequent::schema {

namespace {

// A value of 512 levels, the most that parse_json lets through, under a schema that takes four
// nodes a level; and small enough for a thread's stack.
constexpr int max_depth = 2048;

}  // namespace

std::string pointer_of(const Path& path) {
  std::vector<const Path*> steps;
  for (const Path* step = &path; step->parent != nullptr; step = step->parent)
    steps.push_back(step);
  std::string text;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step)
    text +=
        "/" + ((*step)->is_item ? std::to_string((*step)->item) : pointer_segment((*step)->member));
  return text;
}

void Evaluated::add(const Evaluated& other) {
  all_members |= other.all_members;
  members.insert(members.end(), other.members.begin(), other.members.end());
  all_items |= other.all_items;
  first_items = std::max(first_items, other.first_items);
  items.insert(items.end(), other.items.begin(), other.items.end());
}

bool Run::check(const Node& node, const Json& value, const Path& at, const ScopeLink* scopes,
                Evaluated* seen) {
  if (gave_up_) return false;
  if (++steps_ > max_steps_)
    return give_up({pointer_of(at), node.pointer,
                    "expected a check of at most " + std::to_string(max_steps_) +
                        " steps: the schema is too costly for this value"});
  if (depth_ >= max_depth)
    return give_up({pointer_of(at), node.pointer,
                    "expected at most " + std::to_string(max_depth) +
                        " nested schemas: the value is too deep or the schema never ends"});
  if (node.always) {
    if (!*node.always && collecting())
      report({pointer_of(at), node.pointer, "expected no value here, got " + described(value)});
    return *node.always;
  }
  ++depth_;
  const ScopeLink entered{node.scope, scopes};
  const bool enters = scopes == nullptr || scopes->scope != node.scope;
  Evaluated own;
  Evaluated* const asked = seen != nullptr || node.asks_evaluated ? &own : nullptr;
  bool valid = true;
  for (const auto& keyword : node.keywords) {
    if (!valid && (keyword->last() || !collecting())) break;
    const Frame frame{*this, node, keyword.get(), at, enters ? &entered : scopes, asked};
    valid &= keyword->holds(frame, value);
  }
  if (valid && seen != nullptr) seen->add(own);
  --depth_;
  return valid && !gave_up_;
}

bool Run::give_up(Violation violation) {
  if (!gave_up_) gave_up_ = std::move(violation);
  return false;
}

bool Frame::give_up(std::string message) const {
  return run.give_up(
      {pointer_of(at), node.pointer + "/" + std::string(keyword->name()), std::move(message)});
}

std::vector<Violation> Run::finish(bool valid) {
  if (gave_up_) violations_.push_back(std::move(*gave_up_));
  if (!valid && violations_.empty()) violations_.push_back({"", "", "expected a valid value"});
  if (violations_.size() > std::max<std::size_t>(max_violations_, 1))
    violations_.erase(violations_.begin(),
                      violations_.end() - static_cast<std::ptrdiff_t>(max_violations_));
  return std::move(violations_);
}

bool Frame::same_value(const Node& other, const Json& value) const {
  return run.check(other, value, at, scopes, seen);
}

bool Frame::probe(const Node& other, const Json& value, Evaluated* into) const {
  const Run::Quiet quiet(run);
  return run.check(other, value, at, scopes, into);
}

bool Frame::member(const Node& other, std::string_view name, const Json& value) const {
  const Path path{&at, name, 0, false};
  return run.check(other, value, path, scopes, nullptr);
}

bool Frame::item(const Node& other, std::size_t index, const Json& value) const {
  const Path path{&at, {}, index, true};
  return run.check(other, value, path, scopes, nullptr);
}

bool Frame::probe_item(const Node& other, std::size_t index, const Json& value) const {
  const Run::Quiet quiet(run);
  return item(other, index, value);
}

}  // namespace sequent::schema
