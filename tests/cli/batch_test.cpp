// Repair of many runs from the command line, with the real program.
#include <signal.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "support.hpp"

namespace sequent::cli::test {
namespace {

using Catch::Contains;

constexpr const char* fails = R"(document:
  dsl: 1.0.3
  namespace: test
  name: fails
  version: 1.0.0
do:
  - charge:
      call: debug.fail
      with: {outcome: permanent, times: "${ .times }", status: 402, message: declined}
)";

struct Served {
  explicit Served(const Folder& folder)
      : process({"serve", "--json", "--listen", "127.0.0.1:0", "--data", folder.path("data")}) {
    if (const auto json = parse_json(process.first_line())) url = text_of(*json, "url");
  }
  [[nodiscard]] Outcome ask(std::vector<std::string> words) const {
    words.insert(words.end(), {"--server", url});
    return sequent(words);
  }
  Process process;
  std::string url;
};

}  // namespace

TEST_CASE("a batch is looked at first, then followed to its end, and audited", "[cli]") {
  const Folder folder;
  Served server{folder};
  const auto deployed = server.ask({"deploy", folder.file("fails.yaml", fails)});
  INFO(deployed.error);
  REQUIRE(deployed.code == 0);
  for (int i = 0; i < 3; ++i)
    (void)server.ask({"start", "test/fails", "--input", R"({"times": 9})", "--wait", "30"});
  const std::string where = "status=faulted and workflow=test/* and error.status=402";
  CHECK_THAT(server.ask({"runs", "--where", where}).out, Contains("test/fails"));
  const auto counted =
      server.ask({"count", "--by", "workflow,error_status", "--where", "status=faulted"});
  INFO(counted.error);
  CHECK_THAT(counted.out, Contains("error_status") && Contains("test/fails") && Contains("402"));
  CHECK_THAT(server.ask({"count", "--where", "workflow=no/*"}).out, Contains("No runs."));
  CHECK_THAT(server.ask({"count", "--exact"}).out, Contains("faulted") && Contains("3"));
  const auto unknown = server.ask({"count", "--by", "statsu"});
  CHECK(unknown.code == 1);
  CHECK_THAT(unknown.error, Contains("Did you mean `status`?"));
  const auto mistaken = server.ask({"runs", "--where", "stats=faulted"});
  CHECK(mistaken.code == 1);
  CHECK_THAT(mistaken.error, Contains("column 1") && Contains("did you mean `status`"));

  const auto looked =
      server.ask({"batch", "retry", "--where", where, "--rate", "1/s", "--dry-run"});
  INFO(looked.error);
  REQUIRE(looked.code == 0);
  CHECK_THAT(looked.out, Contains("3 runs") && Contains("test/fails") && Contains("takes 3 s"));
  const auto by_provider = server.ask(
      {"batch", "retry", "--where", where + " and provider=debug", "--json", "--dry-run"});
  INFO(by_provider.error);
  REQUIRE(parse_json(by_provider.out));
  CHECK((*parse_json(by_provider.out))["by"]["provider"] ==
        Json{{{"value", "debug"}, {"count", 3}}});
  CHECK_THAT(looked.out, Contains("PROVIDER") && Contains("debug"));
  CHECK(server.ask({"batch", "retry", "--where", where}).code == 2);  // no reason

  const auto again = server.ask({"batch", "retry", "--where", where, "--reason", "once more"});
  CHECK(again.code == 1);
  CHECK_THAT(again.out, Contains("3 faulted again"));
  CHECK_THAT(again.error, Contains("3 of 3") && Contains("3 faulted"));

  const auto mended =
      server.ask({"batch", "retry", "--where", where, "--json", "--patch",
                  R"([{"op":"replace","path":"/times","value":0}])", "--reason", "a bad field"});
  INFO(mended.error);
  CHECK(mended.code == 0);
  const auto batch = parse_json(mended.out);
  REQUIRE(batch);
  CHECK((*batch)["items"]["succeeded"] == 3);
  const auto id = text_of(*batch, "id");
  CHECK_THAT(server.ask({"batch", "list"}).out, Contains(id) && Contains("finished"));
  CHECK_THAT(server.ask({"batch", "show", id}).out,
             Contains("succeeded") && Contains("a bad field"));
  CHECK(server.ask({"batch", "pause", id, "--reason", "x"}).code == 1);

  const auto audit = server.ask({"audit", "--action", "batch.*"});
  CHECK_THAT(audit.out,
             Contains("batch.retry") && Contains("a bad field") && Contains("once more"));
  CHECK_THAT(server.ask({"audit", "--refused"}).out, Contains("wrong-state"));
  server.process.signal(SIGTERM);
  CHECK(server.process.wait().code == 0);
}

