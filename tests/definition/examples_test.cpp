// The specification's own examples: they compile, but for what this version refuses by name.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "compiling.hpp"
#include "tests/support/shared_folder.hpp"

namespace sequent::definition {
namespace {

namespace fs = std::filesystem;

std::string text_of_file(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// File -> what its refusal names.
const std::map<std::string, std::string>& refused() {
  static const std::map<std::string, std::string> files = {
      {"accumulate-room-readings.yaml", "`call: openapi`"},
      {"call-asyncapi-publish.yaml", "`call: asyncapi`"},
      {"call-asyncapi-subscribe-consume-amount.yaml", "`call: asyncapi`"},
      {"call-asyncapi-subscribe-consume-forever-foreach.yaml", "`call: asyncapi`"},
      {"call-asyncapi-subscribe-consume-until.yaml", "`call: asyncapi`"},
      {"call-asyncapi-subscribe-consume-while.yaml", "`call: asyncapi`"},
      {"call-custom-function-cataloged.yaml", "a function by its URL"},
      {"call-grpc.yaml", "`call: grpc`"},
      {"call-mcp.yaml", "`call: mcp`"},
      {"call-openapi.yaml", "`call: openapi`"},
      {"call-openapi-redirect.yaml", "`call: openapi`"},
      {"mock-service-extension.yaml", "`use.extensions`"},
      {"run-container.yaml", "`run: container`"},
      {"run-container-cleanup-always.yaml", "`run: container`"},
      {"run-container-cleanup-eventually.yaml", "`run: container`"},
      {"run-container-stdin-and-arguments.yaml", "`run: container`"},
      {"run-container-with-name.yaml", "`run: container`"},
      {"run-container-with-pull-policy.yaml", "`run: container`"},
      {"run-return-all.yaml", "`run: container`"},
      {"run-return-code.yaml", "`run: container`"},
      {"run-return-none.yaml", "`run: container`"},
      {"run-return-stderr.yaml", "`run: container`"},
      {"run-script-with-stdin-and-arguments.yaml", "`run: script`"},
      {"run-shell-stdin-and-arguments.yaml", "`run: shell`"},
  };
  return files;
}

// The definitions of a feature file: blocks between lines of three quotes that name a document.
std::vector<std::string> definitions_in(const std::string& feature) {
  std::vector<std::string> out;
  const std::string quotes = "\"\"\"";
  for (std::size_t at = feature.find(quotes); at != std::string::npos;) {
    const std::size_t begin = feature.find('\n', at) + 1;
    const std::size_t end = feature.find(quotes, begin);
    if (end == std::string::npos) break;
    const std::size_t last = feature.rfind('\n', end) + 1;
    const std::string block = feature.substr(begin, std::max(begin, last) - begin);
    if (block.find("document:") != std::string::npos) out.push_back(block);
    at = feature.find(quotes, end + quotes.size());
  }
  return out;
}

}  // namespace

TEST_CASE("the specification's examples compile, but for what is refused by name") {
  const auto folder = test::shared_path("dsl/examples");
  if (!folder) return;
  std::size_t seen_refused = 0;
  std::size_t compiled = 0;
  for (const auto& entry : fs::directory_iterator{*folder}) {
    const std::string name = entry.path().filename().string();
    CAPTURE(name);
    const auto result = compile_text(text_of_file(entry.path()), name);
    const auto refusal = refused().find(name);
    if (refusal == refused().end()) {
      INFO((result ? "" : format_findings(result.error().findings)));
      CHECK(result.has_value());
      ++compiled;
      continue;
    }
    ++seen_refused;
    REQUIRE_FALSE(result.has_value());
    // Nothing but the refusal stands against them.
    for (const Finding& finding : result.error().findings) {
      INFO(finding.message);
      CHECK(finding.message.starts_with(refusal->second));
      CHECK(finding.message.find("comes in a later one") != std::string::npos);
      CHECK(finding.line > 0);
    }
  }
  CHECK(seen_refused == refused().size());
  CHECK(compiled > 30);
}

TEST_CASE("the conformance kit's workflows compile") {
  const auto folder = test::shared_path("dsl/ctk");
  if (!folder) return;
  std::size_t seen = 0;
  for (const auto& entry : fs::directory_iterator{*folder}) {
    for (const std::string& text : definitions_in(text_of_file(entry.path()))) {
      const auto result = compile_text(text, entry.path().filename().string());
      INFO(text);
      INFO((result ? "" : format_findings(result.error().findings)));
      const bool refused_by_name =
          !result && std::all_of(result.error().findings.begin(), result.error().findings.end(),
                                 [](const Finding& finding) {
                                   return finding.message.starts_with("`call: openapi`");
                                 });
      CHECK((result.has_value() || refused_by_name));
      ++seen;
    }
  }
  CHECK(seen >= 20);
}

}  // namespace sequent::definition
