// The sandbox over real sockets: what only the HTTP layer can do.
#include "sandbox/sandbox.hpp"

#include <boost/asio.hpp>
#include <chrono>
#include <thread>

#include "net/http_client.hpp"
#include "net/http_server.hpp"
#include "support.hpp"

namespace sequent::sandbox {
namespace {

namespace asio = boost::asio;

Timestamp ticking() {
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return test_start + std::chrono::duration_cast<std::chrono::milliseconds>(since_boot).count();
}

template <class T>
T run(asio::io_context& context, asio::awaitable<T> work) {
  auto future = asio::co_spawn(context, std::move(work), asio::use_future);
  if (future.wait_for(std::chrono::seconds(20)) != std::future_status::ready) {
    FAIL("no result within 20 s");
  }
  return future.get();
}

/// Takes webhooks and answers each with the next status of a list, then with 200.
struct Receiver {
  std::mutex mutex;
  std::condition_variable arrived;
  std::vector<net::ServerRequest> requests;
  std::vector<int> statuses;

  asio::awaitable<net::HandlerResult> take(const net::ServerRequest& request) {
    net::HandlerResult result;
    {
      const std::lock_guard lock{mutex};
      if (requests.size() < statuses.size()) result.response.status = statuses[requests.size()];
      requests.push_back(request);
    }
    arrived.notify_all();
    co_return result;
  }
  bool wait_for(std::size_t count) {
    std::unique_lock lock{mutex};
    return arrived.wait_for(lock, std::chrono::seconds(20),
                            [&] { return requests.size() >= count; });
  }
};

struct ServerTest {
  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::thread thread{[this] { context.run(); }};
  Receiver receiver;
  std::unique_ptr<net::HttpServer> webhook_server;
  std::optional<Sandbox> sandbox;
  net::HttpClient client;
  // Of its own, because libcurl quietly repeats a request whose reused connection is reset before
  // the first byte of an answer: only a fresh connection shows the reset to the caller.
  net::HttpClient admin_client;

  ServerTest() {
    webhook_server = std::make_unique<net::HttpServer>(
        context.get_executor(),
        [this](const net::ServerRequest& request) { return receiver.take(request); },
        [](int status, std::string) {
          net::ServerResponse response;
          response.status = status;
          return response;
        });
    REQUIRE(webhook_server->listen("127.0.0.1", 0).has_value());
    SandboxOptions options;
    options.webhook_url = "http://127.0.0.1:" + std::to_string(webhook_server->port()) + "/hook";
    options.webhook_secret = "whsec_test";
    options.webhook_retry = {.max_attempts = 5, .first_delay_ms = 10, .max_delay_ms = 100};
    auto started = Sandbox::start(context.get_executor(), ticking, options);
    REQUIRE(started.has_value());
    sandbox.emplace(std::move(*started));
  }
  ~ServerTest() {
    auto stopping = [this]() -> asio::awaitable<void> {
      co_await sandbox->stop();
      co_await webhook_server->stop();
    };
    asio::co_spawn(context, stopping(), asio::use_future).wait_for(std::chrono::seconds(20));
    work.reset();
    context.stop();
    thread.join();
  }

