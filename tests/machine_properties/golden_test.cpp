// Journals of fixed definitions as they are written, so that a change of the journal's format, or of
// what the machine decides, is seen and read as a diff of tests/golden/. After a change that is
// meant:  build/dev/test_machine_properties "[refresh-golden]"
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "engine/machine/codec.hpp"
#include "simulation/workflows.hpp"
#include "tests/machine_properties/player.hpp"

using namespace sequent;

namespace {

struct Golden {
  const char* workflow;
  std::uint64_t seed;
  bool smooth;
};
constexpr Golden goldens[] = {{"sequence", 1, true}, {"loop", 2, true},      {"payment", 3, true},
                              {"parent", 4, true},   {"race", 5, true},      {"sequence", 6, false},
                              {"mending", 7, false}, {"branches", 8, false}, {"payment", 9, false}};

std::string path_of(const Golden& golden) {
  return std::string(SEQUENT_SOURCE_DIR) + "/tests/golden/" + golden.workflow + "-" +
         (golden.smooth ? "smooth" : "rough") + "-" + std::to_string(golden.seed) + ".jsonl";
}

// One record on each line.
std::string trace_of(const Golden& golden) {
  for (const auto& document : simulation::fixed_workflows()) {
    if (document["document"]["name"] != golden.workflow) continue;
    testing::Player player(testing::compile_document(document), golden.seed, golden.smooth);
    player.start();
    for (int i = 0; i < 400 && player.step(); ++i) {
    }
    std::string lines;
    for (const auto& record : player.journal()) {
      const auto text = machine::encode({&record, 1});
      lines += text.substr(1, text.size() - 2) + "\n";
    }
    return lines;
  }
  FAIL("there is no workflow " << golden.workflow);
  return "";
}

}  // namespace

TEST_CASE("journals are written as they always were", "[golden]") {
  for (const auto& golden : goldens) {
    CAPTURE(path_of(golden));
    std::ifstream file(path_of(golden));
    REQUIRE(file);
    std::ostringstream stored;
    stored << file.rdbuf();
    CHECK(stored.str() == trace_of(golden));
  }
}

TEST_CASE("refresh the golden journals", "[.][refresh-golden]") {
  for (const auto& golden : goldens) {
    std::ofstream file(path_of(golden));
    file << trace_of(golden);
    REQUIRE(file.good());
  }
}
