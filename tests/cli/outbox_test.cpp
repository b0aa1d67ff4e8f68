// Emitted events leave a real node, and survive its death.
#include <signal.h>

#include <atomic>
#include <boost/asio.hpp>
#include <catch2/catch.hpp>
#include <mutex>
#include <optional>

#include "net/http_client.hpp"
#include "net/http_server.hpp"
#include "support.hpp"

namespace sequent::cli::test {
namespace {

namespace asio = boost::asio;
using Catch::Contains;

constexpr const char* announcer = R"(document:
  dsl: 1.0.3
  namespace: test
  name: announcer
  version: 1.0.0
do:
  - announce:
      emit:
        event:
          with:
            source: https://example.com/billing
            type: com.example.invoice.paid
            data: {number: "${ .number }"}
)";

/// Takes events, or answers 503 while it is `busy`.
class Receiver {
 public:
  Receiver() {
    auto handler = [this](const net::ServerRequest& request) { return take(request); };
    auto error_body = [](int status, std::string detail) {
      return net::ServerResponse{status, {}, std::move(detail)};
    };
    server_ = std::make_unique<net::HttpServer>(pool_.get_executor(), handler, error_body);
    REQUIRE(server_->listen("127.0.0.1", 0));
  }
  ~Receiver() {
    asio::co_spawn(pool_, server_->stop(), asio::use_future).wait_for(patience);
    pool_.stop();
    pool_.join();
  }
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + "/events";
  }
  [[nodiscard]] std::vector<Json> events() {
    const std::lock_guard lock{mutex_};
    return events_;
  }
  std::atomic<bool> busy = false;
  std::atomic<int> refused = 0;

 private:
  asio::awaitable<net::HandlerResult> take(net::ServerRequest request) {
    net::HandlerResult result;
    result.response.status = busy ? 503 : 204;
    if (busy) ++refused;
    auto event = parse_json(request.body);
    if (!busy && event) {
      const std::lock_guard lock{mutex_};
      events_.push_back(*std::move(event));
    }
    co_return result;
  }
  std::mutex mutex_;
  std::vector<Json> events_;
  asio::thread_pool pool_{1};
  std::unique_ptr<net::HttpServer> server_;
};

bool eventually(const std::function<bool()>& true_now) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!true_now()) {
    if (std::chrono::steady_clock::now() > end) return false;
    ::usleep(20'000);
  }
  return true;
}

std::string figures_of(const std::string& url) {
  asio::io_context io;
  net::HttpClient client;
  std::string body;
  client.send({.url = url}, io.get_executor(), [&body](net::ClientResult result) {
    if (result) body = result->body;
  });
  io.run();
  return body;
}

struct Emitting {
  Emitting(const Folder& folder, const Variables& variables)
      : process({"serve", "--json", "--listen", "127.0.0.1:0", "--data", folder.path("data")},
                variables) {
    const auto line = parse_json(process.first_line());
    if (line) url = text_of(*line, "url");
  }
  Process process;
  std::string url;
};

TEST_CASE("what a workflow emits reaches the sink, though the node dies meanwhile", "[cli]") {
  const Folder folder;
  Receiver receiver;
  receiver.busy = true;
  const Variables variables{{"SEQUENT_OUTBOX_HTTP_URL", receiver.url()}};
  {
    Emitting server{folder, variables};
    REQUIRE_FALSE(server.url.empty());
    REQUIRE(sequent({"deploy", folder.file("a.yaml", announcer), "--server", server.url}).code ==
            0);
    for (const char* input : {R"({"number": 1})", R"({"number": 2})"})
      REQUIRE(sequent({"start", "test/announcer", "--input", input, "--wait", "30", "--server",
                       server.url})
                  .code == 0);  // a sink that is down is nothing to a run
    REQUIRE(eventually([&] { return receiver.refused >= 2; }));
    CHECK(eventually([&] {  // counted at each try
      return figures_of(server.url + "/metrics")
                 .find("sequent_outbox_pending_events{sink=\"http\"} 2\n") != std::string::npos;
    }));
    server.process.signal(SIGKILL);
    CHECK(server.process.wait().code == 128 + SIGKILL);
  }
  receiver.busy = false;
  Emitting server{folder, variables};
  REQUIRE(eventually([&] { return receiver.events().size() >= 2; }));
  const auto events = receiver.events();
  CHECK(events[0].at("data") == Json{{"number", 1}});
  CHECK(events[1].at("data") == Json{{"number", 2}});
  CHECK(text_of(events[0], "id") != text_of(events[1], "id"));
  CHECK(eventually([&] {
    const auto figures = figures_of(server.url + "/metrics");
    return figures.find("sequent_outbox_published_total{sink=\"http\"} 2") != std::string::npos &&
           figures.find("sequent_outbox_lag_seconds{sink=\"http\"} 0\n") != std::string::npos;
  }));
  server.process.signal(SIGTERM);
  CHECK(server.process.wait().code == 0);
  CHECK(receiver.events().size() == 2);
}

