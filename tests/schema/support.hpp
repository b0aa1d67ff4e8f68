#pragma once
// Short ways to say what a schema makes of a value.
#include <catch2/catch.hpp>

#include "engine/schema/schema.hpp"

namespace sequent::schema {

inline Json json(std::string_view text) {
  return Json::parse(text);
}

inline Schema compiled(std::string_view text, const Options& options = {},
                       const Schema::Documents& documents = {}) {
  auto schema = Schema::compile(json(text), options, documents);
  if (!schema) FAIL(schema.error().detail);
  return *schema;
}

inline std::vector<Violation> violations(std::string_view schema, std::string_view value,
                                         const Options& options = {}) {
  return compiled(schema, options).validate(json(value));
}

inline bool accepts(std::string_view schema, std::string_view value, const Options& options = {}) {
  return violations(schema, value, options).empty();
}

/// Each violation as "instance | schema | message".
inline std::vector<std::string> told(std::string_view schema, std::string_view value,
                                     const Options& options = {}) {
  std::vector<std::string> lines;
  for (const auto& one : violations(schema, value, options))
    lines.push_back(one.instance_pointer + " | " + one.schema_pointer + " | " + one.message);
  return lines;
}

/// Each finding of a schema that does not compile as "pointer | message".
inline std::vector<std::string> faults(std::string_view schema, const Options& options = {},
                                       const Schema::Documents& documents = {}) {
  const auto result = Schema::compile(json(schema), options, documents);
  if (result) return {};
  std::vector<std::string> lines;
  for (const auto& finding : result.error().findings)
    lines.push_back(finding.pointer + " | " + finding.message);
  return lines;
}

}  // namespace sequent::schema
