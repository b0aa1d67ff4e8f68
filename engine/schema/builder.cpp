#include "engine/schema/builder.hpp"

#include "engine/schema/keywords.hpp"
#include "engine/schema/numbers.hpp"
#include "engine/schema/text.hpp"

namespace sequent::schema {

namespace {

bool speaks(const Dialect& dialect, const KeywordType& type) {
  const bool is_07 = dialect.draft == Draft::draft_07;
  if (type.in == (is_07 ? In::draft_2020_12 : In::draft_07)) return false;
  switch (type.vocabulary) {
    case Vocabulary::core:
    case Vocabulary::format:
      return true;
    case Vocabulary::applicator:
      return dialect.applicator;
    case Vocabulary::validation:
      return dialect.validation;
    case Vocabulary::unevaluated:
      return dialect.unevaluated;
  }
  return false;
}

}  // namespace

Builder::Builder(Registry& registry, Tree& tree, bool assert_format)
    : registry_(registry), tree_(tree), assert_format_(assert_format) {}

const Node* Builder::node_of(const Place& place) {
  if (const auto known = known_.find(place.value); known != known_.end()) return known->second;
  Node& node = tree_.nodes.emplace_back();
  known_.emplace(place.value, &node);
  node.pointer = place.resource->document + place.pointer;
  made_.emplace_back(&node, place);
  node.scope = scope_of(*place.resource);
  return &node;
}

const Scope* Builder::scope_of(const Resource& resource) {
  if (const auto known = scopes_.find(&resource); known != scopes_.end()) return known->second;
  Scope& scope = tree_.scopes.emplace_back();
  scopes_.emplace(&resource, &scope);
  for (const auto& name : resource.dynamic_anchors)
    scope.dynamic_anchors.emplace(name, node_of(resource.anchors.at(name)));
  return &scope;
}

void Builder::finish() {
  for (; next_ < made_.size(); ++next_) {
    const auto [node, place] = made_[next_];
    if (place.value->is_boolean()) {
      node->always = place.value->get<bool>();
    } else if (place.value->is_object()) {
      add_keywords(*node, place);
    } else {
      find_fault(place, "",
                 "expected a schema (object or boolean), got " + described(*place.value));
    }
  }
  refuse_loops();
  findings_.insert(findings_.begin(), registry_.findings().begin(), registry_.findings().end());
}

void Builder::add_keywords(Node& node, const Place& place) {
  const Json& schema = *place.value;
  const Dialect& dialect = place.resource->dialect;
  // Draft-07 ignores whatever stands beside a $ref.
  const bool only_references = dialect.draft == Draft::draft_07 && schema.contains("$ref");
  const std::span<const KeywordType> groups[] = {
      reference_keywords(), value_keywords(), text_keywords(),       array_keywords(),
      object_keywords(),    logic_keywords(), unevaluated_keywords()};
  for (const auto& group : groups) {
    for (const auto& type : group) {
      if (!speaks(dialect, type)) continue;
      const auto found = schema.find(type.name);
      if (found == schema.end()) continue;
      const Site site{*this, node, place, schema, *found, type.name};
      if (auto keyword = type.make(site)) node.keywords.push_back(std::move(keyword));
    }
    if (only_references) break;
  }
}

void Builder::find_fault(const Place& place, const std::string& suffix, std::string message) {
  findings_.push_back(finding_at(place, suffix, std::move(message)));
}

// Nodes that look at the same value in a circle would look at it for ever. Found without recursion:
// a chain of references is as long as the document likes.
void Builder::refuse_loops() {
  enum class Mark { fresh, open, done };
  std::unordered_map<const Node*, Mark> marks;
  std::unordered_map<const Node*, const Place*> places;
  for (const auto& [node, place] : made_) places.emplace(node, &place);
  for (const auto& [start, unused] : made_) {
    std::vector<std::pair<const Node*, std::size_t>> chain{{start, 0}};
    if (marks[start] != Mark::fresh) continue;
    marks[start] = Mark::open;
    while (!chain.empty()) {
      auto& [node, next] = chain.back();
      if (next == node->in_place.size()) {
        marks[node] = Mark::done;
        chain.pop_back();
        continue;
      }
      const Node* target = node->in_place[next++];
      if (marks[target] == Mark::open)
        find_fault(*places.at(node), "",
                   "expected a reference that leads on, but it comes back to \"" + target->pointer +
                       "\" for the same value and would never end");
      if (marks[target] != Mark::fresh) continue;
      marks[target] = Mark::open;
      chain.emplace_back(target, 0);
    }
  }
}

const Node* Site::child(const Json& part, const std::string& suffix) const {
  return builder.node_of(builder.registry().part(place, part, suffix));
}

const Node* Site::in_place(const Json& part, const std::string& suffix) const {
  const Node* target = child(part, suffix);
  node.in_place.push_back(target);
  return target;
}

const Json* Site::sibling(const char* other) const {
  const auto found = schema.find(other);
  return found == schema.end() ? nullptr : &*found;
}

std::optional<std::size_t> Site::count() const {
  const bool whole = value.is_number() && is_integer(value);
  if (!whole || compare_numbers(value, Json(0)) < 0) {
    expected("a count (0, 1, 2, …)");
    return std::nullopt;
  }
  // More than any value can hold is as good as the largest count.
  if (compare_numbers(value, Json(SIZE_MAX)) >= 0) return SIZE_MAX;
  return value.is_number_float() ? static_cast<std::size_t>(value.get<double>())
                                 : value.get<std::size_t>();
}

std::nullptr_t Site::expected(const std::string& what) const {
  builder.find_fault(place, suffix(), "expected " + what + ", got " + described(value));
  return nullptr;
}

}  // namespace sequent::schema