TEST_CASE("an operator sees what a sink refuses, tries again and leaves it out", "[cli]") {
  const Folder folder;
  Receiver receiver;
  receiver.busy = true;
  Emitting server{folder, {{"SEQUENT_OUTBOX_HTTP_URL", receiver.url()}}};
  REQUIRE_FALSE(server.url.empty());
  const auto ask = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--server", server.url});
    return sequent(words);
  };
  CHECK_THAT(ask({"outbox"}).out, Contains("http"));
  REQUIRE(ask({"deploy", folder.file("a.yaml", announcer)}).code == 0);
  for (const char* input : {R"({"number": 1})", R"({"number": 2})"})
    REQUIRE(ask({"start", "test/announcer", "--input", input, "--wait", "30"}).code == 0);
  REQUIRE(eventually([&] { return receiver.refused >= 1; }));
  REQUIRE(eventually([&] { return ask({"outbox"}).out.find("503") != std::string::npos; }));
  const auto list = parse_json(ask({"outbox", "list", "--json"}).out);
  REQUIRE(list.has_value());
  const auto sink = list->at("items").at(0);
  CHECK(sink.at("name") == "http");
  CHECK(sink.at("pending") == 2);
  CHECK(sink.at("next").at("type") == "com.example.invoice.paid");
  CHECK(sink.at("failingSince").is_string());
  const auto shown = parse_json(ask({"outbox", "show", "http"}).out);
  REQUIRE(shown.has_value());
  CHECK(shown->at("next").at("event").at("data") == Json{{"number", 1}});
  CHECK_THAT(ask({"outbox", "show", "elsewhere"}).error, Contains("no sink"));
  CHECK_THAT(ask({"outbox", "skip", "http", "999", "--reason", "why"}).error,
             Contains("comes next"));

  const auto number = dump_json(sink.at("next").at("id"));
  CHECK_THAT(ask({"outbox", "skip", "http", number, "--reason", "malformed"}).out,
             Contains("event " + number + " is left out of http"));
  receiver.busy = false;
  CHECK_THAT(ask({"outbox", "retry", "http", "--reason", "it is up"}).out, Contains("is sent now"));
  REQUIRE(eventually([&] { return receiver.events().size() == 1; }));
  CHECK(receiver.events()[0].at("data") == Json{{"number", 2}});
  const auto audit = figures_of(server.url + "/api/v1/audit");
  CHECK_THAT(audit, Contains("skip-event") && Contains("outbox/http/" + number) &&
                        Contains("malformed") && Contains("retry-sink") && Contains("comes next"));
}

TEST_CASE("sinks are configured by name, and doctor asks them", "[cli]") {
  const Folder folder;
  Receiver receiver;
  const auto doctor = [&](const std::string& text, Variables variables = {}) {
    return sequent({"doctor", "--json", "--listen", "127.0.0.1:0", "--data", folder.path("data"),
                    "--config", folder.file("sequent.yaml", text)},
                   variables);
  };
  const auto good = doctor("outbox: {ledger: {http: {url: '" + receiver.url() +
                           "', mode: binary, token: {value: s3cret}}, types: [com.example.],"
                           " startAt: newest}}\n");
  INFO(good.error);
  CHECK_THAT(good.out, Contains("outbox ledger"));
  CHECK_THAT(good.out, Contains(receiver.url() + " answers"));
  const auto down =
      doctor("outbox: {stream: {redis: {url: 'redis://127.0.0.1:1/2', stream: billing}}}\n");
  CHECK(down.code == 1);
  CHECK_THAT(down.out, Contains("redis://127.0.0.1:1/2, stream billing: "));
  const auto moved =
      doctor("outbox: {redis: {redis: {url: 'redis://127.0.0.1:1', stream: billing}}}\n",
             {{"SEQUENT_OUTBOX_REDIS_URL", "redis://me:hidden@127.0.0.1:2/1"}});
  CHECK_THAT(moved.out, Contains("redis://127.0.0.1:2/1, stream billing: "));
  CHECK(moved.out.find("hidden") == std::string::npos);

  const auto wrong = doctor(
      "outbox:\n"
      "  UPPER: {http: {url: 'http://h/'}}\n"
      "  none: {types: [a]}\n"
      "  both: {http: {url: 'http://h/'}, redis: {url: 'redis://h'}}\n"
      "  user: {http: {url: 'http://me:pw@h/', mode: batched}}\n"
      "  list: {http: {url: 'http://h/'}, types: com.example, startAt: never}\n"
      "  tls: {redis: {url: 'rediss://h'}}\n");
  CHECK(wrong.code == 1);
  for (const char* finding :
       {"a name of up to 64", "either `http` or `redis`", "without a user", "structured, binary",
        "a list of prefixes", "oldest, newest", "a proxy beside the node"})
    CHECK_THAT(wrong.error, Contains(finding));
  CHECK_THAT(doctor("{}\n", {{"SEQUENT_OUTBOX_HTTP_URL", "h"}}).error,
             Contains("SEQUENT_OUTBOX_HTTP_URL"));
}

}  // namespace
}  // namespace sequent::cli::test
