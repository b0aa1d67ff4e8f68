#include "tests/chaos/customer.hpp"

namespace sequent::chaos {
namespace {

constexpr DurationMs again_ms = 250;

// No answer yet, or one that asks to come again. A key makes that harmless.
bool must_ask_again(int status) {
  return status == 0 || status == 202 || status == 425 || status == 429 || status >= 500;
}

std::string run_of(const Reply& reply) {
  return reply.headers.value("Sequent-Run");
}

}  // namespace

std::string Load::Customer::any_node() {
  return load_.world_.url(static_cast<std::size_t>(random_.between(0, node_count - 1)));
}

void Load::Customer::visit(int number) {
  const auto text = std::to_string(number);
  if (load_.plan_.signals_only) return signal(text);
  switch (random_.between(0, 9)) {
    case 0:
    case 1:
      return buy(text);
    case 2:
      return connect(text);
    case 3:
      return participate(text);
    case 4:
    case 5:
      return sleep(text);
    case 6:
      return raise_family(text);
    default:
      return signal(text);
  }
}

std::optional<Reply> Load::Customer::ask(const Request& request) {
  auto headers = request.headers;
  headers.set("Content-Type", request.type);
  if (!request.key.empty()) headers.set("Idempotency-Key", request.key);
  Reply reply;
  for (int tries = 1; time_left(); ++tries) {
    const auto node = any_node();
    reply = load_.world_.web.send("POST", node + request.path, request.body.dump(), headers);
    note([&](Figures& figures) { ++figures.requests, figures.repeated += tries > 1 ? 1 : 0; });
    if (!request.workflow.empty()) load_.remember(request.workflow, request.key, run_of(reply));
    const bool event_taken = request.workflow.empty() && reply.status == 202;
    if (event_taken || !must_ask_again(reply.status)) {
      if (reply.status / 100 == 2) return reply;
      load_.complain(request.key + " " + request.path + " was refused with " +
                     std::to_string(reply.status) + ": " + reply.body.substr(0, 300));
      return std::nullopt;
    }
    pause_ms(again_ms);
  }
  load_.complain(request.key + " " + request.path + " had no answer in time, the last one was " +
                 std::to_string(reply.status) + ": " + reply.body.substr(0, 300));
  return std::nullopt;
}

std::string Load::Customer::start(const std::string& workflow, const std::string& number,
                                  const Json& input) {
  Request request;
  request.workflow = "chaos/" + workflow;
  request.key = workflow + "-" + number;
  request.path = "/api/v1/workflows/chaos/" + workflow + "/runs";
  request.body = input;
  const auto reply = ask(request);
  return reply ? run_of(*reply) : "";
}

void Load::Customer::start_ticker(int number) {
  const auto text = std::to_string(number);
  static_cast<void>(start("ticker", text, {{"key", text}, {"ticks", load_.plan_.ticks}}));
}

Json Load::Customer::outcome(const std::string& run) {
  Reply reply;
  while (time_left()) {
    reply = load_.world_.web.get(any_node() + "/api/v1/runs/" + run + "/result?wait=8");
    note([](Figures& figures) { ++figures.waited_elsewhere; });
    if (reply.status == 200) return reply.json();
    if (!must_ask_again(reply.status)) break;
    if (reply.status != 202) pause_ms(again_ms);
  }
  load_.complain("the outcome of " + run + " did not come, the last answer was " +
                 std::to_string(reply.status) + ": " + reply.body.substr(0, 300));
  return nullptr;
}

void Load::Customer::expect_outcome(const std::string& run, const Json& expected) {
  if (run.empty()) return;  // complained of already
  const auto result = outcome(run);
  if (result.is_null()) return;
  if (result["status"] != "completed" || result["output"] != expected)
    load_.complain("expected of " + run + " " + expected.dump() + ", got " +
                   result.dump().substr(0, 600));
}

void Load::Customer::send_event(const std::string& type, const std::string& number) {
  Request request;
  request.path = "/api/v1/events";
  request.type = "application/cloudevents+json";
  request.body = {{"specversion", "1.0"},
                  {"id", number + "-" + type},
                  {"source", "chaos"},
                  {"type", "chaos." + type},
                  {"data", {{"key", number}}}};
  static_cast<void>(ask(request));
  note([](Figures& figures) { ++figures.events; });
}

// One of three comes before its run, one of four comes twice.
void Load::Customer::signal(const std::string& number) {
  const bool early = random_.between(0, 2) == 0;
  if (early) send_event("left", number);
  const auto run = start("signals", number, {{"key", number}});
  if (!early) send_event("left", number);
  send_event("right", number);
  if (random_.between(0, 3) == 0) send_event("right", number);
  expect_outcome(run, {{"heard", {number + "-left", number + "-right"}}, {"count", 1}});
}

void Load::Customer::sleep(const std::string& number) {
  const auto run = start("timers", number, {{"key", number}});
  if (!run.empty() && random_.between(0, 2) == 0) disturb(run);
  expect_outcome(run, {{"n", 3}});
}

// By an operator whose answers get lost too: what is suspended is resumed until that is confirmed.
void Load::Customer::disturb(const std::string& run) {
  const Json reason{{"reason", "chaos"}};
  const auto act = [&](const std::string& action) {
    return load_.world_.web.post(any_node() + "/api/v1/runs/" + run + ":" + action, reason);
  };
  static_cast<void>(act("suspend"));
  pause_ms(random_.between(0, 1'000));
  while (time_left()) {
    const auto reply = act("resume");
    if (reply.status / 100 == 2) break;
    const auto now = load_.world_.web.get(any_node() + "/api/v1/runs/" + run).json();
    // It had ended, or the suspension never came; one that is still on its way would come now.
    if (reply.status == 409 && now.is_object() && now["status"] != "suspended") break;
    pause_ms(again_ms);
  }
  note([](Figures& figures) { ++figures.acted; });
}

void Load::Customer::raise_family(const std::string& number) {
  expect_outcome(start("family", number, {{"key", number}}), {{"sum", 10}});
}

void Load::Customer::buy(const std::string& number) {
  const Json user{{"token", "token-user-" + number}, {"userId", std::stoi(number)}};
  const auto validate = [&](Customer& customer, const std::string& key) {
    Request request;
    request.workflow = "facturation/basket-checking";
    request.key = key + "-" + number;
    request.path = "/api/basket/validate";
    request.body = user;
    return customer.ask(request).has_value();
  };
  if (!load_.world_.register_user(std::stoi(number)))
    return load_.complain("the auth service took no user " + number);
  bool other = false;
  Customer second{load_, static_cast<std::uint64_t>(random_.between(1, 1'000'000'000))};
  std::thread beside{[&] { other = validate(second, "basket-b"); }};
  const bool one = validate(*this, "basket-a");
  beside.join();
  if (!one || !other) return;
  Request request;
  request.workflow = "facturation/checkout";
  request.key = "checkout-" + number;
  request.path = "/api/stripe/checkout";
  request.body = user;
  request.body["returnUrl"] = "https://shop.example/done";
  request.body["basket"] = Json::array({{{"price", "price_mug"}, {"quantity", 2}}});
  const auto reply = ask(request);
  if (!reply) return;
  const auto session = reply->json().value("sessionId", "");
  pause_ms(random_.between(0, 1'500));
  pay(session);
}

void Load::Customer::pay(const std::string& session) {
  const auto reply = load_.world_.web.post(
      load_.world_.provider("stripe") + "/_sandbox/checkout/" + session + "/pay",
      {{"outcome", "paid"}});
  if (reply.status / 100 != 2)
    load_.complain("Stripe took no payment for session " + session + ": " + reply.body);
  note([](Figures& figures) { ++figures.paid; });
}

void Load::Customer::connect(const std::string& number) {
  Request account;
  account.workflow = "connect/account-create";
  account.key = "account-" + number;
  account.path = "/api/stripe/accounts";
  account.body = {{"type", "express"},
                  {"country", "FR"},
                  {"email", "seller-" + number + "@example.com"},
                  {"capabilities", {{"transfers", {{"requested", true}}}}},
                  {"metadata", {{"participant", number}}}};
  static_cast<void>(ask(account));
  Request product;
  product.workflow = "connect/product-create";
  product.key = "product-" + number;
  product.path = "/api/stripe/products";
  product.headers.set("Stripe-Account", "acct_chaos");
  product.body = {
      {"name", "Weather data " + number},
      {"default_price_data",
       {{"currency", "eur"}, {"unit_amount", 1'000}, {"recurring", {{"interval", "month"}}}}},
      {"metadata", {{"offer", number}}}};
  static_cast<void>(ask(product));
}

void Load::Customer::participate(const std::string& number) {
  Request setup;
  setup.workflow = "connect/participant-setup";
  setup.key = "setup-" + number;
  setup.path = "/api/connect/participants";
  const Json price{
      {"currency", "eur"}, {"unit_amount", 1'000}, {"recurring", {{"interval", "month"}}}};
  setup.body = {
      {"participant", "https://catalog.example/participants/" + number},
      {"token",
       {{"business_type", "company"},
        {"company", {{"name", "Company " + number}}},
        {"tos_shown_and_accepted", true}}},
      {"account",
       {{"type", "custom"},
        {"country", "DE"},
        {"capabilities", {{"transfers", {{"requested", true}}}}}}},
      {"update", {{"email", "one-" + number + "@example.com"}}},
      {"offer",
       {{"id", "https://catalog.example/offers/" + number},
        {"product", {{"name", "Weather data of " + number}, {"default_price_data", price}}}}}};
  static_cast<void>(ask(setup));
}

}  // namespace sequent::chaos
