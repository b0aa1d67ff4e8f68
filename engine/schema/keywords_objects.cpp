// Members, their names and their number.
#include "base/json_pointer.hpp"
#include "engine/schema/keywords.hpp"
#include "engine/schema/regex.hpp"
#include "engine/schema/text.hpp"

namespace sequent::schema {

namespace {

template <class Allows>
Made make_member_limit(const Site& site, std::string words, Allows allows) {
  const auto limit = site.count();
  if (!limit) return nullptr;
  return make_keyword(site, [limit = *limit, words = std::move(words), allows](const Frame& frame,
                                                                               const Json& value) {
    if (!value.is_object() || allows(value.size(), limit)) return true;
    return frame.fail([&] {
      return "expected " + words + " " + std::to_string(limit) + " members, got " +
             described(value);
    });
  });
}

Made make_max_properties(const Site& site) {
  return make_member_limit(site, "at most",
                           [](std::size_t size, std::size_t limit) { return size <= limit; });
}

Made make_min_properties(const Site& site) {
  return make_member_limit(site, "at least",
                           [](std::size_t size, std::size_t limit) { return size >= limit; });
}

std::optional<std::vector<std::string>> names_of(const Json& list) {
  if (!list.is_array()) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& name : list) {
    if (!name.is_string()) return std::nullopt;
    names.push_back(name.get<std::string>());
  }
  return names;
}

bool has_all(const Frame& frame, const Json& value, const std::vector<std::string>& names,
             std::string_view because) {
  bool valid = true;
  for (const auto& name : names) {
    if (value.contains(name)) continue;
    valid = frame.fail([&] {
      return "expected member " + literal(name) + std::string(because) + ", got " +
             described(value) + " without it";
    });
    if (!frame.run.collecting()) return false;
  }
  return valid;
}

Made make_required(const Site& site) {
  const auto names = names_of(site.value);
  if (!names) return site.expected("an array of names");
  return make_keyword(site, [names = *names](const Frame& frame, const Json& value) {
    return !value.is_object() || has_all(frame, value, names, "");
  });
}

void mark(const Frame& frame, std::string_view name) {
  if (frame.seen != nullptr) frame.seen->members.push_back(name);
}

Made make_properties(const Site& site) {
  if (!site.value.is_object()) return site.expected("an object of schemas");
  std::vector<std::pair<std::string, const Node*>> nodes;
  for (const auto& [name, part] : site.value.items())
    nodes.emplace_back(name, site.child(part, site.suffix() + "/" + pointer_segment(name)));
  return make_keyword(site, [nodes](const Frame& frame, const Json& value) {
    if (!value.is_object()) return true;
    bool valid = true;
    for (const auto& [name, node] : nodes) {
      const auto found = value.find(name);
      if (found == value.end()) continue;
      mark(frame, found.key());
      valid &= frame.member(*node, name, *found);
      if (!valid && !frame.run.collecting()) return false;
    }
    return valid;
  });
}

struct PatternPart {
  Regex regex;
  std::string pattern;
  const Node* node;
};

Made make_pattern_properties(const Site& site) {
  if (!site.value.is_object()) return site.expected("an object of schemas");
  std::vector<PatternPart> parts;
  for (const auto& [pattern, part] : site.value.items()) {
    const std::string suffix = site.suffix() + "/" + pointer_segment(pattern);
    const auto regex = Regex::compile(pattern);
    if (regex) {
      parts.push_back({*regex, pattern, site.child(part, suffix)});
    } else {
      site.builder.find_fault(site.place, suffix, regex.error().detail);
    }
  }
  return make_keyword(site, [parts](const Frame& frame, const Json& value) {
    if (!value.is_object()) return true;
    bool valid = true;
    for (const auto& [name, member] : value.items()) {
      for (const auto& part : parts) {
        const Match match = part.regex.search(name);
        if (match == Match::no) continue;
        if (match == Match::gave_up)
          return frame.give_up("expected a name that " + shortened(part.pattern) +
                               " decides in bounded time, got " + literal(name));
        mark(frame, name);
        valid &= frame.member(*part.node, name, member);
        if (!valid && !frame.run.collecting()) return false;
      }
    }
    return valid;
  });
}

// Names and patterns that `additionalProperties` leaves to its siblings.
struct Named {
  std::vector<std::string> names;  // sorted, as the members of an object are
  std::vector<Regex> patterns;

