// AWS as a user configures it, and its notifications on their way into the inbox.
#include <signal.h>

#include <boost/asio.hpp>
#include <catch2/catch.hpp>

#include "net/http_client.hpp"
#include "support.hpp"

namespace sequent::cli::test {
namespace {

using Catch::Contains;

Outcome check_aws(const Folder& folder, const std::string& config,
                  const Variables& variables = {}) {
  return sequent({"doctor", "--data", folder.path("data"), "--listen", "127.0.0.1:0", "--config",
                  folder.file("sequent.yaml", "providers:\n  aws:\n" + config)},
                 variables);
}

/// Posts JSON to the sandbox's administration; the answer must be a success.
Json admin(const std::string& url, const std::string& path, const Json& body) {
  boost::asio::io_context io;
  net::HttpClient client;
  net::ClientRequest request;
  request.method = "POST";
  request.url = url + "/_sandbox/" + path;
  request.headers.set("Content-Type", "application/json");
  request.body = dump_json(body);
  Json answer;
  client.send(std::move(request), io.get_executor(), [&answer](net::ClientResult result) {
    REQUIRE(result.has_value());
    INFO(result->body);
    REQUIRE(result->status == 201);
    answer = parse_json(result->body).value();
  });
  io.run();
  return answer;
}

TEST_CASE("mistakes in the settings of AWS are told with their place", "[cli]") {
  const Folder folder;
  const auto mistake = [&](const std::string& config, const std::string& words) {
    const auto outcome = check_aws(folder, config);
    CHECK(outcome.code == 1);
    CHECK_THAT(outcome.error, Contains(words));
  };
  mistake("    queueUrl: http://x\n", "unknown setting `queueUrl`");
  mistake("    notifications: {queueURL: http://x}\n", "did you mean `queueUrl`?");
  mistake("    notifications: {waitSeconds: 21}\n", "a whole number from 0 to 20");
  mistake("    region: EU West\n", "a region such as us-east-1");
  mistake("    accessKeyId: {value: A}\n", "`accessKeyId` and `secretAccessKey` together");
  mistake("    accessKeyId: hunter2\n    secretAccessKey: {value: B}\n", "expected a credential");
  mistake("    profile: billing\n    containerCredentialsUrl: http://x\n", "got several");
  mistake("    profile: billing\n    credentialsFile: none\n", "Cannot read");
}

TEST_CASE("credentials of AWS come from the file, a profile or AWS's own variables", "[cli]") {
  const Folder folder;
  static_cast<void>(folder.file("keys",
                                "# ours\n[default]\naws_access_key_id = A\n\n[billing]\n"
                                "aws_access_key_id=AKIA\n aws_secret_access_key = s3cret \n"));
  const auto said = [&](const std::string& config, const Variables& variables = {}) {
    const auto outcome = check_aws(folder, config, variables);
    return outcome.out + outcome.error;
  };
  CHECK_THAT(said("    profile: billing\n    credentialsFile: keys\n"),
             Contains("credentials for us-east-1"));
  CHECK_THAT(said("    credentialsFile: keys\n"), Contains("[default]") && Contains("has no"));
  CHECK_THAT(said("    profile: other\n    credentialsFile: keys\n"),
             Contains("there is no profile [other]"));
  CHECK_THAT(said("    {}\n"), Contains("no credentials"));
  CHECK_THAT(said("    {}\n", {{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "B"}}),
             Contains("credentials for us-east-1"));
  CHECK_THAT(said("    {}\n", {{"AWS_ACCESS_KEY_ID", "A"}}), Contains("can't be read"));
  CHECK_THAT(said("    {}\n", {{"AWS_PROFILE", "billing"},
                               {"AWS_SHARED_CREDENTIALS_FILE", folder.path("keys")}}),
             Contains("credentials for us-east-1"));
  CHECK_THAT(said("    {}\n", {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/1"}}),
             Contains("credentials for us-east-1"));
}

TEST_CASE("a notification in the queue ends in the inbox, once, and leaves the queue", "[cli]") {
  const Folder folder;
  const auto config = folder.path("sandbox.yaml");
  Process sandbox{{"sandbox", "--json", "--config-out", config}};
  const auto started = parse_json(sandbox.first_line());
  REQUIRE(started.has_value());
  const auto aws = text_of(*started, "aws");
  const Json buyer = admin(aws, "tokens", Json::object());
  const auto notify = [&](const char* action, int copies) {
    admin(aws, "notifications",
          {{"action", action},
           {"customerIdentifier", buyer.at("CustomerIdentifier")},
           {"copies", copies}});
  };
  notify("subscribe-success", 3);
  Process server{{"serve", "--json", "--listen", "127.0.0.1:0", "--data", folder.path("data"),
                  "--config", config}};
  const auto serving = parse_json(server.first_line());
  REQUIRE(serving.has_value());
  Json items = Json::array();
  const auto listed_until = [&](const auto& enough) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < deadline && !enough()) {
      const auto listed =
          sequent({"inbox", "list", "--json", "--server", text_of(*serving, "url")});
      items = parse_json(listed.out).value().at("items");
    }
  };
  listed_until([&] { return !items.empty() && items.at(0).at("deliveries") == 3; });
  REQUIRE(items.size() == 1);
  CHECK(items.at(0).at("type") == "com.amazonaws.marketplace.subscribe-success");
  CHECK(items.at(0).at("origin") == "aws");
  CHECK(items.at(0).at("deliveries") == 3);  // three messages, one event
  notify("unsubscribe-pending", 1);          // which answers a poll that waits
  listed_until([&] { return items.size() == 2; });
  CHECK(items.size() == 2);
  server.signal(SIGTERM);
  CHECK(server.wait().code == 0);  // although a long poll was under way
  sandbox.signal(SIGTERM);
  CHECK(sandbox.wait().code == 0);
}

}  // namespace
}  // namespace sequent::cli::test
