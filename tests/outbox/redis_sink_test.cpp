// The Redis sink against a real redis-server.
#include "outbox/redis_sink.hpp"

#include <catch2/catch.hpp>

#include "support.hpp"

namespace sequent::outbox::test {
namespace {

using Ids = std::vector<std::string>;

RedisSettings settings_of(const Redis& redis) {
  RedisSettings settings;
  settings.port = redis.port();
  settings.stream = "events";
  settings.timeout_ms = 10'000;
  return settings;
}

TEST_CASE("events become entries of the stream, with their ids", "[outbox]") {
  const Redis redis;
  Emitter emitter;
  emitter.emit({"a1", "b2"});
  Running running{quick("s"), redis_sink(settings_of(redis)), emitter.store()};
  REQUIRE(eventually([&] { return emitter.cursor("s") == 2; }));
  emitter.emit({"a3"});
  REQUIRE(eventually([&] { return emitter.cursor("s") == 3; }));
  CHECK(redis.entries("events", "id") == Ids{"a1", "b2", "a3"});
  CHECK(redis.entries("events", "type") == Ids{"com.example.a", "com.example.b", "com.example.a"});
  CHECK(redis.entries("events", "source") == Ids{"tests", "tests", "tests"});
  const auto event = parse_json(redis.entries("events", "event").front());
  REQUIRE(event);
  CHECK(event->at("data") == Json{{"of", "a1"}});
}

TEST_CASE("the stream is kept to about its length", "[outbox]") {
  const Redis redis;
  Emitter emitter;
  Ids many;
  for (int i = 0; i < 1'000; ++i) many.push_back("a" + std::to_string(i));
  emitter.emit(many);
  auto settings = settings_of(redis);
  settings.max_length = 100;
  Running running{quick("s"), redis_sink(settings), emitter.store()};
  REQUIRE(eventually([&] { return emitter.cursor("s") == 1'000; }));
  const auto left = redis.entries("events", "id");
  CHECK(left.size() >= 100);
  CHECK(left.size() < 400);  // Redis trims whole nodes of a hundred
  CHECK(left.back() == "a999");
}

TEST_CASE("a Redis that was killed gets what it missed when it is back", "[outbox]") {
  Redis redis;
  Emitter emitter;
  emitter.emit({"a1"});
  Running running{quick("s"), redis_sink(settings_of(redis)), emitter.store()};
  REQUIRE(eventually([&] { return emitter.cursor("s") == 1; }));
  redis.stop();
  emitter.emit({"a2"});
  emitter.emit({"a3"});
  REQUIRE(eventually([&] { return running->figures().failures >= 2; }));
  CHECK(emitter.cursor("s") == 1);
  redis.start();  // empty: it keeps nothing here
  REQUIRE(eventually([&] { return emitter.cursor("s") == 3; }));
  CHECK(redis.entries("events", "id") == Ids{"a2", "a3"});
}

TEST_CASE("a Redis that hangs is given up in time and gets the same ids again", "[outbox]") {
  Redis redis;
  Emitter emitter;
  auto settings = settings_of(redis);
  settings.timeout_ms = 300;
  emitter.emit({"a1"});
  Running running{quick("s"), redis_sink(settings), emitter.store()};
  REQUIRE(eventually([&] { return emitter.cursor("s") == 1; }));
  redis.pause();
  emitter.emit({"a2"});
  const bool failed = eventually([&] { return running->figures().failures >= 1; });
  redis.go_on();
  REQUIRE(failed);
  REQUIRE(eventually([&] { return emitter.cursor("s") == 2; }));
  // The first try may have been taken once it went on: twice, then, and never another id.
  const auto ids = redis.entries("events", "id");
  REQUIRE(ids.size() >= 2);
  CHECK(ids.front() == "a1");
  CHECK(std::count(ids.begin() + 1, ids.end(), "a2") ==
        static_cast<std::ptrdiff_t>(ids.size()) - 1);
}

TEST_CASE("a Redis without memory takes all of a chunk or nothing", "[outbox]") {
  const Redis redis;
  Emitter emitter;
  REQUIRE(redis.ask({"CONFIG", "SET", "maxmemory", "1"}) == "OK");
  emitter.emit({"a1", "a2", "a3"});
  Running running{quick("s"), redis_sink(settings_of(redis)), emitter.store()};
  REQUIRE(eventually([&] { return running->figures().failures >= 2; }));
  CHECK(redis.entries("events", "id").empty());
  REQUIRE(redis.ask({"CONFIG", "SET", "maxmemory", "0"}) == "OK");
  REQUIRE(eventually([&] { return emitter.cursor("s") == 3; }));
  CHECK(redis.entries("events", "id") == Ids{"a1", "a2", "a3"});
}

TEST_CASE("password, user and database are used; check says what is wrong", "[outbox]") {
  const Redis redis{{"--requirepass", "s3cret"}};
  auto settings = settings_of(redis);
  const auto refused = redis_sink(settings)->check();
  REQUIRE(refused);
  CHECK_THAT(refused->detail, Catch::Contains("NOAUTH"));
  const auto address = "redis://default:wrong@127.0.0.1:" + std::to_string(redis.port()) + "/3";
  REQUIRE(read_redis_address(address, settings));
  const auto wrong = redis_sink(settings)->check();
  REQUIRE(wrong);
  CHECK(wrong->detail.find("wrong@") == std::string::npos);
  settings.password = [] { return std::optional<std::string>{"s3cret"}; };
  CHECK_FALSE(redis_sink(settings)->check());
  CHECK(settings.database == 3);
  CHECK_THAT(redis_sink(settings)->where(), Catch::Contains("/3, stream events"));
  CHECK(redis_sink(settings)->where().find("s3cret") == std::string::npos);
}

TEST_CASE("a key that is no stream is refused, by check and by sending", "[outbox]") {
  const Redis redis;
  REQUIRE(redis.ask({"SET", "events", "text"}) == "OK");
  const auto sink = redis_sink(settings_of(redis));
  const auto failure = sink->check();
  REQUIRE(failure);
  CHECK_THAT(failure->detail, Catch::Contains("string"));
  const std::vector<runtime::EmittedEvent> events{{1, 1, {{"id", "a1"}}}};
  const auto sent = sink->send(events);
  CHECK(sent.events == 0);
  REQUIRE(sent.failure);
  CHECK_THAT(sent.failure->detail, Catch::Contains("WRONGTYPE"));
}

TEST_CASE("addresses of Redis are read, and others are refused without their text", "[outbox]") {
  RedisSettings read;
  REQUIRE(read_redis_address("redis://me:p%40ss@[::1]:7000/2", read));
  CHECK(read.host == "::1");
  CHECK(read.port == 7'000);
  CHECK(read.user == "me");
  CHECK(read.password() == "p@ss");
  CHECK(read.database == 2);
  RedisSettings plain;
  REQUIRE(read_redis_address("redis://cache.internal", plain));
  CHECK(plain.host == "cache.internal");
  CHECK(plain.port == 6'379);
  for (const char* text : {"", "rediss://:hidden@h", "redis://", "redis://h:0", "redis://h:70000",
                           "redis://h/x", "redis://h:", "redis://[::1", "redis://[::1]7"}) {
    INFO(text);
    RedisSettings kept;
    const auto result = read_redis_address(text, kept);
    REQUIRE_FALSE(result);
    CHECK(result.error().detail.find("hidden") == std::string::npos);
    CHECK(kept.host == "127.0.0.1");
  }
}

}  // namespace
}  // namespace sequent::outbox::test
