#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <sstream>

#include "activities/register.hpp"
#include "engine/definition/compile.hpp"
#include "engine/diagram/trace.hpp"
#include "net/http_client.hpp"
#include "tests/support/machine_runner.hpp"
#include "tests/support/shared_folder.hpp"

namespace sequent::diagram {
namespace {

namespace fs = std::filesystem;
using Arrows = std::map<std::string, std::vector<std::string>>;  // title -> "from>to:text"

// The diagrams that must be complete: all whose workflows are there.
const std::vector<std::string> traced = {"Setup participant connected account and offers",
                                         "Setup contract signing",
                                         "Exchange",
                                         "Payment Flow",
                                         "Subscription Management Flow",
                                         "Basket checking",
                                         "Facturation",
                                         "What things we will sync with stripe",
                                         "Customer SYNC Workflow",
                                         "Plan SYNC Workflow",
                                         "Subscription SYNC Workflow",
                                         "Cases",
                                         "Setting up a subscription with a single workspace",
                                         "Setting up subscription with multiple workspaces",
                                         "Updating the product tier"};

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
  return plain(arrow.from) + (arrow.reply ? "-->" : "->") + plain(arrow.to) + ":" +
         plain(arrow.text);
}

// A document without diagrams says what to do and leaves to us who does it.
std::string spelled_item(std::string_view text) {
  return ":" + plain(text);
}

// The arrows of one Mermaid or PlantUML block.
struct Block {
  std::map<std::string, std::string> names;  // of participants, by alias
  std::vector<std::string> arrows;