TEST_CASE("runs move to another version from the command line, one or many", "[cli]") {
  const Folder folder;
  Served server{folder};
  const auto version = [&](const std::string& number, const std::string& first) {
    return folder.file("waits-" + number + ".yaml",
                       "document: {dsl: 1.0.3, namespace: test, name: waits, version: " + number +
                           "}\ndo:\n" + first +
                           "  - settle: {listen: {to: {one: {with: {type: com.test.paid}}}}}\n");
  };
  REQUIRE(server.ask({"deploy", version("1.0.0", "")}).code == 0);
  std::string first;
  for (int i = 0; i < 2; ++i) {
    const auto started = server.ask({"start", "test/waits", "--input", "{}", "--json"});
    INFO(started.error);
    REQUIRE(started.code == 0);
    first = text_of(*parse_json(started.out), "id");
  }
  REQUIRE(server.ask({"deploy", version("1.1.0", "  - note: {set: {a: 1}}\n")}).code == 0);
  const auto looked = server.ask({"migrate", first, "--to", "1.1.0", "--dry-run"});
  INFO(looked.error);
  CHECK(looked.code == 0);
  CHECK_THAT(looked.out, Contains("/do/0/settle") && Contains("/do/1/settle"));
  CHECK(server.ask({"migrate", first, "--to", "1.1.0"}).code == 2);  // no reason
  CHECK(server.ask({"migrate", "--reason", "x"}).code == 2);         // no run
  CHECK_THAT(server.ask({"migrate", first, "--to", "1.1.0", "--reason", "better"}).out,
             Contains("under version 1.1.0 now"));
  const std::string rest = "workflow=test/waits:1.0.0 and status=waiting";
  CHECK_THAT(server.ask({"migrate", "--where", rest, "--to", "1.1.0", "--dry-run"}).out,
             Contains("1 of 1 would take it"));
  CHECK(server.ask({"migrate", "--where", rest, "--to", "1.1.0", "--reason", "better"}).code == 0);
  CHECK_THAT(server.ask({"runs", "--where", "version=1.1.0", "--json"}).out, Contains(first));
  CHECK(server.ask({"migrate", first, "--to", "9.0.0", "--reason", "x"}).code == 1);
}

