#pragma once
// From documents to nodes: one node per subschema that is reached, however often.
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/schema/node.hpp"
#include "engine/schema/registry.hpp"

namespace sequent::schema {

/// Nodes and scopes keep their addresses: keywords point at them.
struct Tree {
  std::deque<Node> nodes;
  std::deque<Scope> scopes;
  const Node* root = nullptr;
};

class Builder {
 public:
  Builder(Registry& registry, Tree& tree, bool assert_format);

  /// The node of a place, made when first asked for; its keywords follow in finish().
  const Node* node_of(const Place& place);
  /// Makes the keywords of every node that was asked for, looks for endless loops, and gathers
  /// what the registry found. To be called once.
  void finish();
  void find_fault(const Place& place, const std::string& suffix, std::string message);

  [[nodiscard]] Registry& registry() { return registry_; }
  [[nodiscard]] bool asserts_format(const Place& place) const {
    return assert_format_ || place.resource->dialect.format_assertion;
  }
  [[nodiscard]] std::vector<Finding>& findings() { return findings_; }

 private:
  const Scope* scope_of(const Resource& resource);
  void add_keywords(Node& node, const Place& place);
  void refuse_loops();

  Registry& registry_;
  Tree& tree_;
  bool assert_format_;
  std::vector<Finding> findings_;
  std::unordered_map<const Json*, Node*> known_;
  std::map<const Resource*, Scope*> scopes_;
  std::vector<std::pair<Node*, Place>> made_;  // in order; keywords are made up to `next_`
  std::size_t next_ = 0;
};

}  // namespace sequent::schema
