#include <catch2/catch.hpp>

#include "engine/diagram/page.hpp"
#include "tests/support/machine_runner.hpp"

namespace sequent::diagram {

TEST_CASE("a workflow's page has its explanation beside its picture") {
  const machine::testing::Runner run{machine::testing::WholeDocument{R"yaml(
document:
  dsl: 1.0.3
  namespace: billing
  name: payment
  version: 1.0.0
  title: Payment
  summary: Takes the money once.
  metadata:
    http: {method: post, path: /api/pay}
    participants: [Shop, Stripe]
    diagrams: [Payment Flow, Refund Flow]
do:
  - pay:
      metadata: {arrows: ["(3) Shop -> Stripe: Pay"]}
      set: {paid: true}
)yaml"}};
  CHECK(page(run.program(), "../../workflows/payment.yaml") ==
        "# Payment\n\n"
        "[`billing/payment`](../../workflows/payment.yaml), started by `POST /api/pay`.\n\n"
        "Takes the money once.\n\n"
        "Numbers are those of the arrows in \"Payment Flow\" and \"Refund Flow\" (2.5: arrow 5 of "
        "the second); [the trace "
        "table](../sequences.md) says which test shows each. Arrows without one are ours.\n\n"
        "```mermaid\n"
        "sequenceDiagram\n"
        "  title Payment\n"
        "  participant P1 as Shop\n"
        "  participant P2 as Stripe\n"
        "  P1->>P2: 3. Pay\n"
        "```\n");
}

TEST_CASE("a workflow without words of its own has a page too") {
  const machine::testing::Runner run{"do:\n  - a: {set: {x: 1}}\n"};
  const auto text = page(run.program(), "a.yaml");
  CHECK(text.find("started by a caller or another workflow.\n\n```mermaid\n") != std::string::npos);
}

}  // namespace sequent::diagram
