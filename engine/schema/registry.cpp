#include "engine/schema/registry.hpp"

#include "base/json_pointer.hpp"
#include "engine/schema/metaschema.hpp"
#include "engine/schema/text.hpp"
#include "engine/schema/uri.hpp"

namespace sequent::schema {

namespace {

constexpr std::string_view single_parts[] = {"additionalItems",
                                             "additionalProperties",
                                             "contains",
                                             "contentSchema",
                                             "else",
                                             "if",
                                             "items",
                                             "not",
                                             "propertyNames",
                                             "then",
                                             "unevaluatedItems",
                                             "unevaluatedProperties"};
constexpr std::string_view list_parts[] = {"allOf", "anyOf", "items", "oneOf", "prefixItems"};
constexpr std::string_view named_parts[] = {
    "$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"};

bool is_schema(const Json& value) {
  return value.is_object() || value.is_boolean();
}

bool ignores_siblings_of_ref(const Json& schema, const Dialect& dialect) {
  return dialect.draft == Draft::draft_07 && schema.contains("$ref");
}

template <class Visit>
void visit_named(const Json& schema, std::string_view name, const Visit& visit) {
  const auto found = schema.find(name);
  if (found == schema.end() || !found->is_object()) return;
  for (const auto& [key, part] : found->items())
    if (is_schema(part)) visit(part, "/" + std::string(name) + "/" + pointer_segment(key));
}

// Each direct subschema with the pointer from `schema` to it.
template <class Visit>
void visit_parts(const Json& schema, const Dialect& dialect, const Visit& visit) {
  if (!schema.is_object()) return;
  if (ignores_siblings_of_ref(schema, dialect)) {
    visit_named(schema, "definitions", visit);
    visit_named(schema, "$defs", visit);
    return;
  }
  for (const auto name : single_parts) {
    const auto found = schema.find(name);
    if (found != schema.end() && is_schema(*found)) visit(*found, "/" + std::string(name));
  }
  for (const auto name : list_parts) {
    const auto found = schema.find(name);
    if (found == schema.end() || !found->is_array()) continue;
    for (std::size_t i = 0; i < found->size(); ++i)
      if (is_schema((*found)[i]))
        visit((*found)[i], "/" + std::string(name) + "/" + std::to_string(i));
  }
  for (const auto name : named_parts) visit_named(schema, name, visit);
}

std::string normalized(std::string_view uri) {
  if (uri.ends_with('#')) uri.remove_suffix(1);
  return std::string(uri);
}

const std::map<std::string, Json>& built_in() {
  static const auto documents = [] {
    std::map<std::string, Json> parsed;
    for (const auto& set : {draft_07_documents(), draft_2020_12_documents()})
      for (const auto& document : set) parsed.emplace(document.uri, Json::parse(document.text));
    return parsed;
  }();
  return documents;
}

// The next value of a JSON Pointer, or null.
const Json* step(const Json& value, std::string_view raw) {
  std::string token;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const bool escaped = raw[i] == '~' && i + 1 < raw.size() && (raw[i + 1] | 1) == '1';
    token += escaped ? (raw[++i] == '1' ? '/' : '~') : raw[i];
  }
  if (value.is_object()) {
    const auto found = value.find(token);
    return found == value.end() ? nullptr : &*found;
  }
  if (!value.is_array() || token.empty() || token.size() > 9) return nullptr;
  std::size_t index = 0;
  for (const char c : token) {
    if (c < '0' || c > '9') return nullptr;
    index = index * 10 + static_cast<std::size_t>(c - '0');
  }
  return index < value.size() ? &value[index] : nullptr;
}

}  // namespace

const std::string* text_member(const Json& schema, const char* name) {
  if (!schema.is_object()) return nullptr;
  const auto found = schema.find(name);
  return found != schema.end() && found->is_string() ? &found->get_ref<const std::string&>()
                                                     : nullptr;
}

Finding finding_at(const Place& place, const std::string& suffix, std::string message) {
  Finding finding;
  finding.message = std::move(message);
  finding.pointer = place.pointer + suffix;
  finding.file = without_fragment(place.resource->document);
  return finding;
}

std::optional<Draft> draft_of(const std::string& meta_schema) {
  const std::string uri = normalized(meta_schema);
  if (uri == "http://json-schema.org/draft-07/schema" ||
      uri == "https://json-schema.org/draft-07/schema")
    return Draft::draft_07;
  if (uri == "https://json-schema.org/draft/2020-12/schema") return Draft::draft_2020_12;
  return std::nullopt;
}

Registry::Registry(const Schema::Documents& documents, Draft fallback) : fallback_{fallback} {
  for (const auto& [uri, document] : documents) documents_.emplace(normalized(uri), &document);
}

std::optional<Dialect> Registry::dialect_of(const std::string& meta_schema) const {
  if (const auto draft = draft_of(meta_schema)) return Dialect{*draft};
  const auto found = documents_.find(normalized(meta_schema));
  if (found == documents_.end()) return std::nullopt;
  // A meta-schema of one's own stands on a known draft; chains of them are not followed.
  const std::string* base = text_member(*found->second, "$schema");
  const auto draft = base == nullptr ? std::nullopt : draft_of(*base);
  if (!draft) return std::nullopt;
  Dialect dialect{*draft};
  const auto vocabularies = found->second->find("$vocabulary");
  if (vocabularies == found->second->end() || !vocabularies->is_object()) return dialect;
  const auto has = [&](std::string_view name) {
    return vocabularies->contains("https://json-schema.org/draft/2020-12/vocab/" +
                                  std::string(name));
  };
  dialect.applicator = has("applicator");
  dialect.validation = has("validation");
  dialect.unevaluated = has("unevaluated");
  dialect.format_assertion = has("format-assertion");
  return dialect;
}

