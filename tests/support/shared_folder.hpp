#pragma once
// The folder of documents that tests read where it is there: SEQUENT_SHARED, else beside the checkout.
// What lacks in it makes the running test a skip by name (tests/support/main.cpp); the caller returns.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "base/json.hpp"

namespace sequent::test {

/// A file or folder of it, such as "dsl/ctk".
inline std::optional<std::filesystem::path> shared_path(const std::string& name) {
  const char* told = std::getenv("SEQUENT_SHARED");
  const auto folder = told != nullptr
                          ? std::filesystem::path{told}
                          : std::filesystem::path{SEQUENT_SOURCE_DIR}.parent_path() / "shared";
  if (std::filesystem::exists(folder / name)) return folder / name;
  WARN("skipped: there is no " << name << " in " << folder.string() << " (set SEQUENT_SHARED)");
  return std::nullopt;
}

/// A provider's description, or its test vectors: "stripe-openapi-subset.json".
inline std::optional<Json> shared_contract(const std::string& name) {
  const auto path = shared_path("contracts/" + name);
  if (!path) return std::nullopt;
  std::ifstream file{*path};
  auto parsed = parse_json(std::string{std::istreambuf_iterator<char>{file}, {}});
  REQUIRE(parsed.has_value());
  return std::move(*parsed);
}

}  // namespace sequent::test
