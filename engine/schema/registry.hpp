#pragma once
// Every schema that a reference can name: documents, the parts of them with their own `$id`, and
// their anchors.
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/schema/schema.hpp"

namespace sequent::schema {

/// Which keywords mean something: a draft, less the vocabularies that its meta-schema leaves out.
struct Dialect {
  Draft draft = Draft::draft_2020_12;
  bool applicator = true;
  bool validation = true;
  bool unevaluated = true;
  bool format_assertion = false;
};

struct Place;

/// A document, or a part of it with its own `$id`.
struct Resource {
  std::string uri;       // absolute where the documents say so; no fragment
  std::string document;  // "uri#" for pointers of a document other than the root's, else ""
  const Json* root = nullptr;
  std::string pointer;  // of `root`, in its document
  Dialect dialect;
  std::map<std::string, Place> anchors;
  std::set<std::string> dynamic_anchors;
};

/// One subschema.
struct Place {
  const Json* value = nullptr;
  const Resource* resource = nullptr;
  std::string pointer;  // in its document
};

/// lifetime  holds addresses of the documents: they must outlive it, unmoved
class Registry {
 public:
  Registry(const Schema::Documents& documents, Draft fallback);

  /// Takes in a document as `uri`, and lists all its subschemas, the document itself first.
  std::vector<Place> add(const Json& document, const std::string& uri, const Dialect& dialect,
                         bool is_root);
  /// A schema by its URI and the decoded fragment; documents are taken in when first named.
  [[nodiscard]] std::optional<Place> find(const std::string& uri, const std::string& fragment);
  /// What is wrong with the documents taken in: names given twice, drafts that nobody knows.
  [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
  /// The dialect of a `$schema`; nothing when it names neither a known draft nor a document.
  [[nodiscard]] std::optional<Dialect> dialect_of(const std::string& meta_schema) const;
  /// The place of a direct part of a schema at `parent`.
  [[nodiscard]] Place part(const Place& parent, const Json& value, const std::string& suffix) const;

 private:
  void scan_one(Place& place);
  void open_resource(Place& place, const std::string& id);
  void add_anchor(const Place& place, const std::string& name, const char* keyword);
  void claim(const std::string& uri, Resource& resource, const Place& place);
  Dialect dialect_at(const Place& place, const Dialect& fallback);
  const Json* document_of(const std::string& uri) const;

  std::map<std::string, const Json*> documents_;  // by URI without an empty fragment
  Dialect fallback_;
  std::vector<Finding> findings_;
  std::deque<Resource> resources_;  // addresses stay
  std::map<std::string, Resource*> by_uri_;
  std::unordered_map<const Json*, Resource*> by_root_;
};

/// A finding in the document of `place`, `suffix` below it.
[[nodiscard]] Finding finding_at(const Place& place, const std::string& suffix,
                                 std::string message);
/// The draft that a `$schema` names itself.
[[nodiscard]] std::optional<Draft> draft_of(const std::string& meta_schema);
/// The text of a member, or nothing when it is absent or no string.
[[nodiscard]] const std::string* text_member(const Json& schema, const char* name);

}  // namespace sequent::schema
