#include <catch2/catch.hpp>

#include "simulation/workflows.hpp"
#include "tests/machine_properties/player.hpp"

using namespace sequent;
using sequent::testing::compile_document;
using sequent::testing::Player;

namespace {

// Bounded, so that an instance that never ends fails a test instead of hanging it.
constexpr int most_steps = 400;

Json document_of(std::uint64_t seed) {
  simulation::Dice dice(seed);
  simulation::WorkflowShape shape;
  shape.children = {"sequence"};
  return simulation::random_workflow(dice, "random", shape);
}

void play(const definition::ProgramPtr& program, std::uint64_t seed) {
  Player player(program, seed, false);
  player.start();
  for (int i = 0; i < most_steps && player.step(); ++i) {
  }
}

}  // namespace

TEST_CASE("whatever happens to a run, its journal tells all of it", "[properties]") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    play(compile_document(document_of(seed)), seed);
  }
}

TEST_CASE("the same of the definitions by hand", "[properties]") {
  for (const auto& document : simulation::fixed_workflows()) {
    const auto program = compile_document(document);
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      CAPTURE(program->ref.name, seed);
      play(program, seed);
    }
  }
}

TEST_CASE("a run that nothing disturbs comes to its end", "[properties]") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    Player player(compile_document(document_of(seed)), seed, true);
    player.start();
    int steps = 0;
    while (steps < most_steps && player.step()) ++steps;
    CHECK(machine::is_ended(player.state().status));
  }
}
