#pragma once
// Compiling short documents, and looking at what came of it.
#include <catch2/catch.hpp>

#include "engine/definition/compile.hpp"
#include "tests/support/fake_catalog.hpp"

namespace sequent::definition {

inline Result<ProgramPtr> compile_text(std::string_view text,
                                       const std::string& file = "flow.yaml") {
  static const test::FakeCatalog catalog;
  CompileOptions options;
  options.file = file;
  options.catalog = &catalog;
  options.interpreters = 1;
  return compile(text, options);
}

/// The header that every document needs; four lines, so that `body` begins in line 6.
inline std::string document(std::string_view body, std::string_view more = "") {
  return "document:\n  dsl: 1.0.3\n  namespace: test\n  name: sample\n  version: 1.0.0\n" +
         std::string{more} + std::string{body};
}

inline ProgramPtr compiled(std::string_view text) {
  auto result = compile_text(text);
  INFO((result ? "" : format_findings(result.error().findings)));
  REQUIRE(result.has_value());
  return *result;
}

inline std::vector<Finding> findings_of(std::string_view text) {
  const auto result = compile_text(text);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == ErrorCode::invalid_definition);
  return result.error().findings;
}

}  // namespace sequent::definition
