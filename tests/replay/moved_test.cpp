// Runs that were moved to another version of their workflow.
#include <catch2/catch.hpp>

#include "api/journal_json.hpp"
#include "engine/replay/replay.hpp"
#include "tests/support/machine_runner.hpp"

namespace sequent::replay {
namespace {

using namespace machine;
using Catch::Contains;
using definition::ProgramPtr;
using machine::testing::Runner;

Runner runner_of(const std::string& version, const std::string& tasks,
                 const std::string& name = "scenario") {
  return Runner{machine::testing::WholeDocument{"document: {dsl: '1.0.3', namespace: test, name: " +
                                                name + ", version: '" + version + "'}\n" + tasks}};
}

ProgramPtr program_of(const std::string& version, const std::string& tasks,
                      const std::string& name = "scenario") {
  return runner_of(version, tasks, name).program_pointer();
}

/// What a store keeps of definitions, and which of them were asked for.
struct Stored {
  std::vector<ProgramPtr> programs;
  std::vector<std::string> asked;

  FindVersion find() {
    return [this](const Version& version) -> Result<ProgramPtr> {
      asked.push_back(version.workflow.version);
      return by_digest(version.digest);
    };
  }
  [[nodiscard]] ProgramPtr by_digest(const std::string& digest) const {
    for (const auto& program : programs)
      if (program->digest == digest) return program;
    return nullptr;
  }
};

Json exported(const Runner& runner, const Stored& stored) {
  Json out = Json::array();
  api::JournalReader reader{runner.program(), {}, [&stored](const std::string& digest) {
                              return stored.by_digest(digest);
                            }};
  for (const auto& record : Json::parse(encode(runner.journal))) out.push_back(reader.show(record));
  return out;
}

void move(Runner& runner, const ProgramPtr& to) {
  const auto moved = runner.feed(MigrateAsked{to, "a better one", "ops"});
  INFO((moved ? "" : moved.error().detail));
  REQUIRE(moved);
}

std::uint64_t record_of(const Json& journal, const std::string& kind) {
  for (const auto& record : journal)
    if (record.at("kind") == kind) return record.at("seq").get<std::uint64_t>();
  FAIL("there is no record " + kind);
  return 0;
}

/// Charged under 1.0.0; waited; moved to 1.1.0, which charges and tells otherwise and has a task more; was
/// paid, and told of it.
const std::string old_tasks = R"(do:
  - charge: {call: test.call, with: {amount: "${ .amount }"}}
  - settle:
      do:
        - await: {listen: {to: {one: {with: {type: paid}}}}}
        - tell: {call: test.call, with: {text: old}}
)";
const std::string new_tasks = R"(do:
  - charge: {call: test.call, with: {amount: "${ .amount * 2 }"}}
  - settle:
      do:
        - await: {listen: {to: {one: {with: {type: paid}}}}}
        - tell: {call: test.call, with: {text: new}}
  - note: {set: "${ . }"}
)";

struct Moved {
  Stored stored{.programs = {program_of("1.0.0", old_tasks), program_of("1.1.0", new_tasks)},
                .asked = {}};
  Json journal;
  std::uint64_t move = 0;  // record

  Moved() {
    Runner runner = runner_of("1.0.0", old_tasks);
    runner.start({{"amount", 5}});
    sequent::replay::move(runner, stored.programs[1]);
    runner.publish({{"type", "paid"}, {"data", 1}});
    REQUIRE(runner.state().status == Status::completed);
    journal = exported(runner, stored);
    move = record_of(journal, "Migrated");
  }

  Outcome replayed(const ProgramPtr& with) {
    auto outcome = replay(journal, with, stored.find());
    if (!outcome) FAIL(outcome.error().detail);
    return *std::move(outcome);
  }
  Difference difference(const ProgramPtr& with) {
    auto outcome = replayed(with);
    REQUIRE(outcome.difference);
    return *std::move(outcome.difference);
  }
};

std::string edited(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a moved run agrees with its versions, each where the run was under it") {
  Moved run;
  for (const auto& [version, other] : {std::pair{1, "1.0.0"}, std::pair{0, "1.1.0"}}) {
    run.stored.asked.clear();
    const auto outcome = run.replayed(run.stored.programs.at(version));
    if (outcome.difference) FAIL(outcome.difference->expected + " <> " + outcome.difference->came);
    CHECK(outcome.records == run.journal.size());
    CHECK(outcome.ended);
    CHECK(run.stored.asked == std::vector<std::string>{other});  // what is given is not looked for
    REQUIRE(outcome.stretches.size() == 2);
    CHECK(outcome.stretches[0].given == (version == 0));
    CHECK(outcome.stretches[1].given == (version == 1));
    CHECK(outcome.stretches[1].version.from == run.move);
    CHECK(outcome.stretches[1].version.workflow.version == "1.1.0");
  }
}

TEST_CASE("the version that a run was moved to is tried from the move on") {
  Moved run;
  const auto difference =
      run.difference(program_of("1.1.0", edited(new_tasks, "text: new", "text: newer")));
  CHECK(difference.seq > run.move);
  CHECK(difference.task == "settle/tell");
  CHECK(difference.under.empty());
  REQUIRE(difference.members.size() == 1);
  CHECK(difference.members[0].name == "with.text");
  CHECK(difference.members[0].recorded == "new");
  CHECK(difference.members[0].now == "newer");
  // What was done before the move was done under the old version.
  CHECK_FALSE(run.replayed(program_of("1.1.0", edited(new_tasks, ".amount * 2", ".amount * 3")))
                  .difference);
}