  net::ClientResult send(const std::string& method, const std::string& url,
                         const std::string& body = "", long timeout_ms = 10'000) {
    net::ClientRequest request;
    request.method = method;
    request.url = url;
    request.body = body;
    request.timeout_ms = timeout_ms;
    request.headers.set("Authorization", "Bearer sk_test_sandbox");
    if (!body.empty() && body.front() != '{')
      request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    const bool admin = url.find("/_sandbox/") != std::string::npos;
    return run(context, (admin ? admin_client : client).send(request));
  }
  net::ClientResult stripe(const std::string& method, const std::string& path,
                           const std::string& body = "", long timeout_ms = 10'000) {
    return send(method, sandbox->stripe_url() + path, body, timeout_ms);
  }
};

TEST_CASE("webhooks arrive signed over HTTP, and again until they are answered with 2xx") {
  ServerTest test;
  test.receiver.statuses = {500, 302};
  const auto made = test.stripe("POST", "/v1/customers", "name=A");
  REQUIRE(made.has_value());
  REQUIRE(made->status == 200);
  REQUIRE(test.receiver.wait_for(3));
  const std::lock_guard lock{test.receiver.mutex};
  const auto& request = test.receiver.requests.at(2);
  CHECK(request.path == "/hook");
  const auto signature = request.headers.value("Stripe-Signature");
  const auto at = std::stoll(signature.substr(2));
  CHECK(signature == stripe::sign_webhook({"whsec_test"}, at, request.body));
  CHECK(request.body == test.receiver.requests.at(0).body);
}

TEST_CASE("a reset connection gives no answer, and the effect is as told") {
  ServerTest test;
  const bool effect = GENERATE(false, true);
  const std::string kind = effect ? "reset-after-effect" : "reset-before-effect";
  REQUIRE(test.stripe("POST", "/_sandbox/faults", R"({"kind":")" + kind + R"(","times":1})")
              .has_value());
  const auto lost = test.stripe("POST", "/v1/customers", "name=A");
  REQUIRE_FALSE(lost.has_value());
  CHECK(lost.error().sent);
  const auto listed = test.stripe("GET", "/v1/customers");
  REQUIRE(listed.has_value());
  CHECK((*parse_json(listed->body))["data"].size() == (effect ? 1 : 0));
}

TEST_CASE("a hanging call ends with the client's patience, and the rest goes on meanwhile") {
  ServerTest test;
  REQUIRE(test.stripe("POST", "/_sandbox/faults", R"({"kind":"hang","times":1})").has_value());
  const auto hung = test.stripe("GET", "/v1/customers", "", 200);
  REQUIRE_FALSE(hung.has_value());
  CHECK(hung.error().kind == net::TransportError::Kind::timeout);
  CHECK(test.stripe("GET", "/v1/customers").has_value());
}

TEST_CASE("an outage that refuses connections ends by itself") {
  ServerTest test;
  REQUIRE(test.stripe("POST", "/_sandbox/faults", R"({"kind":"outage","refuse":true,"seconds":1})")
              .has_value());
  bool refused = false;
  bool back = false;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(15);
  while (!back && std::chrono::steady_clock::now() < until) {
    const auto result = test.stripe("GET", "/v1/customers", "", 500);
    refused = refused || (!result && result.error().kind == net::TransportError::Kind::connect);
    back = result && result->status == 200;
  }
  CHECK(refused);
  CHECK(back);
}

TEST_CASE("latency is waited out, and a huge answer breaks the client's limit") {
  ServerTest test;
  REQUIRE(test.stripe("POST", "/_sandbox/faults", R"({"kind":"latency","ms":150,"times":1})")
              .has_value());
  const auto before = std::chrono::steady_clock::now();
  CHECK(test.stripe("GET", "/v1/customers").has_value());
  CHECK(std::chrono::steady_clock::now() - before >= std::chrono::milliseconds(150));
  REQUIRE(test.stripe("POST", "/_sandbox/faults", R"({"kind":"huge","times":1})").has_value());
  const auto huge = test.stripe("GET", "/v1/customers");
  REQUIRE_FALSE(huge.has_value());
  CHECK(huge.error().kind == net::TransportError::Kind::too_large);
}

TEST_CASE("the sandbox tells serve where its providers are") {
  ServerTest test;
  const auto yaml = test.sandbox->configuration();
  CHECK(yaml.find("baseUrl: " + test.sandbox->stripe_url()) != std::string::npos);
  CHECK(yaml.find("baseUrl: " + test.sandbox->auth_url()) != std::string::npos);
  CHECK(yaml.find("baseUrl: " + test.sandbox->flexprice_url() + "/v1") != std::string::npos);
  CHECK(yaml.find("baseUrl: " + test.sandbox->langfuse_url()) != std::string::npos);
  CHECK(yaml.find("webhookSecrets: [{value: whsec_test}]") != std::string::npos);
  const auto user = test.send("GET", test.sandbox->auth_url() + "/users/1");
  REQUIRE(user.has_value());
  CHECK(user->status == 200);
}

}  // namespace
}  // namespace sequent::sandbox
