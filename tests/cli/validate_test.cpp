#include <catch2/catch.hpp>

#include "support.hpp"

namespace sequent::cli::test {
namespace {

using Catch::Contains;

constexpr const char* good = R"(document:
  dsl: 1.0.3
  namespace: test
  name: echo
  version: 1.0.0
do:
  - sayIt:
      call: debug.echo
      with: {word: "${ .word }"}
)";

constexpr const char* broken = R"(document:
  dsl: 1.0.3
  namespace: test
  name: broken
  version: 1.0.0
do:
  - sayIt:
      call: debug.ehco
      with: {word: "${ .word }"}
  - waitABit:
      wiat: {seconds: 1}
)";

TEST_CASE("validate tells every mistake of every file with its place", "[cli]") {
  const Folder folder;
  const auto first = folder.file("a/broken.yaml", broken);
  const auto second = folder.file("a/b/echo.yml", good);
  const auto outcome = sequent({"validate", folder.path("a")});
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.out,
             Contains(first + ":8:") && Contains("debug.ehco") && Contains("debug.echo"));
  CHECK_THAT(outcome.out, Contains(first + ":10:") && Contains("wiat"));
  CHECK_THAT(outcome.out, Contains(second + ": valid, test/echo:1.0.0"));
  CHECK_THAT(outcome.out, !Contains("\033["));  // no terminal, no colours
}

TEST_CASE("validate in JSON has the same findings", "[cli]") {
  const Folder folder;
  const auto outcome = sequent({"validate", "--json", folder.file("broken.yaml", broken)});
  CHECK(outcome.code == 1);
  const auto files = parse_json(outcome.out);
  REQUIRE(files);
  REQUIRE(files->size() == 1);
  CHECK((*files)[0]["valid"] == false);
  REQUIRE((*files)[0]["errors"].size() == 2);
  CHECK((*files)[0]["errors"][0]["line"] == 8);
  CHECK((*files)[0]["errors"][1]["line"] == 10);
}

TEST_CASE("validate says when a file is not there", "[cli]") {
  const auto outcome = sequent({"validate", "no-such-file.yaml"});
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.out, Contains("no-such-file.yaml"));
}

constexpr const char* careless = R"(document:
  dsl: 1.0.3
  namespace: test
  name: careless
  version: 1.0.0
do:
  - subscribe:
      metadata: {accept: {charge-without-compensation: a test pays nothing}}
      call: stripe.subscriptions.create
      with: {customer: cus_1, items: [{price: price_1}]}
  - share:
      set: {amount: "${ .amount / 3 }"}
)";

TEST_CASE("strictly, what may cost money fails, and what is accepted does not", "[cli]") {
  const Folder folder;
  const auto file = folder.file("careless.yaml", careless);
  const auto usual = sequent({"validate", file});
  CHECK(usual.code == 0);
  const auto strict = sequent({"validate", "--strict", file});
  CHECK(strict.code == 1);
  CHECK_THAT(strict.out, Contains(file + ":12:33: warning: `amount`") &&
                             Contains("[amount-in-floating-point]") &&
                             Contains("(at /do/1/share/set/amount)") &&
                             Contains("1 file, 0 errors, 1 warning, 1 accepted") &&
                             !Contains("a test pays nothing"));
  const auto verbose = sequent({"validate", "--strict", "--verbose", file});
  CHECK_THAT(verbose.out, Contains("because: a test pays nothing"));
  const auto json = sequent({"validate", "--strict", "--json", file});
  CHECK(json.code == 1);
  const auto files = parse_json(json.out);
  REQUIRE(files);
  CHECK((*files)[0]["warnings"][0]["rule"] == "amount-in-floating-point");
  CHECK((*files)[0]["accepted"][0]["reason"] == "a test pays nothing");
}

}  // namespace
}  // namespace sequent::cli::test
