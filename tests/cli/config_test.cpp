#include <catch2/catch.hpp>

#include "support.hpp"

namespace sequent::cli::test {
namespace {

using Catch::Contains;

// doctor reads the configuration as serve does, and starts nothing.
Outcome doctor(const Folder& folder, const std::string& config, const Variables& variables = {}) {
  return sequent({"doctor", "--data", folder.path("data"), "--listen", "127.0.0.1:0", "--config",
                  folder.file("sequent.yaml", config)},
                 variables);
}

TEST_CASE("every mistake of a configuration is told with its place", "[cli]") {
  const Folder folder;
  const auto outcome = doctor(folder,
                              "providers:\n"
                              "  stripe:\n"
                              "    baseURL: http://127.0.0.1:1\n"
                              "    timeoutMs: soon\n"
                              "    account: acct_1\n"
                              "engine:\n"
                              "  threads: 0\n"
                              "webhook: {}\n");
  const auto file = folder.path("sequent.yaml");
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.error, Contains(file + ":3:5: error: unknown setting `baseURL`; did you mean "
                                            "`baseUrl`?"));
  CHECK_THAT(outcome.error, Contains(file + ":4:16: error: expected a whole number from 100 to "
                                            "600000, got text `soon`"));
  CHECK_THAT(
      outcome.error,
      Contains(file + ":5:5: error: unknown setting `account`; known here: baseUrl, apiKey"));
  CHECK_THAT(outcome.error, Contains(file + ":7:12: error: expected a whole number from 1 to 256"));
  CHECK_THAT(outcome.error, Contains(file + ":8:1: error: unknown setting `webhook`; did you mean "
                                            "`webhooks`?"));
}

TEST_CASE("each provider has settings of its own, and no others", "[cli]") {
  const Folder folder;
  const std::string good =
      "providers:\n"
      "  flexprice: {baseUrl: 'http://127.0.0.1:1/v1', apiKey: {value: k}, environmentId: env_1}\n"
      "  langfuse: {baseUrl: 'http://127.0.0.1:1', publicKey: {value: p}, timeoutMs: 1000,\n"
      "    secretKey: {env: LANGFUSE_KEY}}\n";
  CHECK_THAT(doctor(folder, good).error, Contains("LANGFUSE_KEY is not set"));
  const auto checked = doctor(folder, good, {{"LANGFUSE_KEY", "s"}});
  CHECK(checked.code == 1);  // nobody listens there
  CHECK(checked.error.find("sequent.yaml") == std::string::npos);
  CHECK_THAT(checked.out, Contains("http://127.0.0.1:1/v1: "));
  CHECK_THAT(checked.out, Contains("http://127.0.0.1:1: "));
  const auto half = doctor(folder, "providers: {langfuse: {publicKey: {value: p}}}\n");
  CHECK(half.code == 1);
  CHECK_THAT(half.out, Contains("a public and a secret key that can be read"));
  const auto outcome = doctor(folder,
                              "providers:\n"
                              "  flexprice: {environment: env_1}\n"
                              "  langfuse: {apiKey: {value: k}}\n");
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.error, Contains("sequent.yaml:2:15: error: unknown setting `environment`"));
  CHECK_THAT(outcome.error, Contains("sequent.yaml:3:14: error: unknown setting `apiKey`"));
}

TEST_CASE("how many connections go out is a setting", "[cli]") {
  const Folder folder;
  CHECK(doctor(folder, "outbound: {maxConnectionsPerHost: 100, maxConnections: 200}\n").code == 0);
  const auto outcome = doctor(folder, "outbound: {maxConnectionsPerHost: 0, perHost: 1}\n");
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.error, Contains("expected a whole number from 1 to 65535"));
  CHECK_THAT(outcome.error, Contains("unknown setting `perHost`"));
}

TEST_CASE("a credential that can't be read is a mistake of the configuration", "[cli]") {
  const Folder folder;
  SECTION("a variable that is not set") {
    const auto outcome = doctor(folder, "secrets:\n  bank: {env: BANK_TOKEN}\n");
    CHECK(outcome.code == 1);
    CHECK_THAT(outcome.error, Contains("sequent.yaml:2:15: error: this credential can't be read: "
                                       "the environment variable BANK_TOKEN is not set"));
    CHECK(doctor(folder, "secrets:\n  bank: {env: BANK_TOKEN}\n", {{"BANK_TOKEN", "t"}}).code == 0);
  }
  SECTION("a file beside the configuration") {
    const std::string config = "secrets:\n  bank: {file: bank.token}\n";
    CHECK(doctor(folder, config).code == 1);
    static_cast<void>(folder.file("bank.token", "t0ken\n"));
    CHECK(doctor(folder, config).code == 0);
  }
  SECTION("a bare text is refused and not repeated") {
    const auto outcome = doctor(folder, "secrets:\n  bank: hunter2\n");
    CHECK(outcome.code == 1);
    CHECK_THAT(outcome.error, Contains("sequent.yaml:2:9: error: expected a credential"));
    CHECK_THAT(outcome.error + outcome.out, !Contains("hunter2"));
  }
}

TEST_CASE("a configuration that is no YAML, or is not there, is said so", "[cli]") {
  const Folder folder;
  const auto broken = doctor(folder, "providers: [\n");
  CHECK(broken.code == 1);
  CHECK_THAT(broken.error, Contains("sequent.yaml:"));
  const auto missing = sequent({"serve", "--config", folder.path("no.yaml")});
  CHECK(missing.code == 1);
  CHECK_THAT(missing.error, Contains("Cannot read " + folder.path("no.yaml")));
}

TEST_CASE("doctor answers in JSON with every verdict", "[cli]") {
  const Folder folder;
  const auto outcome =
      sequent({"doctor", "--json", "--data", folder.path("data"), "--listen", "127.0.0.1:0"});
  CHECK(outcome.code == 0);
  const auto checks = parse_json(outcome.out);
  REQUIRE(checks);
  std::vector<std::string> names;
  for (const auto& check : *checks) names.push_back(text_of(check, "check"));
  const std::vector<std::string> expected{"configuration", "store",   "disk", "clock",
                                          "port",          "stripe",  "auth", "aws",
                                          "flexprice",     "langfuse"};
  CHECK(names == expected);
  CHECK_FALSE(fs::exists(folder.path("data")));  // it leaves nothing behind
}

}  // namespace
}  // namespace sequent::cli::test
