#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "activities/register.hpp"
#include "engine/definition/compile.hpp"
#include "engine/diagram/trace.hpp"
#include "net/http_client.hpp"
#include "tests/support/shared_folder.hpp"

namespace sequent::diagram {
namespace {

namespace fs = std::filesystem;
using Arrows = std::map<std::string, std::vector<std::string>>;  // title -> "from>to:text"

std::string read(const fs::path& path) {
  std::ifstream file{path};
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Letters and digits only: the documents space and punctuate the same words differently.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string spelled(const definition::Arrow& arrow) {
  return plain(arrow.from) + ">" + plain(arrow.to) + ":" + plain(arrow.text);
}

// The arrows of the Mermaid and PlantUML blocks of a document, under the heading before each.
void read_diagrams(const std::string& text, Arrows& out) {
  static const std::regex heading{R"re(^#+\s+(.*)$)re"};
  static const std::regex alias{
      R"re(^(?:actor|participant|collections|queue)\s+"?([^"]+?)"?\s+as\s+(\w+)$)re"};
  static const std::regex arrow{R"re(^(.+?)\s*-(?:-)?>>?\s*([^:]+?)\s*:\s*(.+)$)re"};
  static const std::regex ends{R"re(^\s+|\s+$)re"};
  std::string title, line;
  std::map<std::string, std::string> names;
  bool inside = false;
  for (std::istringstream lines{text}; std::getline(lines, line);) {
    line = std::regex_replace(line, ends, "");
    std::smatch found;
    if (line.starts_with("```")) {
      inside = !inside;
      names.clear();
    } else if (!inside && std::regex_match(line, found, heading)) {
      title = found[1];
    } else if (inside && std::regex_match(line, found, alias)) {
      names[found[2]] = found[1];
    } else if (inside && !line.starts_with("Note") && std::regex_match(line, found, arrow)) {
      const auto name = [&](const std::string& id) { return names.contains(id) ? names[id] : id; };
      out[title].push_back(spelled({name(found[1]), name(found[2]), found[3]}));
    }
  }
}

std::vector<definition::ProgramPtr> all_workflows() {
  static net::HttpClient http;
  static runtime::ActivityRegistry registry;
  if (registry.names().empty()) activities::register_activities(registry, {}, http);
  definition::CompileOptions options;
  options.catalog = &registry;
  options.interpreters = 1;
  std::vector<definition::ProgramPtr> programs;
  for (const auto& entry :
       fs::recursive_directory_iterator(fs::path{SEQUENT_SOURCE_DIR} / "workflows")) {
    if (entry.path().extension() != ".yaml" || entry.path().stem().extension() == ".scenarios")
      continue;
    auto program = definition::compile(read(entry.path()), options);
    INFO(entry.path().string());
    REQUIRE(program.has_value());
    programs.push_back(*program);
  }
  return programs;
}

}  // namespace

TEST_CASE(
    "every arrow of a documenting diagram has its task or is the caller's own, and no other is "
    "claimed") {
  const auto shared = test::shared_folder();
  if (!shared || !fs::is_directory(*shared / "seeds")) {
    WARN("skipped: there is no folder of source documents (set SEQUENT_SHARED)");
    return;
  }
  Arrows documents;
  for (const auto& entry : fs::directory_iterator(*shared / "seeds"))
    read_diagrams(read(entry.path()), documents);
  const auto programs = all_workflows();
  Arrows claimed;
  for (const auto& program : programs)
    for (const auto& title : program->diagrams)
      for (const auto& row : trace(std::span{&program, 1}))
        claimed[title].push_back(spelled(row.arrow));
  REQUIRE_FALSE(claimed.empty());
  for (const auto& [title, arrows] : claimed) {
    INFO(title);
    REQUIRE(documents.contains(title));
    for (const auto& arrow : documents[title]) {
      INFO(arrow);
      CHECK(std::find(arrows.begin(), arrows.end(), arrow) != arrows.end());
    }
  }
  // A workflow of two diagrams may claim an arrow for either.
  for (const auto& program : programs) {
    for (const auto& row : trace(std::span{&program, 1})) {
      INFO(row.workflow << " " << row.task << " " << spelled(row.arrow));
      CHECK(std::any_of(program->diagrams.begin(), program->diagrams.end(), [&](const auto& title) {
        const auto& all = documents[title];
        return std::find(all.begin(), all.end(), spelled(row.arrow)) != all.end();
      }));
    }
  }
}

TEST_CASE("the trace table names the task of each arrow, or the caller") {
  const std::vector<TraceRow> rows = {
      {"Payment", {"User", "Shop", "Pays | now"}, "billing/payment", ""},
      {"Payment", {"Shop", "Stripe", "Verify", true}, "billing/payment", "verify"}};
  CHECK(trace_markdown(rows) ==
        "## billing/payment\n\nDiagram: Payment.\n\n| arrow | carried out by |\n|---|---|\n"
        "| User → Shop: Pays \\| now | the caller's own step |\n"
        "| Shop ⇢ Stripe: Verify | `verify` |\n");
}

}  // namespace sequent::diagram
