// Outages steered from the command line, with the real program: every verb, and what is refused.
#include <signal.h>

#include <catch2/catch.hpp>

#include "base/time.hpp"
#include "support.hpp"

namespace sequent::cli::test {
namespace {

using Catch::Contains;

constexpr const char* greets = R"(document:
  dsl: 1.0.3
  namespace: test
  name: greets
  version: 1.0.0
do:
  - greet:
      call: debug.echo
      with: {hello: "${ .name }"}
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
  /// The same as JSON; null when the program said something else.
  [[nodiscard]] Json tell(std::vector<std::string> words) const {
    words.emplace_back("--json");
    return parse_json(ask(std::move(words)).out).value_or(Json());
  }
  /// Starts a run and says its id.
  [[nodiscard]] std::string start(const std::string& wait) const {
    const auto run = tell({"start", "test/greets", "--input", R"({"name":"Ada"})", "--wait", wait});
    return run.is_object() ? text_of(run, "id") : std::string{};
  }
  [[nodiscard]] bool reaches(const std::string& run, const std::string& status) const {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < until)
      if (text_of(tell({"show", run}), "status") == status) return true;
    return false;
  }
  /// What is parked is counted now and then, not with every call.
  [[nodiscard]] bool counts_parked(std::int64_t expected) const {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < until) {
      const auto providers = tell({"providers"});
      std::int64_t parked = 0;
      for (const auto& one : providers.value("items", Json::array()))
        parked += one.at("parked").at("calls").get<std::int64_t>();
      if (parked == expected) return true;
    }
    return false;
  }
  Process process;
  std::string url;
};

}  // namespace

TEST_CASE("an operator opens a provider, sees what is parked, and closes it", "[cli][outages]") {
  const Folder folder;
  Served server{folder};
  REQUIRE_FALSE(server.url.empty());
  CHECK_THAT(server.ask({"providers"}).out, Contains("No provider was called yet."));
  REQUIRE(server.ask({"deploy", folder.file("greets.yaml", greets)}).code == 0);
  REQUIRE(server.reaches(server.start("30"), "completed"));
  const auto calm = server.ask({"providers", "list"});
  CHECK(calm.code == 0);
  CHECK_THAT(calm.out, Contains("PROVIDER") && Contains("debug") && Contains("closed"));
  CHECK_THAT(calm.out, Contains("LATENCY") && Contains(" ms"));

  const auto opened = server.ask({"providers", "open", "debug", "--reason", "they called us"});
  INFO(opened.error);
  REQUIRE(opened.code == 0);
  CHECK_THAT(opened.out, Contains("debug") && Contains("open") && Contains("they called us"));
  const auto run = server.start("1");
  REQUIRE(server.reaches(run, "waiting"));
  const auto impatient =
      server.ask({"start", "test/greets", "--input", R"({"name":"Eva"})", "--wait", "1"});
  CHECK(impatient.code == 1);
  CHECK_THAT(impatient.error, Contains("has not ended within the wait (parked: parked on debug"));
  CHECK_THAT(server.ask({"show", run}).out, Contains("parked on debug, open since") &&
                                                Contains("until an operator closes it") &&
                                                Contains(" old, not sent yet"));
  CHECK(server.counts_parked(2));
  CHECK_THAT(server.ask({"runs", "--stuck"}).out, Contains("No runs."));

  const auto closed = server.ask({"providers", "close", "debug", "--reason", "it answers again"});
  INFO(closed.error);
  REQUIRE(closed.code == 0);
  CHECK_THAT(closed.out, Contains("closed"));
  CHECK(server.reaches(run, "completed"));
  const auto audit = server.ask({"audit", "--target", "providers/debug"});
  CHECK_THAT(audit.out, Contains("open-provider") && Contains("they called us") &&
                            Contains("close-provider") && Contains("it answers again"));
  server.process.signal(SIGTERM);
  CHECK(server.process.wait().code == 0);
}

