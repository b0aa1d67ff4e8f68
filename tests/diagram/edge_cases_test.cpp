#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

// docs/edge-cases.md is written by hand; what it names as proof must be there.
namespace sequent::diagram::edge_cases {
namespace {

namespace fs = std::filesystem;
using Matches = std::sregex_iterator;

const fs::path source{SEQUENT_SOURCE_DIR};

std::string read(const fs::path& path) {
  std::ifstream file{path};
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// "checkout/paid" for every scenario beside every workflow.
std::set<std::string> all_scenarios() {
  static const std::regex name{R"re((?:^|\n)  - name: ([^\s]+))re"};
  std::set<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(source / "workflows")) {
    const std::string file = entry.path().filename().string();
    const auto end = file.find(".scenarios.yaml");
    if (end == std::string::npos) continue;
    const std::string text = read(entry.path());
    for (Matches match{text.begin(), text.end(), name}; match != Matches{}; ++match)
      found.insert(file.substr(0, end) + "/" + (*match)[1].str());
  }
  return found;
}

/// The sentences of a folder's test cases; a long one may be written in several pieces.
std::set<std::string> sentences_of(const std::string& folder) {
  static const std::regex test_case{R"re(TEST_CASE\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+))re"};
  static const std::regex piece{R"re("((?:[^"\\]|\\.)*)")re"};
  std::set<std::string> found;
  if (!fs::is_directory(source / folder)) return found;
  for (const auto& entry : fs::directory_iterator(source / folder)) {
    if (entry.path().extension() != ".cpp") continue;
    const std::string text = read(entry.path());
    for (Matches match{text.begin(), text.end(), test_case}; match != Matches{}; ++match) {
      const std::string pieces = (*match)[1];
      std::string sentence;
      for (Matches part{pieces.begin(), pieces.end(), piece}; part != Matches{}; ++part)
        sentence += (*part)[1];
      found.insert(sentence);
    }
  }
  return found;
}

/// Lists and paragraphs are wrapped: a sentence may go on in the next line.
std::string unwrapped(const std::string& text) {
  static const std::regex line_break{R"re(\n(?![\n|#-]))re"};
  return std::regex_replace(text, line_break, " ");
}

}  // namespace

TEST_CASE("every scenario and test that the edge cases name is there") {
  static const std::regex scenario{R"re(`([a-z0-9-]+/[a-z0-9-]+)`)re"};
  static const std::regex test{R"re(`(tests/[a-z_]+)`:\s+"([^"]+)")re"};
  const std::string text = unwrapped(read(source / "docs/edge-cases.md"));
  const auto scenarios = all_scenarios();
  std::map<std::string, std::set<std::string>> sentences;
  std::size_t named = 0;
  for (Matches match{text.begin(), text.end(), scenario}; match != Matches{}; ++match) {
    const std::string name = (*match)[1];
    if (name.starts_with("tests/")) continue;
    INFO(name);
    CHECK(scenarios.contains(name));
    ++named;
  }
  for (Matches match{text.begin(), text.end(), test}; match != Matches{}; ++match) {
    const std::string folder = (*match)[1], sentence = (*match)[2];
    if (!sentences.contains(folder)) sentences[folder] = sentences_of(folder);
    INFO(folder << ": " << sentence);
    CHECK(sentences[folder].contains(sentence));
    ++named;
  }
  CHECK(named > 100);
}

TEST_CASE("no edge case is told without what shows it") {
  static const std::regex row{R"re((?:^|\n)\| ([^|\n]+) \| ([^|\n]+) \| ([^|\n]*) ?\|(?=\n))re"};
  static const std::regex proof{R"re(`[a-z0-9-]+/[a-z0-9-]+`|`tests/[a-z_]+`: ")re"};
  const std::string text = read(source / "docs/edge-cases.md");
  std::size_t rows = 0;
  for (Matches match{text.begin(), text.end(), row}; match != Matches{}; ++match) {
    if ((*match)[1] == "trap") continue;
    const std::string shown_by = (*match)[3];
    INFO((*match)[1].str());
    CHECK(std::regex_search(shown_by, proof));
    ++rows;
  }
  std::size_t lines = 0;
  std::string line;
  for (std::istringstream all{text}; std::getline(all, line);)
    lines += line.starts_with("| ") && !line.starts_with("| trap ") ? 1 : 0;
  CHECK(rows == lines);  // none that is not told as three cells
}

}  // namespace sequent::diagram::edge_cases