TEST_CASE("a batch whose server is killed in the middle acts on each run once", "[cli]") {
  const Folder folder;
  constexpr int runs = 25;
  std::string id;
  {
    Served server{folder};
    REQUIRE(server.ask({"deploy", folder.file("fails.yaml", fails)}).code == 0);
    for (int i = 0; i < runs; ++i)
      REQUIRE(server.ask({"start", "test/fails", "--input", R"({"times": 9})"}).code == 0);
    const auto all_faulted = [&] {
      const auto looked = parse_json(
          server.ask({"batch", "skip", "--where", "status=faulted", "--dry-run", "--json"}).out);
      return looked && looked->value("total", 0) == runs;
    };
    for (int look = 0; look < 200 && !all_faulted(); ++look) {
    }
    REQUIRE(all_faulted());
    const auto begun = server.ask({"batch", "retry", "--where", "status=faulted", "--rate", "5/s",
                                   "--patch", R"([{"op":"replace","path":"/times","value":0}])",
                                   "--reason", "a bad field", "--detach"});
    INFO(begun.error);
    REQUIRE(begun.code == 0);
    id = begun.out.substr(0, begun.out.find('\n'));
    const auto settled = [&] {
      const auto shown = parse_json(server.ask({"batch", "show", id, "--json"}).out);
      return shown ? (*shown)["items"].value("succeeded", 0) : 0;
    };
    for (int look = 0; look < 500 && settled() < 5; ++look) {
    }
    server.process.signal(SIGKILL);
    CHECK(server.process.wait().code == 128 + SIGKILL);
  }
  Served again{folder};
  const auto before = parse_json(again.ask({"batch", "show", id, "--json"}).out);
  REQUIRE(before);
  CHECK((*before)["items"]["total"] == runs);
  CHECK((*before)["items"]["succeeded"] < runs);  // it was in the middle
  const auto ended = again.ask({"batch", "show", id, "--watch", "--json"});
  INFO(ended.out << ended.error);
  CHECK(ended.code == 0);
  const auto shown = parse_json(again.ask({"batch", "show", id, "--json"}).out);
  REQUIRE(shown);
  CHECK((*shown)["state"] == "finished");
  CHECK((*shown)["items"]["succeeded"] == runs);
  REQUIRE((*shown)["runs"].size() == runs);
  for (const auto& item : (*shown)["runs"]) {
    const auto run = text_of(item, "run");
    const auto journal = parse_json(again.ask({"journal", run, "--json"}).out);
    REQUIRE(journal);
    CHECK(std::count_if(journal->begin(), journal->end(), [](const Json& record) {
            return text_of(record, "kind") == "TaskRetried";
          }) == 1);
    const auto audit = parse_json(again.ask({"audit", "--target", run, "--json"}).out);
    REQUIRE(audit);
    REQUIRE((*audit)["items"].size() == 1);
    CHECK((*audit)["items"][0]["after"]["diff"][0]["was"] == 9);
  }
}

TEST_CASE("a batch that undoes, or does things again, is confirmed first", "[cli]") {
  const Folder folder;
  Served server{folder};
  const auto file =
      folder.file("waits.yaml",
                  "document: {dsl: 1.0.3, namespace: test, name: buys, version: 1.0.0}\n"
                  "do:\n"
                  "  - charge: {call: debug.fail, with: {times: 0}, "
                  "metadata: {compensate: payBack}}\n"
                  "  - wait: {listen: {to: {one: {with: {type: com.test.paid}}}}}\n"
                  "  - over: {set: {a: 1}, then: end}\n"
                  "  - payBack: {call: debug.echo}\n");
  const auto deployed = server.ask({"deploy", file});
  INFO(deployed.error);
  REQUIRE(deployed.code == 0);
  for (int i = 0; i < 2; ++i)
    REQUIRE_THAT(server.ask({"start", "test/buys", "--input", "{}", "--wait", "1"}).error,
                 Contains("It has not ended within the wait"));
  const std::string where = "workflow=test/buys and status=waiting";
  const auto looked = server.ask({"batch", "cancel", "--where", where, "--dry-run"});
  CHECK_THAT(looked.out, Contains("WILL BE UNDONE") && Contains("/do/0/charge") &&
                             Contains("by /do/3/payBack"));
  const auto back = server.ask(
      {"batch", "rewind", "--where", where, "--task", "charge", "--reason", "wrong", "--dry-run"});
  CHECK_THAT(back.out, Contains("WILL HAPPEN AGAIN") && Contains("calls debug.fail"));
  const auto refused = server.ask({"batch", "cancel", "--where", where, "--reason", "left"});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.error, Contains("--yes") && Contains("2 runs"));
  const auto again = server.ask(
      {"batch", "rewind", "--where", where, "--task", "charge", "--reason", "wrong", "--yes"});
  INFO(again.error);
  CHECK(again.code == 0);
  const auto undone =
      server.ask({"batch", "cancel", "--where", where, "--reason", "left", "--yes"});
  INFO(undone.error);
  CHECK(undone.code == 0);
  CHECK_THAT(undone.out, Contains("2 succeeded"));
  CHECK_THAT(server.ask({"runs", "--where", "status=cancelled"}).out, Contains("test/buys"));
}

}  // namespace sequent::cli::test
