#include <catch2/catch.hpp>

#include "support.hpp"

namespace sequent::cli::test {
namespace {

using Catch::Contains;

TEST_CASE("wrong use ends with 2 and says what was meant", "[cli]") {
  SECTION("a command that does not exist") {
    const auto outcome = sequent({"depoly", "x.yaml"});
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.error, Contains("unknown command `depoly`; did you mean `deploy`?"));
  }
  SECTION("no command") {
    CHECK(sequent({}).code == 2);
  }
  SECTION("an option that does not exist") {
    const auto outcome = sequent({"runs", "--stauts", "faulted"});
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.error, Contains("--stauts"));
  }
  SECTION("an action without a reason") {
    const auto outcome = sequent({"cancel", "0199"});
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.error, Contains("--reason"));
  }
  SECTION("a workflow without its namespace") {
    const auto outcome = sequent({"start", "refund"});
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.error, Contains("NAMESPACE/NAME") && Contains("`refund`"));
  }
  SECTION("an input that is neither a file nor JSON") {
    const auto outcome = sequent({"start", "billing/refund", "--input", "{charge"});
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.error, Contains("there is no file `{charge`"));
  }
  SECTION("a time that is none") {
    const auto outcome = sequent({"runs", "--since", "yesterday"});
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.error, Contains("--since") && Contains("`yesterday`"));
  }
  SECTION("an address that is none") {
    const Folder folder;
    const auto outcome = sequent({"serve", "--listen", "8233", "--data", folder.path("data")});
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.error, Contains("HOST:PORT"));
  }
  SECTION("a store of another kind") {
    const auto outcome = sequent({"serve", "--store", "mysql://localhost/sequent"});
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.error, Contains("postgresql://") && Contains("--data DIR"));
  }
}

TEST_CASE("help and version are answers", "[cli]") {
  const auto help = sequent({"--help"});
  CHECK(help.code == 0);
  for (const auto* command :
       {"serve",   "sandbox",   "validate", "deploy", "start", "runs",   "show",
        "journal", "watch",     "suspend",  "resume", "retry", "rewind", "skip",
        "cancel",  "terminate", "batch",    "audit",  "inbox", "doctor", "count"})
    CHECK_THAT(help.out, Contains(command));
  CHECK(sequent({"start", "--help"}).code == 0);
  CHECK_THAT(sequent({"--version"}).out, Contains("sequent 0.1.0"));
}

TEST_CASE("without a server a command says how to get one", "[cli]") {
  // Port 1 of this machine: nobody listens there.
  const auto outcome = sequent({"runs", "--server", "http://127.0.0.1:1"});
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.error, Contains("No answer from http://127.0.0.1:1"));
  CHECK_THAT(outcome.error, Contains("sequent serve"));
  const auto by_variable = sequent({"runs"}, {{"SEQUENT_SERVER", "127.0.0.1:1"}});
  CHECK(by_variable.code == 1);
  CHECK_THAT(by_variable.error, Contains("No answer from http://127.0.0.1:1"));
}

}  // namespace
}  // namespace sequent::cli::test
