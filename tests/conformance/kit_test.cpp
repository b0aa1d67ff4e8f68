// The language's own conformance kit: every scenario passes, but for those whose calls this version
// refuses by name.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/conformance/execution.hpp"
#include "tests/support/shared_folder.hpp"

namespace sequent::conformance {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> feature_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator{folder})
    if (entry.path().extension() == ".feature") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string text_of_file(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// Scenarios whose only fault is a call that comes in a later version.
const std::set<std::string>& refused_scenarios() {
  static const std::set<std::string> names = {"Call OpenAPI With Content Output",
                                              "Call OpenAPI With Response Output"};
  return names;
}

void check_refused(const std::string& name, const Verdict& verdict) {
  REQUIRE_FALSE(verdict.refusals.empty());
  for (const std::string& refusal : verdict.refusals) {
    INFO(refusal);
    CHECK(refusal.starts_with("`call: openapi`"));
    CHECK(refusal.find("comes in a later one") != std::string::npos);
  }
  WARN("refused by name: " << name << ": " << verdict.refusals.front());
}

void check_passed(const Verdict& verdict) {
  for (const std::string& refusal : verdict.refusals) FAIL_CHECK("refused: " << refusal);
  for (const std::string& mistake : verdict.mistakes) FAIL_CHECK(mistake);
  CHECK(verdict.checked > 0);
}

}  // namespace

TEST_CASE("every scenario of the conformance kit passes or is refused by name") {
  const auto folder = test::shared_path("dsl/ctk");
  if (!folder) return;
  std::size_t seen = 0, refused = 0;
  for (const fs::path& file : feature_files(*folder)) {
    INFO(file.filename().string());
    const auto scenarios = parse_feature(text_of_file(file));
    if (!scenarios) FAIL(scenarios.error().detail);
    for (const Scenario& scenario : *scenarios) {
      INFO("scenario: " << scenario.name);
      const Verdict verdict = execute(scenario);
      ++seen;
      if (refused_scenarios().contains(scenario.name)) {
        check_refused(scenario.name, verdict);
        ++refused;
      } else {
        check_passed(verdict);
      }
    }
  }
  CHECK(seen >= 20);
  CHECK(refused == refused_scenarios().size());
  WARN("conformance kit: " << seen - refused << " scenarios executed, " << refused << " refused");
}

}  // namespace sequent::conformance
