#include <catch2/catch.hpp>

#include "engine/diagram/draw_definition.hpp"
#include "engine/diagram/draw_run.hpp"
#include "tests/support/machine_runner.hpp"

namespace sequent::diagram {

using machine::testing::Runner;
using machine::testing::WholeDocument;

namespace {

const std::string checkout = R"yaml(
document:
  dsl: 1.0.3
  namespace: test
  name: checkout
  version: 1.0.0
  title: Check; out
  metadata:
    participants: [Shop, Gateway, Stripe]
    clientArrows: ["Shop -> Gateway: Basket"]
do:
  - create:
      metadata:
        arrows:
          - "Gateway -> Stripe: Create session"
          - "Stripe --> Gateway: Session"
      call: test.call
      with: {a: 1}
  - known:
      switch:
        - yes: {when: .a == 1, then: lines}
        - no: {then: end}
  - lines:
      for: {each: line, in: "[1, 2]"}
      do:
        - note: {call: test.call, with: {b: 2}}
)yaml";

std::string mermaid_of_run(Runner& run) {
  RunArtist artist{run.program()};
  for (const auto& record : run.journal) artist.add(record);
  return mermaid(artist.take());
}

}  // namespace

TEST_CASE("a definition is drawn with its participants, its arrows and its blocks") {
  const Runner run{WholeDocument{checkout}};
  CHECK(mermaid(draw_definition(run.program())) ==
        "sequenceDiagram\n"
        "  title Check, out\n"
        "  participant P1 as Shop\n"
        "  participant P2 as Gateway\n"
        "  participant P3 as Stripe\n"
        "  participant P4 as Sequent\n"
        "  participant P5 as test\n"
        "  P2->>P3: Create session\n"
        "  P3-->>P2: Session\n"
        "  Note over P2: known<br/>.a == 1: lines<br/>otherwise: end\n"
        "  loop lines: for each line\n"
        "    P4->>P5: note: test.call\n"
        "  end\n");
}

TEST_CASE("PlantUML says the same in its own words") {
  const Runner run{WholeDocument{checkout}};
  const std::string text = plantuml(draw_definition(run.program()));
  CHECK(text.starts_with("@startuml\n"));
  CHECK(text.find("participant \"Gateway\" as P2\n") != std::string::npos);
  CHECK(text.find("P3-->P2: Session\n") != std::string::npos);
  CHECK(text.find("note over P2: known\\n.a == 1: lines") != std::string::npos);
  CHECK(text.ends_with("end\n@enduml\n"));
}

TEST_CASE("a run is drawn as it went: attempts, what failed, and how long it took") {
  Runner run{WholeDocument{checkout}};
  run.answer = [&](const machine::testing::Call& call) -> machine::testing::Answer {
    if (call.attempt == 1 && call.arguments.contains("a"))
      return std::unexpected(machine::testing::transient(503));
    return call.arguments;
  };
  run.start();
  run.run_timers();
  const std::string text = mermaid_of_run(run);
  INFO(text);
  CHECK(text.find("title Check, out, run ") != std::string::npos);
  CHECK(text.find("create, attempt 1: 503") != std::string::npos);
  CHECK(text.find("again in ") != std::string::npos);
  CHECK(text.find(", attempt 2)") != std::string::npos);
  CHECK(text.find("lines: item 2") != std::string::npos);
  CHECK(text.find("completed after ") != std::string::npos);
  // One arrow for each attempt and each iteration.
  const auto count = [&](std::string_view part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return n;
  };
  CHECK(count("P2->>P3: Create session") == 2);
  CHECK(count("note: test.call") == 2);
}

}  // namespace sequent::diagram