std::vector<Place> Registry::add(const Json& document, const std::string& uri,
                                 const Dialect& dialect, bool is_root) {
  Resource& root = resources_.emplace_back();
  root.uri = uri;
  root.document = is_root ? "" : uri + "#";
  root.root = &document;
  root.dialect = dialect;
  by_uri_.emplace(uri, &root);
  by_root_.emplace(&document, &root);

  // A list instead of recursion: a document may be as deep as its parser allows.
  std::vector<Place> places{{&document, &root, ""}};
  for (std::size_t i = 0; i < places.size(); ++i) {
    Place place = places[i];
    scan_one(place);
    places[i] = place;
    visit_parts(*place.value, place.resource->dialect, [&](const Json& part, std::string suffix) {
      places.push_back({&part, place.resource, place.pointer + suffix});
    });
  }
  return places;
}

// Its `$id` and its anchors.
void Registry::scan_one(Place& place) {
  const Json& schema = *place.value;
  const Dialect dialect = place.resource->dialect;
  if (!schema.is_object() || ignores_siblings_of_ref(schema, dialect)) return;
  const bool is_07 = dialect.draft == Draft::draft_07;
  if (const auto* id = text_member(schema, "$id")) {
    if (!(is_07 && id->starts_with('#'))) open_resource(place, *id);
    if (const auto name = fragment_of(*id); is_07 && !name.empty()) add_anchor(place, name, "$id");
  }
  if (is_07) return;
  if (const auto* name = text_member(schema, "$anchor")) add_anchor(place, *name, "$anchor");
  if (const auto* name = text_member(schema, "$dynamicAnchor")) {
    add_anchor(place, *name, "$dynamicAnchor");
    by_root_.at(place.resource->root)->dynamic_anchors.insert(*name);
  }
}

void Registry::add_anchor(const Place& place, const std::string& name, const char* keyword) {
  const auto [at, fresh] = by_root_.at(place.resource->root)->anchors.emplace(name, place);
  if (!fresh && at->second.value != place.value)
    findings_.push_back(finding_at(place, "/" + std::string(keyword),
                                   "expected an anchor of its own, got \"" + shortened(name) +
                                       "\", which is at \"" + at->second.pointer + "\" already"));
}

void Registry::open_resource(Place& place, const std::string& id) {
  const std::string uri = resolve_uri(place.resource->uri, id);
  if (place.resource->root == place.value) {
    // The document's own name, besides the one it was found under.
    Resource& resource = *by_root_.at(place.value);
    resource.uri = uri;
    by_uri_.emplace(uri, &resource);
    return;
  }
  Resource& resource = resources_.emplace_back();
  resource.uri = uri;
  resource.document = place.resource->document;
  resource.root = place.value;
  resource.pointer = place.pointer;
  resource.dialect = dialect_at(place, place.resource->dialect);
  claim(uri, resource, place);
  by_root_.emplace(place.value, &resource);
  place.resource = &resource;
}

void Registry::claim(const std::string& uri, Resource& resource, const Place& place) {
  const auto [at, fresh] = by_uri_.emplace(uri, &resource);
  if (!fresh && at->second->document == resource.document)
    findings_.push_back(finding_at(place, "/$id",
                                   "expected an $id of its own, got \"" + shortened(uri, 200) +
                                       "\", which is at \"" + at->second->pointer + "\" already"));
}

Dialect Registry::dialect_at(const Place& place, const Dialect& fallback) {
  const auto* meta = text_member(*place.value, "$schema");
  if (meta == nullptr) return fallback;
  const auto dialect = dialect_of(*meta);
  if (!dialect)
    findings_.push_back(finding_at(
        place, "/$schema", "expected 2020-12 or draft-07, got \"" + shortened(*meta, 200) + "\""));
  return dialect.value_or(fallback);
}

const Json* Registry::document_of(const std::string& uri) const {
  if (const auto own = documents_.find(uri); own != documents_.end()) return own->second;
  const auto found = built_in().find(uri);
  return found == built_in().end() ? nullptr : &found->second;
}

std::optional<Place> Registry::find(const std::string& uri, const std::string& fragment) {
  auto known = by_uri_.find(uri);
  if (known == by_uri_.end()) {
    const Json* document = document_of(uri);
    if (document == nullptr) return std::nullopt;
    Resource outside;
    outside.document = uri + "#";
    const Dialect dialect = dialect_at({document, &outside, ""}, fallback_);
    (void)add(*document, uri, dialect, false);
    known = by_uri_.find(uri);
  }
  const Resource& resource = *known->second;
  Place place{resource.root, &resource, resource.pointer};
  if (fragment.empty()) return place;
  if (fragment.front() != '/') {
    const auto anchor = resource.anchors.find(fragment);
    return anchor == resource.anchors.end() ? std::nullopt : std::optional(anchor->second);
  }
  for (std::string_view rest = fragment; !rest.empty();) {
    const auto end = rest.find('/', 1);
    const auto token = rest.substr(1, end == std::string_view::npos ? end : end - 1);
    const Json* next = step(*place.value, token);
    if (next == nullptr) return std::nullopt;
    place = part(place, *next, "/" + std::string(token));
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end);
  }
  return place;
}

Place Registry::part(const Place& parent, const Json& value, const std::string& suffix) const {
  const auto own = by_root_.find(&value);
  return {&value, own == by_root_.end() ? parent.resource : own->second, parent.pointer + suffix};
}

}  // namespace sequent::schema