  bool has(const std::string& name) const {
    return std::ranges::binary_search(names, name) ||
           std::ranges::any_of(patterns,
                               [&](const Regex& regex) { return regex.search(name) != Match::no; });
  }
};

Named siblings_of(const Site& site) {
  Named named;
  if (const Json* properties = site.sibling("properties"); properties && properties->is_object())
    for (const auto& member : properties->items()) named.names.push_back(member.key());
  if (const Json* patterns = site.sibling("patternProperties"); patterns && patterns->is_object())
    for (const auto& member : patterns->items())
      if (const auto regex = Regex::compile(member.key())) named.patterns.push_back(*regex);
  return named;
}

std::string unknown_member(const std::string& name, const Named& known, const Json& member) {
  constexpr std::size_t shown = 10;
  std::string names;
  for (std::size_t i = 0; i < std::min(known.names.size(), shown); ++i)
    names += (i == 0 ? "" : ", ") + shortened(known.names[i]);
  if (known.names.size() > shown) names += ", …";
  return "expected no member " + literal(name) + (names.empty() ? "" : " (known: " + names + ")") +
         ", got " + described(member);
}

Made make_additional_properties(const Site& site) {
  const Node* node = site.child(site.value, site.suffix());
  const bool refuses = site.value.is_boolean() && !site.value.get<bool>();
  return make_keyword(
      site, [node, refuses, named = siblings_of(site)](const Frame& frame, const Json& value) {
        if (!value.is_object()) return true;
        bool valid = true;
        for (const auto& [name, member] : value.items()) {
          if (named.has(name)) continue;
          mark(frame, name);
          if (refuses) {
            const Path path{&frame.at, name, 0, false};
            valid = frame.fail_at(path, [&] { return unknown_member(name, named, member); });
          } else {
            valid &= frame.member(*node, name, member);
          }
          if (!valid && !frame.run.collecting()) return false;
        }
        return valid;
      });
}

Made make_property_names(const Site& site) {
  const Node* node = site.child(site.value, site.suffix());
  return make_keyword(site, [node](const Frame& frame, const Json& value) {
    if (!value.is_object()) return true;
    bool valid = true;
    for (const auto& member : value.items()) {
      valid &= frame.member(*node, member.key(), Json(member.key()));
      if (!valid && !frame.run.collecting()) return false;
    }
    return valid;
  });
}

// What a member asks for besides itself: other members, or that the whole object fits a schema.
struct Dependency {
  std::string name;
  std::vector<std::string> required;
  const Node* node = nullptr;
};

Made make_dependencies(const Site& site) {
  if (!site.value.is_object()) return site.expected("an object");
  std::vector<Dependency> dependencies;
  for (const auto& [name, part] : site.value.items()) {
    const std::string suffix = site.suffix() + "/" + pointer_segment(name);
    const bool names_only = site.name == "dependentRequired";
    if (const auto names = names_of(part); names && site.name != "dependentSchemas") {
      dependencies.push_back({name, *names, nullptr});
    } else if (!names_only && (part.is_object() || part.is_boolean())) {
      dependencies.push_back({name, {}, site.in_place(part, suffix)});
    } else {
      site.builder.find_fault(site.place, suffix,
                              "expected " +
                                  std::string(names_only ? "an array of names" : "a schema") +
                                  ", got " + described(part));
    }
  }
  return make_keyword(site, [dependencies](const Frame& frame, const Json& value) {
    if (!value.is_object()) return true;
    bool valid = true;
    for (const auto& dependency : dependencies) {
      if (!value.contains(dependency.name)) continue;
      valid &= has_all(frame, value, dependency.required,
                       " because of member " + literal(dependency.name));
      if (dependency.node != nullptr) valid &= frame.same_value(*dependency.node, value);
      if (!valid && !frame.run.collecting()) return false;
    }
    return valid;
  });
}

}  // namespace

std::span<const KeywordType> object_keywords() {
  static constexpr KeywordType types[] = {
      {"maxProperties", In::both, Vocabulary::validation, make_max_properties},
      {"minProperties", In::both, Vocabulary::validation, make_min_properties},
      {"required", In::both, Vocabulary::validation, make_required},
      {"dependentRequired", In::draft_2020_12, Vocabulary::validation, make_dependencies},
      {"dependentSchemas", In::draft_2020_12, Vocabulary::applicator, make_dependencies},
      // 2020-12 keeps it for older schemas.
      {"dependencies", In::both, Vocabulary::applicator, make_dependencies},
      {"propertyNames", In::both, Vocabulary::applicator, make_property_names},
      {"properties", In::both, Vocabulary::applicator, make_properties},
      {"patternProperties", In::both, Vocabulary::applicator, make_pattern_properties},
      {"additionalProperties", In::both, Vocabulary::applicator, make_additional_properties},
  };
  return types;
}

}  // namespace sequent::schema
