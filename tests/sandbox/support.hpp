#pragma once
// Drives the stand-ins in-process: no sockets, a clock that tests move.
#include <catch2/catch.hpp>
#include <map>

#include "base/json.hpp"
#include "sandbox/stripe/stripe.hpp"

namespace sequent::sandbox {

inline constexpr Timestamp test_start = 1'800'000'000'000;

struct Answered {
  int status = 0;
  Json body;
  net::Headers headers;
  Reply reply;
};

using HeaderMap = std::map<std::string, std::string>;

/// Calls a stand-in as a client would; `now` is what its clock shows.
struct Caller {
  StandIn& stand_in;
  Timestamp now = test_start;
  HeaderMap always{};

  Answered call(const std::string& method, const std::string& target, const std::string& body = "",
                const HeaderMap& headers = {}) {
    net::ServerRequest request;
    request.method = method;
    const auto mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string::npos) request.query = target.substr(mark + 1);
    request.body = body;
    for (const auto& [name, value] : always) request.headers.set(name, value);
    for (const auto& [name, value] : headers) {
      if (value.empty()) continue;
      request.headers.set(name, value);
    }
    Answered answered;
    answered.reply = stand_in.handle(request, now);
    answered.status = answered.reply.response.status;
    answered.headers = answered.reply.response.headers;
    if (const auto parsed = parse_json(answered.reply.response.body)) answered.body = *parsed;
    return answered;
  }
  Answered get(const std::string& target, const HeaderMap& headers = {}) {
    return call("GET", target, "", headers);
  }
  Answered post(const std::string& target, const std::string& body = "",
                const HeaderMap& headers = {}) {
    return call("POST", target, body, headers);
  }
  /// An administration call that must succeed.
  Json admin(const std::string& path, const Json& body) {
    const auto answered = call("POST", "/_sandbox/" + path, dump_json(body));
    INFO(dump_json(answered.body));
    REQUIRE(answered.status < 300);
    return answered.body;
  }
};

struct StripeTest {
  stripe::StripeStandIn stand_in;
  Caller stripe;

  explicit StripeTest(stripe::StripeOptions options = {})
      : stand_in(std::move(options), test_start),
        stripe{stand_in, test_start, {{"Authorization", "Bearer sk_test_sandbox"}}} {}

  /// A connected account that may charge.
  void account(const std::string& id) { stripe.admin("accounts", {{"id", id}}); }
  std::string customer(const std::string& email = "jean@example.com") {
    const auto made = stripe.post("/v1/customers", "email=" + email);
    REQUIRE(made.status == 200);
    return made.body.at("id").get<std::string>();
  }
  /// An open embedded session over one price of the seeded catalog.
  std::string session(const std::string& mode, const std::string& price,
                      const std::string& more = "") {
    const auto made = stripe.post("/v1/checkout/sessions",
                                  "mode=" + mode +
                                      "&ui_mode=embedded_page&return_url=https://x.test/r"
                                      "&line_items[0][price]=" +
                                      price + "&line_items[0][quantity]=2" + more);
    INFO(dump_json(made.body));
    REQUIRE(made.status == 200);
    return made.body.at("id").get<std::string>();
  }
  Json read(const std::string& path) {
    const auto answered = stripe.get(path);
    INFO(dump_json(answered.body));
    REQUIRE(answered.status == 200);
    return answered.body;
  }
  std::vector<std::string> event_types() {
    std::vector<std::string> types;
    const Json events = read("/v1/events?limit=100");
    for (auto event = events.at("data").rbegin(); event != events.at("data").rend(); ++event)
      types.push_back(event->at("type").get<std::string>());
    return types;
  }
};

}  // namespace sequent::sandbox
