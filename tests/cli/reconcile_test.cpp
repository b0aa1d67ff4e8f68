// reconcile stripe: a server and Stripe's stand-in as processes, and four things gone wrong.
#include <signal.h>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <optional>

#include "base/time.hpp"
#include "net/http_client.hpp"
#include "support.hpp"

namespace sequent::cli::test {
namespace {

using Catch::Contains;

constexpr const char* customer_maker = R"(document:
  dsl: 1.0.3
  namespace: test
  name: maker
  version: 1.0.0
do:
  - make:
      call: stripe.customers.create
      with: {name: "${ .name }", email: "${ .email }"}
)";

Json exchanged(const std::string& method, const std::string& url, const Json& body = nullptr) {
  boost::asio::io_context io;
  net::HttpClient client;
  net::ClientRequest request;
  request.method = method;
  request.url = url;
  request.timeout_ms = 20'000;
  request.headers.set("Authorization", "Bearer sk_test_sandbox");
  if (!body.is_null()) {
    request.headers.set("Content-Type", "application/json");
    request.body = dump_json(body);
  }
  std::optional<net::ClientResult> result;
  client.send(std::move(request), io.get_executor(),
              [&result](net::ClientResult came) { result = std::move(came); });
  io.run();
  REQUIRE(result.has_value());
  REQUIRE(result->has_value());
  INFO((*result)->body);
  REQUIRE((*result)->status < 300);
  return parse_json((*result)->body).value_or(Json());
}

struct Comparing {
  Comparing() : sandbox({"sandbox", "--json", "--config-out", folder.path("providers.yaml")}) {
    const auto line = parse_json(sandbox.first_line());
    REQUIRE(line);
    stripe = text_of(*line, "stripe");
    server.emplace(std::vector<std::string>{"serve", "--json", "--config",
                                            folder.path("providers.yaml"), "--listen",
                                            "127.0.0.1:0", "--data", folder.path("data")});
    const auto serving = parse_json(server->first_line());
    REQUIRE(serving);
    url = text_of(*serving, "url");
    const auto deployed =
        sequent({"deploy", folder.file("maker.yaml", customer_maker), "--server", url});
    REQUIRE(deployed.code == 0);
    // The stand-in was born with a small shop; the window begins in a later second.
    const auto clock = [] {
      return std::chrono::duration_cast<std::chrono::seconds>(
                 std::chrono::system_clock::now().time_since_epoch())
          .count();
    };
    const auto born = clock();
    while (clock() <= born) REQUIRE(sequent({"runs", "--server", url}).code == 0);
    since = format_time(clock() * 1'000);
  }
  std::string start(const std::string& name, const std::string& wait) {
    const Json input{{"name", name}, {"email", name + "@example.com"}};
    const auto started = sequent({"start", "test/maker", "--input", dump_json(input), "--wait",
                                  wait, "--json", "--server", url});
    INFO(started.out << started.error);
    REQUIRE(started.code == 0);
    return text_of(*parse_json(started.out), "id");
  }
  void dashboard(const std::string& method, const std::string& path,
                 const Json& params = Json::object()) {
    static_cast<void>(exchanged("POST", stripe + "/_sandbox/dashboard",
                                {{"method", method}, {"path", path}, {"params", params}}));
  }
  std::string customer_of(const std::string& run) {
    const Json answer = exchanged("GET", url + "/api/v1/runs/" + run);
    return text_of(answer.at("output"), "id");
  }
  Outcome reconcile(std::vector<std::string> more) {
    std::vector<std::string> words{"reconcile", "stripe",   "--since",
                                   since,       "--config", folder.path("providers.yaml"),
                                   "--server",  url};
    words.insert(words.end(), more.begin(), more.end());
    return sequent(words);
  }

  Folder folder;
  Process sandbox;
  std::optional<Process> server;
  std::string stripe, url, since;
};

}  // namespace

TEST_CASE("reconcile without a key says what to give, and ends with 2", "[cli]") {
  const Folder folder;
  Process server{{"serve", "--json", "--listen", "127.0.0.1:0", "--data", folder.path("data")}};
  const auto serving = parse_json(server.first_line());
  REQUIRE(serving);
  const auto url = text_of(*serving, "url");
  const auto outcome = sequent({"reconcile", "stripe", "--since", "24h", "--server", url});
  CHECK(outcome.code == 2);
  CHECK_THAT(outcome.error, Contains("Expected an API key of Stripe") &&
                                Contains("SEQUENT_STRIPE_API_KEY") && Contains("--config") &&
                                Contains("SEQUENT_CONFIG") && Contains(url));
  const auto absent =
      sequent({"reconcile", "stripe", "--config", folder.path("none.yaml"), "--server", url});
  CHECK(absent.code == 2);
  CHECK_THAT(absent.error, Contains("none.yaml"));
  const auto elsewhere = sequent({"reconcile", "stripe", "--since", "later", "--server", url});
  CHECK(elsewhere.code == 2);
  server.signal(SIGTERM);
  CHECK(server.wait().code == 0);
}

TEST_CASE("reconcile finds what was deleted, made, changed and lost, and nothing else", "[cli]") {
  Comparing world;
  const auto kept = world.start("kept", "30");
  const auto gone_run = world.start("gone", "30"), changed_run = world.start("changed", "30");
  const auto gone = world.customer_of(gone_run), changed = world.customer_of(changed_run);

  // As an operator types it: the server reads Stripe with its own key.
  const auto plain = sequent(
      {"reconcile", "stripe", "--since", world.since, "--no-record", "--server", world.url});
  INFO(plain.out << plain.error);
  CHECK(plain.code == 0);
  CHECK_THAT(plain.out, Contains("3 objects made by 3 runs") && Contains("they agree"));
  const Json read = exchanged("POST", world.url + "/api/v1/reconciliations:read",
                              {{"provider", "stripe"}, {"path", "/v1/customers"}});
  CHECK(read.at("object").at("object") == "list");

  const auto before = world.reconcile({});
  INFO(before.out << before.error);
  CHECK(before.code == 0);
  CHECK_THAT(before.out, Contains("3 objects made by 3 runs") && Contains("they agree"));

  world.dashboard("DELETE", "/v1/customers/" + gone);
  world.dashboard("POST", "/v1/customers/" + changed, {{"name", "Eve"}});
  world.dashboard("POST", "/v1/customers", {{"name", "stranger"}});
  // Made, the answer lost, and no further attempt gets through.
  static_cast<void>(exchanged("POST", world.stripe + "/_sandbox/faults",
                              Json::array({{{"kind", "reset-after-effect"},
                                            {"method", "POST"},
                                            {"path", "/v1/customers"},
                                            {"times", 1}},
                                           {{"kind", "outage"},
                                            {"method", "POST"},
                                            {"path", "/v1/customers"},
                                            {"seconds", 3'600}}})));
  const auto lost_run = world.start("lost", "0");
  const auto begun = std::chrono::steady_clock::now();
  const auto failed_once = [&] {
    const auto journal = sequent({"journal", lost_run, "--server", world.url});
    return journal.out.find("AttemptFailed") != std::string::npos;
  };
  while (!failed_once()) REQUIRE(std::chrono::steady_clock::now() - begun < patience);

  const auto file = world.folder.path("findings.json");
  const auto after = world.reconcile({"--json", "--output", file});
  INFO(after.out << after.error);
  CHECK(after.code == 1);
  const auto report = parse_json(after.out);
  REQUIRE(report);
  REQUIRE(report->at("unread").empty());
  std::map<std::string, Json> found;
  for (const auto& each : report->at("findings")) found[text_of(each, "finding")] = each;
  REQUIRE(report->at("findings").size() == 4);
  REQUIRE(found.size() == 4);
  CHECK(found["missing"].at("id") == gone);
  CHECK(found["missing"].at("run") == gone_run);
  CHECK(found["different"].at("id") == changed);
  CHECK(found["different"].at("run") == changed_run);
  CHECK(found["different"].at("fields") ==
        Json::array({{{"field", "name"}, {"sent", "changed"}, {"has", "Eve"}}}));
  CHECK(found["extra"].at("run") == nullptr);
  CHECK(found["answer-lost"].at("run") == lost_run);

  std::ifstream written{file};
  const std::string text{std::istreambuf_iterator<char>(written), {}};
  CHECK(parse_json(text) == *report);

  // Recorded: a line for each comparison, and one for each finding, by its run.
  const Json audit = exchanged("GET", world.url + "/api/v1/audit?limit=100");
  std::map<std::string, int> entries;
  for (const auto& entry : audit.at("items")) {
    if (entry.at("action") != "reconcile") continue;
    const Json& noted = entry.at("after");
    ++entries[noted.contains("agrees") ? "agrees: " + dump_json(noted.at("agrees"))
                                       : text_of(noted, "finding")];
  }
  CHECK(entries == std::map<std::string, int>{{"agrees: true", 1},
                                              {"agrees: false", 1},
                                              {"missing", 1},
                                              {"extra", 1},
                                              {"different", 1},
                                              {"answer-lost", 1}});
  CHECK_THAT(exchanged("GET", world.url + "/api/v1/audit?target=" + gone_run).dump(),
             Contains(gone) && Contains("sequent rewind"));

  // For people the same, with the repairs; and a record only when it is wanted.
  const auto spoken = world.reconcile({"--no-record"});
  CHECK(spoken.code == 1);
  CHECK_THAT(spoken.out, Contains("missing") && Contains("repair  `sequent show " + gone_run) &&
                             Contains("1 answer-lost") && Contains("1 different"));
  CHECK(exchanged("GET", world.url + "/api/v1/audit?limit=100").at("items").size() ==
        audit.at("items").size());
  CHECK_FALSE(kept.empty());
}

TEST_CASE("reconcile says what it wants", "[cli]") {
  const auto refused = [](std::vector<std::string> words) {
    words.insert(words.begin(), {"reconcile", "stripe"});
    return sequent(words);
  };
  CHECK(refused({"--since", "yesterday"}).code == 2);
  CHECK_THAT(refused({"--since", "yesterday"}).error, Contains("--since") && Contains("15m"));
  CHECK(refused({"--since", "1h", "--until", "2h"}).code == 2);
  CHECK(refused({"--account", "cus_1"}).code == 2);
  const auto alone = refused({});  // neither a key nor a server that has one
  CHECK(alone.code == 1);
  CHECK_THAT(alone.error, Contains("No answer from") && Contains("--server"));
}

}  // namespace sequent::cli::test
