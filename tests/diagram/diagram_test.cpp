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
        "  participant P4 as test\n"
        "  P1->>P2: Basket\n"
        "  P2->>P3: Create session\n"
        "  P3-->>P2: Session\n"
        "  Note over P2: known<br/>.a == 1: lines<br/>otherwise: end\n"
        "  loop lines: for each line\n"
        "    P2->>P4: note: test.call\n"
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
  CHECK(count("P3-->>P2: Session") == 1);  // the failed attempt had no answer
  CHECK(count("note: test.call") == 2);
}

TEST_CASE("a caller's steps stand where their numbers put them") {
  const Runner run{WholeDocument{R"yaml(
document:
  dsl: 1.0.3
  namespace: test
  name: shop
  version: 1.0.0
  metadata:
    participants: [Shop, Gateway, Test]
    diagrams: [Shopping]
    clientArrows: ["(4) Shop -> Shop: Show", "(1) Shop -> Gateway: Ask", "(5) Shop -> Shop: Rest"]
do:
  - one: {call: test.call, with: {}}
  - two: {metadata: {arrows: ["(2) Gateway -> Test: Two", "(3) Test --> Gateway: Done"]}, call: test.call, with: {}}
  - kept:
      try: [{three: {metadata: {arrows: ["(6) Gateway --> Shop: Answer"]}, set: {x: 1}}}]
      catch: {errors: {with: {status: 408}}, do: [{none: {set: {x: 0}}}]}
)yaml"}};
  const std::string text = mermaid(draw_definition(run.program()));
  CHECK(text.substr(text.find("  P2->>P3: one")) ==
        "  P2->>P3: one: test.call\n"  // `test` is the participant Test
        "  P1->>P2: 1. Ask\n"
        "  P2->>P3: 2. Two\n"
        "  P3-->>P2: 3. Done\n"
        "  P1->>P1: 4. Show\n"
        "  P1->>P1: 5. Rest\n"
        "  P2-->>P1: 6. Answer\n"
        "  Note over P2: kept: an error came\n");
}

TEST_CASE("a run shows by which id the provider knows a request") {
  Runner run{WholeDocument{R"yaml(
document:
  dsl: 1.0.3
  namespace: test
  name: shop
  version: 1.0.0
  metadata: {participants: [Shop, Gateway, Stripe]}
do:
  - pay:
      metadata: {arrows: ["Gateway -> Stripe: Pay", "Stripe -> Gateway: Paid", "Gateway -> Shop: Thanks"]}
      do:
        - charge: {call: test.call, with: {}}
)yaml"}};
  run.answer_calls = false;
  run.start();
  machine::Failure broken = machine::testing::transient(503);
  broken.problem.extensions = {{"requestId", "req_1"}};
  REQUIRE(run.feed(machine::ActivityReturned{
      .frame = 3, .attempt = 1, .output = {}, .failure = broken, .request_id = "req_1"}));
  run.advance(60'000);
  REQUIRE(run.feed(machine::ActivityReturned{.frame = 3,
                                             .attempt = 2,
                                             .output = machine::make_value(Json{{"id", "ch_1"}}),
                                             .failure = {},
                                             .request_id = "req_2"}));
  const std::string text = mermaid_of_run(run);
  INFO(text);
  CHECK(text.find("charge, attempt 1: 503") != std::string::npos);
  CHECK(text.find("(req_1)") != std::string::npos);
  // The block speaks for the call in it.
  CHECK(text.find("attempt 2, req_2)\n  P2->>P1: Thanks\n") != std::string::npos);
  CHECK(text.find("test.call") == std::string::npos);
}

}  // namespace sequent::diagram