TEST_CASE("a call whose outcome is unknown shows how old its key is", "[cli][outages]") {
  const Folder folder;
  Served server{folder};
  REQUIRE(server.ask({"deploy", folder.file("fails.yaml", R"(document:
  dsl: 1.0.3
  namespace: test
  name: greets
  version: 1.0.0
do:
  - charge:
      call: debug.fail
      with: {outcome: unknown, times: 1, retryAfterMs: 600000}
)")})
              .code == 0);
  const auto run = server.start("1");
  const auto shown = server.ask({"show", run});
  INFO(shown.out);
  CHECK_THAT(shown.out, Contains("key") && Contains(" old, debug forgets it in 23 h") &&
                            Contains("an attempt may have had its effect"));
  CHECK_THAT(server.ask({"runs", "--where", "key.born<=now"}).out, Contains(run));
  CHECK_THAT(server.ask({"runs", "--where", "key.bornAt<20h"}).out, Contains("No runs."));
  server.process.signal(SIGTERM);
  CHECK(server.process.wait().code == 0);
}

TEST_CASE("limits and windows of a provider are set and lifted", "[cli][outages]") {
  const Folder folder;
  Served server{folder};
  REQUIRE_FALSE(server.url.empty());
  const auto limited = server.ask({"providers", "limit", "debug", "--account", "acct_1", "--rate",
                                   "5", "--at-once", "2", "--reason", "our contract"});
  INFO(limited.error);
  REQUIRE(limited.code == 0);
  CHECK_THAT(limited.out, Contains("acct_1") && Contains("5/s, 2 at once"));
  const auto lifted = server.ask({"providers", "limit", "debug", "--account", "acct_1", "--rate",
                                  "0", "--at-once", "0", "--reason", "a new contract"});
  CHECK(lifted.code == 0);
  CHECK(lifted.out.find("5/s") == std::string::npos);

  const auto until = server.tell({"providers", "open", "debug", "--account", "acct_1", "--class",
                                  "write", "--until", "5m", "--reason", "a short one"});
  REQUIRE(until.is_object());
  REQUIRE(until.at("items").size() == 1);
  CHECK(until.at("items")[0].at("class") == "write");
  CHECK(until.at("items")[0].at("nextCanaryAt").is_string());

  const auto declared = server.tell({"providers", "maintenance", "debug", "--from", "30m", "--to",
                                     "2h", "--reason", "their upgrade"});
  REQUIRE(declared.is_object());
  const Json window = declared.at("items").at(0).at("maintenance").at(0);
  CHECK(window.at("reason") == "their upgrade");
  const auto from = parse_time(text_of(window, "from")), to = parse_time(text_of(window, "to"));
  REQUIRE((from && to));
  CHECK(*to - *from == 90 * 60'000);
  CHECK(declared.at("items")[0].at("state") == "closed");
  const auto now =
      server.tell({"providers", "maintenance", "debug", "--to", "2h", "--reason", "it has begun"});
  REQUIRE(now.is_object());
  CHECK(now.at("items")[0].at("state") == "open");
}

TEST_CASE("what makes no sense for a provider is refused, with the reason", "[cli][outages]") {
  const Folder folder;
  Served server{folder};
  REQUIRE_FALSE(server.url.empty());
  struct Mistake {
    std::vector<std::string> words;
    int code;
    const char* says;
  };
  const Mistake mistakes[] = {
      {{"open", "debug"}, 2, "--reason is required"},
      {{"open", "--reason", "x"}, 2, "provider is required"},
      {{"opne", "debug", "--reason", "x"}, 2, "opne"},
      {{"open", "debug", "--reason", ""}, 1, "expected why this is done"},
      {{"open", "nobody", "--reason", "x"}, 1, "No activity calls a provider \"nobody\""},
      {{"open", "debug", "--reason", "x", "--until", "soon"}, 2, "Expected 90s, 30m, 2h"},
      {{"open", "debug", "--reason", "x", "--until", "2001-01-01T00:00:00Z"}, 1, "in the past"},
      {{"open", "debug", "--reason", "x", "--class", "write"}, 1, "expected `account`"},
      {{"close", "debug", "--reason", "x", "--until", "5m"}, 2, "--until"},
      {{"limit", "debug", "--reason", "x"}, 1, "expected `perSecond`, `atOnce` or both"},
      {{"limit", "debug", "--reason", "x", "--rate", "fast"}, 2, "--rate"},
      {{"limit", "debug", "--reason", "x", "--rate", "-1"}, 1, "expected calls a second"},
      {{"limit", "debug", "--reason", "x", "--at-once", "1000000"}, 1, "expected a whole number"},
      {{"maintenance", "debug", "--reason", "x"}, 2, "--to is required"},
      {{"maintenance", "debug", "--reason", "x", "--from", "2h", "--to", "1h"},
       1,
       "ends after it begins"},
      {{"maintenance", "debug", "--reason", "x", "--to", "2001-01-01T00:00:00Z"},
       1,
       "ends after it begins"}};
  for (const auto& mistake : mistakes) {
    std::vector<std::string> words{"providers"};
    words.insert(words.end(), mistake.words.begin(), mistake.words.end());
    const auto refused = server.ask(words);
    CAPTURE(mistake.words, refused.out, refused.error);
    CHECK(refused.code == mistake.code);
    CHECK_THAT(refused.error, Contains(mistake.says));
  }
  CHECK_THAT(server.ask({"providers"}).out, Contains("No provider was called yet."));
  // What reached the server stands in the audit log, though nothing was changed.
  const auto refused = server.tell({"audit", "--refused", "--target", "providers/debug"});
  REQUIRE(refused.is_object());
  CHECK(refused.at("items").size() == 8);
}

}  // namespace sequent::cli::test
