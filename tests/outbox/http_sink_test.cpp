// The HTTP sink against a receiver that fails, hangs and dies.
#include "outbox/http_sink.hpp"

#include <catch2/catch.hpp>

#include "outbox/message.hpp"
#include "support.hpp"

namespace sequent::outbox::test {
namespace {

using Ids = std::vector<std::string>;
using Next = Receiver::Next;

HttpSettings settings_of(const Receiver& receiver, ContentMode mode = ContentMode::structured) {
  HttpSettings settings;
  settings.url = receiver.url();
  settings.mode = mode;
  settings.timeout_ms = 10'000;
  return settings;
}

TEST_CASE("structured mode sends the envelope as it is", "[outbox]") {
  Receiver receiver;
  Emitter emitter;
  emitter.emit({"a1"});
  net::HttpClient client;
  auto settings = settings_of(receiver);
  settings.token = [] { return std::optional<std::string>{"s3cret"}; };
  Running running{quick("s"), http_sink(settings, client), emitter.store()};
  REQUIRE(eventually([&] { return emitter.cursor("s") == 1; }));
  const auto got = receiver.got();
  REQUIRE(got.size() == 1);
  CHECK(got[0].headers.value("Content-Type") == "application/cloudevents+json; charset=utf-8");
  CHECK(got[0].headers.value("Authorization") == "Bearer s3cret");
  const auto event = parse_json(got[0].body);
  REQUIRE(event);
  CHECK(text_of(*event, "id") == "a1");
  CHECK(event->at("data") == Json{{"of", "a1"}});
}

TEST_CASE("binary mode sends attributes as headers and the data as the body", "[outbox]") {
  Receiver receiver;
  Emitter emitter;
  emitter.emit_event(Json{{"specversion", "1.0"},
                          {"id", "a 1%\"é"},
                          {"source", "tests"},
                          {"type", "com.example.a"},
                          {"sequence", 7},
                          {"data", {{"n", 1}}}});
  net::HttpClient client;
  Running running{quick("s"), http_sink(settings_of(receiver, ContentMode::binary), client),
                  emitter.store()};
  REQUIRE(eventually([&] { return emitter.cursor("s") == 1; }));
  const auto got = receiver.got().front();
  CHECK(got.headers.value("ce-id") == "a%201%25%22%C3%A9");
  CHECK(got.headers.value("ce-specversion") == "1.0");
  CHECK(got.headers.value("ce-sequence") == "7");
  CHECK(got.headers.find("ce-data") == nullptr);
  CHECK(got.headers.value("Content-Type") == "application/json");
  CHECK(got.body == R"({"n":1})");
}

TEST_CASE("binary data of each kind keeps its bytes", "[outbox]") {
  const auto body = [](Json event) { return message_of(event, ContentMode::binary).body; };
  CHECK(body({{"id", "1"}, {"datacontenttype", "text/plain"}, {"data", "hello"}}) == "hello");
  CHECK(body({{"id", "1"}, {"data", "hello"}}) == "\"hello\"");
  CHECK(body({{"id", "1"}, {"datacontenttype", "application/x+json"}, {"data", "x"}}) == "\"x\"");
  CHECK(body({{"id", "1"}, {"data_base64", "AP8="}}) == std::string("\0\xff", 2));
  CHECK(body({{"id", "1"}}).empty());
  CHECK(message_of({{"id", "1"}}, ContentMode::binary).headers.find("Content-Type") == nullptr);
}

TEST_CASE("whatever is no 2xx is sent again, in order, and nothing overtakes it", "[outbox]") {
  Receiver receiver;
  receiver.next({Next::take, Next::busy, Next::refuse, Next::die, Next::take});
  Emitter emitter;
  emitter.emit({"a1", "a2", "a3"});
  net::HttpClient client;
  Running running{quick("s"), http_sink(settings_of(receiver), client), emitter.store()};
  REQUIRE(eventually([&] { return emitter.cursor("s") == 3; }));
  CHECK(receiver.ids() == Ids{"a1", "a2", "a3"});
  CHECK(running->figures().failures >= 2);
  CHECK(running->figures().published == 3);
}

TEST_CASE("a receiver that dies after it took an event gets it again with its id", "[outbox]") {
  Receiver receiver;
  receiver.next({Next::take, Next::take_and_die});
  Emitter emitter;
  emitter.emit({"a1", "a2", "a3"});
  net::HttpClient client;
  Running running{quick("s"), http_sink(settings_of(receiver), client), emitter.store()};
  REQUIRE(eventually([&] { return emitter.cursor("s") == 3; }));
  CHECK(receiver.ids() == Ids{"a1", "a2", "a2", "a3"});
}

TEST_CASE("a receiver that hangs is given up in time", "[outbox]") {
  Receiver receiver;
  receiver.next({Next::hang});
  Emitter emitter;
  emitter.emit({"a1"});
  net::HttpClient client;
  auto settings = settings_of(receiver);
  settings.timeout_ms = 300;
  Running running{quick("s"), http_sink(settings, client), emitter.store()};
  REQUIRE(eventually([&] { return emitter.cursor("s") == 1; }));
  CHECK(receiver.ids() == Ids{"a1"});
  CHECK(running->figures().failures >= 1);
}

TEST_CASE("stopping breaks a request off", "[outbox]") {
  Receiver receiver;
  receiver.next({Next::hang});
  Emitter emitter;
  emitter.emit({"a1"});
  net::HttpClient client;
  auto settings = settings_of(receiver);
  settings.timeout_ms = 600'000;
  Running running{quick("s"), http_sink(settings, client), emitter.store()};
  REQUIRE(eventually([&] { return receiver.requests() == 1; }));
  const auto before = std::chrono::steady_clock::now();
  running->stop();
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(10));
  CHECK(emitter.cursor("s") == 0);
}

TEST_CASE("nobody at the other end is a failure with the address in it", "[outbox]") {
  net::HttpClient client;
  HttpSettings settings;
  settings.url = "http://127.0.0.1:1/events";
  const auto sink = http_sink(settings, client);
  const auto failure = sink->check();
  REQUIRE(failure);
  CHECK_THAT(failure->detail, Catch::Contains("127.0.0.1"));
  Receiver receiver;
  CHECK_FALSE(http_sink(settings_of(receiver), client)->check());
}

TEST_CASE("a token that can't be read sends nothing", "[outbox]") {
  Receiver receiver;
  net::HttpClient client;
  auto settings = settings_of(receiver);
  settings.token = [] { return std::optional<std::string>{}; };
  const auto sink = http_sink(settings, client);
  const std::vector<runtime::EmittedEvent> events{{1, 1, {{"id", "a1"}}}};
  const auto sent = sink->send(events);
  CHECK(sent.events == 0);
  REQUIRE(sent.failure);
  CHECK(receiver.requests() == 0);
}

}  // namespace
}  // namespace sequent::outbox::test