TEST_CASE("the version that a run has left is tried until the move") {
  Moved run;
  const auto difference =
      run.difference(program_of("1.0.0", edited(old_tasks, ".amount", ".amount + 1")));
  CHECK(difference.seq < run.move);
  CHECK(difference.members.at(0).name == "with.amount");
  CHECK_FALSE(
      run.replayed(program_of("1.0.0", edited(old_tasks, "text: old", "text: older"))).difference);
}

TEST_CASE("a version that a run has never been under is tried in the place of its last one") {
  Moved run;
  const auto next = program_of("2.0.0", edited(new_tasks, "text: new", "text: next"));
  const auto difference = run.difference(next);
  CHECK(difference.seq > run.move);
  CHECK(difference.members.at(0).now == "next");
  CHECK_FALSE(run.replayed(program_of("2.0.0", new_tasks)).difference);
}

TEST_CASE("that a run could not have moved to a definition is the difference, at the move") {
  Moved run;
  const auto difference =
      run.difference(program_of("1.1.0", edited(new_tasks, "- await:", "- hear:")));
  CHECK(difference.seq == run.move);
  CHECK_THAT(difference.expected, Contains("moves to another version"));
  CHECK_THAT(difference.came, Contains("no task with this name"));
  CHECK(difference.under.empty());
  // `tell` comes later: the old version has been left before.
  CHECK_FALSE(run.replayed(program_of("1.0.0", edited(old_tasks, "- tell:", "- say:"))).difference);
}

TEST_CASE("what the recorded version does otherwise is not said of the one that is tried") {
  Moved run;
  for (auto& record : run.journal)
    if (record.at("kind") == "ActivityScheduled" && record.at("seq") < run.move)
      record["arguments"]["amount"] = 6;
  const auto difference = run.difference(run.stored.programs[1]);
  CHECK(difference.seq < run.move);
  CHECK(difference.under == "test/scenario:1.0.0");
}

TEST_CASE("a run that faulted, moved to a version that mends it and was retried is replayed") {
  Stored stored{.programs = {program_of("1.0.0",
                                        "do:\n  - bill: {call: test.once, with: {n: "
                                        "\"${ .nn }\"}}\n"),
                             program_of("1.0.1",
                                        "do:\n  - bill: {call: test.once, with: {n: "
                                        "\"${ .n }\"}}\n")},
                .asked = {}};
  Runner runner = runner_of("1.0.0", "do:\n  - bill: {call: test.once, with: {n: \"${ .nn }\"}}\n");
  runner.answer = [](const machine::testing::Call& call) -> machine::testing::Answer {
    if (call.arguments.at("n").is_null()) return std::unexpected(machine::testing::permanent());
    return call.arguments;
  };
  runner.start({{"n", 1}});
  REQUIRE(runner.state().status == Status::faulted);
  move(runner, stored.programs[1]);
  REQUIRE(runner.feed(RetryAsked{.reason = "mended", .by = "ops"}));
  REQUIRE(runner.state().status == Status::completed);
  const auto journal = exported(runner, stored);
  const auto outcome = replay(journal, stored.programs[1], stored.find());
  REQUIRE(outcome);
  CHECK_FALSE(outcome->difference);
  // A version that does not mend it: the call after the move is as it was before.
  const auto unmended = replay(journal,
                               program_of("1.0.1",
                                          "do:\n  - bill: {call: test.once, with: {n: "
                                          "\"${ .nn }\"}}\n"),
                               stored.find());
  REQUIRE(unmended);
  REQUIRE(unmended->difference);
  CHECK(unmended->difference->members.at(0).name == "with.n");
}

TEST_CASE("a run that moved twice, and back, follows each version in its turn") {
  const std::string slow = "do:\n  - sleep: {wait: {hours: 1}}\n  - nap: {wait: {hours: 1}}\n";
  const std::string tells = slow + "  - tell: {call: test.call, with: {n: 1}}\n";
  Stored stored{.programs = {program_of("1.0.0", slow), program_of("1.1.0", tells)}, .asked = {}};
  Runner runner = runner_of("1.0.0", slow);
  runner.start();
  move(runner, stored.programs[1]);
  runner.run_timers(3'600'000);
  REQUIRE(runner.view().task == "/do/1/nap");
  move(runner, stored.programs[0]);
  runner.run_timers(3'600'000);
  REQUIRE(runner.state().status == Status::completed);
  REQUIRE(runner.calls.empty());
  const auto journal = exported(runner, stored);
  for (const auto& program : stored.programs) {
    const auto outcome = replay(journal, program, stored.find());
    REQUIRE(outcome);
    CHECK_FALSE(outcome->difference);
    REQUIRE(outcome->stretches.size() == 3);
    CHECK(outcome->stretches[0].given == outcome->stretches[2].given);
    CHECK(outcome->stretches[0].given != outcome->stretches[1].given);
  }
}

TEST_CASE("without the definition that it was under before, a moved run is not replayed") {
  Moved run;
  run.stored.programs.erase(run.stored.programs.begin());
  const auto outcome = replay(run.journal, run.stored.programs[0], run.stored.find());
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == ErrorCode::not_found);
  CHECK_THAT(outcome.error().detail, Contains("From record 1 on") &&
                                         Contains("test/scenario:1.0.0") &&
                                         Contains("not stored any more"));
  CHECK_FALSE(replay(run.journal, run.stored.programs[0]));  // nobody to ask
}

TEST_CASE("a moved run is not replayed with another workflow") {
  Moved run;
  const auto outcome =
      replay(run.journal, program_of("1.1.0", new_tasks, "other"), run.stored.find());
  REQUIRE_FALSE(outcome);
  CHECK_THAT(outcome.error().detail, Contains("test/scenario") && Contains("test/other"));
}

}  // namespace sequent::replay