  void read(const std::string& line) {
    static const std::regex alias{
        R"re(^(?:actor|participant|collections|queue)\s+"?([^"]+?)"?\s+as\s+(\w+)$)re"};
    static const std::regex arrow{R"re(^([^-]+?)\s*(--?)>>?\s*([^:]+?)\s*:\s*(.+)$)re"};
    std::smatch found;
    if (std::regex_match(line, found, alias)) {
      names[found[2]] = found[1];
    } else if (std::regex_match(line, found, arrow)) {
      const auto name = [&](const std::string& id) { return names.contains(id) ? names[id] : id; };
      arrows.push_back(
          spelled({name(found[1]), name(found[3]), found[4], found[2].length() == 2, {}}));
    }
  }
};

// By heading: the arrows of its diagram or, in a document without any, the items of its lists.
void read_document(const std::string& text, Arrows& out) {
  static const std::regex heading{R"re(^#+\s+(.*?)$)re"};
  static const std::regex item{R"re(^(?:\d+\.|-)\s+(.+)$)re"};
  static const std::regex ends{R"re(^\s+|\s+$)re"};
  const bool drawn = text.find("```") != std::string::npos;
  std::string title, line;
  std::optional<Block> block;
  for (std::istringstream lines{text}; std::getline(lines, line);) {
    line = std::regex_replace(line, ends, "");
    std::smatch found;
    if (line.starts_with("```")) {
      if (block) out[title] = block->arrows;
      block = block ? std::nullopt : std::optional<Block>{Block{}};
    } else if (block) {
      block->read(line);
    } else if (std::regex_match(line, found, heading)) {
      title = found[1];
    } else if (!drawn && std::regex_match(line, found, item)) {
      out[title].push_back(spelled_item(found[1].str()));
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
    const auto beside = entry.path().stem().extension();  // NAME.scenarios.yaml, NAME.tests.yaml
    if (entry.path().extension() != ".yaml" || !beside.empty()) continue;
    auto program = definition::compile(read(entry.path()), options);
    INFO(entry.path().string());
    REQUIRE(program.has_value());
    programs.push_back(*program);
  }
  return programs;
}

}  // namespace

TEST_CASE("what a workflow claims of its document is drawn there, with that number") {
  const auto seeds = test::shared_path("seeds");
  if (!seeds) return;
  Arrows documents;
  for (const auto& entry : fs::directory_iterator(*seeds))
    read_document(read(entry.path()), documents);
  for (const auto& program : all_workflows()) {
    // One by one: each must say the same of an arrow that several claim.
    for (const auto& diagram : trace(std::span{&program, 1})) {
      INFO(program->ref.name << ", " << diagram.title);
      REQUIRE(documents.contains(diagram.title));
      const auto& drawn = documents[diagram.title];
      for (const auto& row : diagram.rows) {
        if (row.carriers.empty()) continue;
        INFO("arrow " << row.number);
        REQUIRE(row.number <= drawn.size());
        const std::string& there = drawn[row.number - 1];
        CHECK((there.starts_with(':') ? spelled_item(row.arrow.text) : spelled(row.arrow)) ==
              there);
      }
    }
  }
}

TEST_CASE("no arrow of a traced diagram is forgotten") {
  const auto diagrams = trace(all_workflows());
  for (const auto& title : traced) {
    INFO(title);
    const auto found =
        std::find_if(diagrams.begin(), diagrams.end(),
                     [&](const TracedDiagram& diagram) { return diagram.title == title; });
    REQUIRE(found != diagrams.end());
    for (const auto& row : found->rows) {
      INFO("arrow " << row.number);
      CHECK_FALSE(row.carriers.empty());
    }
  }
  const auto seeds = test::shared_path("seeds");  // they tell how many arrows there are
  if (!seeds) return;
  Arrows documents;
  for (const auto& entry : fs::directory_iterator(*seeds))
    read_document(read(entry.path()), documents);
  for (const auto& diagram : diagrams)
    if (std::find(traced.begin(), traced.end(), diagram.title) != traced.end()) {
      INFO(diagram.title);
      CHECK(diagram.rows.size() == documents[diagram.title].size());
    }
}

TEST_CASE("the trace table names the task and the test of each arrow, or the caller") {
  const Carrier caller{
      .workflow = "billing/payment", .task = "", .name = "", .place = {1, 1}, .shown_by = ""};
  Carrier played = caller;
  played.shown_by = "crashtest: payment/paid";
  Carrier task = played;
  task.task = "/do/0/verify";
  task.name = "verify";
  const std::vector<TracedDiagram> diagrams{
      {.title = "Payment",
       .document = "2-payment",
       .rows = {{1, {"User", "Shop", "Pays | now", false, {}}, {caller}},
                {2, {}, {}},
                {3, {"Shop", "Stripe", "Verify", true, {}}, {task, played}}}}};
  CHECK(
      trace_markdown(diagrams) ==
      "## Payment\n\nDocument: `2-payment`.\n\n"
      "| # | arrow | carried out by | shown by |\n|---|---|---|---|\n"
      "| 1 | User → Shop: Pays \\| now | [payment](sequences/payment.md), the caller's own step | "
      "outside Sequent |\n"
      "| 2 |  |  |  |\n"
      "| 3 | Shop ⇢ Stripe: Verify | [payment](sequences/payment.md), task `verify`<br>"
      "[payment](sequences/payment.md), the caller's own step | crashtest: payment/paid<br>"
      "crashtest: payment/paid |\n");
}

TEST_CASE("an arrow of several diagrams is in the table of each") {
  const std::string text = R"yaml(
document:
  dsl: 1.0.3
  namespace: test
  name: both
  version: 1.0.0
  metadata:
    participants: [A, B]
    diagrams: [One, Two]
    clientArrows: ["(1, 2.2) A -> B: Go"]
do:
  - work:
      metadata: {arrows: ["(2.1) B --> A: Gone", "A -> B: not in the document"]}
      set: {a: 1}
)yaml";
  const machine::testing::Runner run{machine::testing::WholeDocument{text}};
  const auto program = run.program_pointer();
  const auto diagrams = trace(std::span{&program, 1});
  REQUIRE(diagrams.size() == 2);
  REQUIRE(diagrams[0].rows.size() == 1);
  CHECK(diagrams[0].rows[0].arrow.text == "Go");
  REQUIRE(diagrams[1].rows.size() == 2);
  CHECK(diagrams[1].rows[0].carriers[0].name == "work");
  CHECK(diagrams[1].rows[1].carriers[0].task.empty());
}

}  // namespace sequent::diagram
