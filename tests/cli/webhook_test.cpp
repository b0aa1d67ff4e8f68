// A sender of signed webhooks as a user configures it: stored, de-duplicated, held, replayed.
#include <signal.h>

#include <boost/asio.hpp>
#include <catch2/catch.hpp>

#include "base/digest.hpp"
#include "base/hmac.hpp"
#include "net/http_client.hpp"
#include "support.hpp"

namespace sequent::cli::test {
namespace {

using Catch::Contains;

constexpr const char* listener = R"(document:
  dsl: 1.0.3
  namespace: test
  name: listener
  version: 1.0.0
do:
  - await: {listen: {to: {one: {with: {type: com.billing.paid}}}}}
)";

constexpr const char* configuration = R"(webhooks:
  sources:
    billing:
      secrets: [{env: BILLING_NEW}, {value: old-secret}]
      signature: {header: X-Signature, encoding: base64, prefix: "v1=", timestampHeader: X-Time,
        signs: "{id}.{timestamp}.{body}"}
      id: {header: X-Id}
      type: {pointer: /kind}
      typePrefix: com.billing.
)";

int post(const std::string& url, const std::string& id, const std::string& secret,
         const std::string& time, const std::string& body) {
  boost::asio::io_context io;
  net::HttpClient client;
  net::ClientRequest request{.method = "POST", .url = url + "/webhooks/billing"};
  request.headers.add("Content-Type", "application/json");
  request.headers.add("X-Id", id);
  request.headers.add("X-Time", time);
  request.headers.add("X-Signature",
                      "v1=" + base64_encode(hmac_sha256(secret, id + "." + time + "." + body)));
  request.body = body;
  int status = 0;
  client.send(std::move(request), io.get_executor(), [&status](net::ClientResult result) {
    if (result) status = result->status;
  });
  io.run();
  return status;
}

TEST_CASE("a configured webhook is kept over a kill and replayed from the command line", "[cli]") {
  const Folder folder;
  const std::vector<std::string> serve{"serve",    "--json",
                                       "--listen", "127.0.0.1:0",
                                       "--data",   folder.path("data"),
                                       "--config", folder.file("sequent.yaml", configuration)};
  const Variables variables{{"BILLING_NEW", "new-secret"}};
  // The age of a signature is measured by the node's clock, so the time here is the machine's.
  const auto time = std::to_string(::time(nullptr));
  const std::string body = R"({"kind":"paid","amount":5})";
  {
    Process node{serve, variables};
    const auto serving = parse_json(node.first_line());
    REQUIRE(serving);
    const auto url = text_of(*serving, "url");
    REQUIRE(sequent({"deploy", folder.file("l.yaml", listener), "--server", url}).code == 0);
    CHECK(post(url, "b1", "new-secret", time, body) == 200);
    CHECK(post(url, "b1", "old-secret", time, body) == 200);
    CHECK(post(url, "b2", "other", time, body) == 400);
    CHECK(post(url, "b3", "new-secret", "1700000000", body) == 400);
    node.signal(SIGKILL);
    CHECK(node.wait().code == 128 + SIGKILL);
  }
  Process node{serve, variables};
  const auto serving = parse_json(node.first_line());
  REQUIRE(serving);
  const auto url = text_of(*serving, "url");
  const auto ask = [&url](std::vector<std::string> words) {
    words.insert(words.end(), {"--json", "--server", url});
    return sequent(words);
  };
  const auto listed = parse_json(ask({"inbox", "list", "--type", "com.billing.paid"}).out);
  REQUIRE(listed);
  REQUIRE(listed->at("items").size() == 1);
  const auto& entry = listed->at("items")[0];
  CHECK(entry.at("source") == "billing");
  CHECK(entry.at("eventId") == "b1");
  CHECK(entry.at("state") == "held");
  CHECK(entry.at("deliveries") == 2);
  // The first run takes what is held; the second one gets it from the operator.
  CHECK(ask({"start", "test/listener", "--wait", "30"}).code == 0);
  CHECK(ask({"start", "test/listener"}).code == 0);
  const auto replayed =
      ask({"inbox", "replay", entry.at("id").dump(), "--reason", "the second run needs it"});
  INFO(replayed.error);
  CHECK(replayed.code == 0);
  CHECK_THAT(replayed.out, Contains("\"runs\""));
}

TEST_CASE("mistakes in the sources of webhooks are told with what to do", "[cli]") {
  const Folder folder;
  const auto outcome = sequent(
      {"doctor", "--data", folder.path("data"), "--listen", "127.0.0.1:0", "--config",
       folder.file("sequent.yaml",
                   "webhooks:\n"
                   "  sources:\n"
                   "    stripe: {secrets: [{value: s}], signature: {header: S}}\n"
                   "    UPPER: {secrets: [{value: s}], signature: {header: S}}\n"
                   "    bare: {signature: {header: S}}\n"
                   "    unsigned: {secrets: [{value: s}]}\n"
                   "    spaced: {secrets: [{value: s}], signature: {header: 'a b'}}\n"
                   "    timed: {secrets: [{value: s}], signature: {header: S, timestampHeader: T,"
                   " signs: '{body}'}}\n"
                   "    fields: {secrets: [{value: s}], signature: {header: S, encoding: ascii},"
                   " id: {header: I, pointer: /id}, type: {pointer: kind}}\n")});
  CHECK(outcome.code == 1);
  for (const char* finding : {"providers.stripe.webhookSecrets", "a name of up to 64",
                              "expected `secrets`", "the name of the header with the signature",
                              "the name of a header", "a time that is not signed", "hex, base64",
                              "either `header` or `pointer`", "a JSON Pointer"})
    CHECK_THAT(outcome.error, Contains(finding));
}

}  // namespace
}  // namespace sequent::cli::test
