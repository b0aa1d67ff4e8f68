// Secrets are filled in when a request is made; everything else about it is fixed with the intent.
#include <catch2/catch.hpp>

#include "tests/support/machine_runner.hpp"

namespace sequent::machine::testing {

namespace {

/// A runner whose program has the secret `key`, of the given value.
void give_secret(Runner& run, std::string value) {
  run.surroundings().secrets = [value = std::move(value)](const definition::Program&) {
    return std::expected<Json, std::string>(Json{{"key", value}});
  };
}

Json bound(Runner& run, const char* task) {
  const auto frame = run.frame_at(task);
  REQUIRE(frame != 0);
  const auto& activity = std::get<ActivityState>(run.state().frames.at(frame).detail);
  const auto arguments =
      bind_secrets(run.program(), run.state(), frame, *activity.arguments, run.surroundings());
  REQUIRE(arguments.has_value());
  return *arguments;
}

}  // namespace

TEST_CASE("a secret never reaches the journal and is there in the request") {
  Runner run(R"yaml(
use: {secrets: [key]}
do:
  - pay: {call: test.call, with: {auth: '${ "Bearer " + $secrets.key }', amount: '${ .amount }'}}
)yaml");
  give_secret(run, "s3cr3t");
  run.answer_calls = false;
  run.start({{"amount", 5}});
  CHECK(bound(run, "pay") == Json{{"auth", "Bearer s3cr3t"}, {"amount", 5}});
  CHECK(run.calls.at(0).arguments == Json{{"auth", "[secret]"}, {"amount", 5}});
  CHECK(encode(run.journal).find("s3cr3t") == std::string::npos);
  CHECK(encode_state(run.state()).find("s3cr3t") == std::string::npos);
  give_secret(run, "rotated");
  CHECK(bound(run, "pay")["auth"] == "Bearer rotated");
}

TEST_CASE("a secret that is not configured is named") {
  Runner run(R"yaml(
use: {secrets: [key]}
do:
  - pay: {call: test.call, with: {auth: '${ $secrets.key }'}}
)yaml");
  run.surroundings().secrets = [](const definition::Program&) -> std::expected<Json, std::string> {
    return std::unexpected("key");
  };
  run.answer_calls = false;
  run.start();
  const auto frame = run.frame_at("pay");
  const auto refused = bind_secrets(run.program(), run.state(), frame, Json{{"auth", "[secret]"}},
                                    run.surroundings());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::forbidden);
  CHECK_THAT(refused.error().detail, Catch::Contains("\"key\""));
}

TEST_CASE("what stands beside a secret is fixed with the intent, whatever changes meanwhile") {
  Runner run(R"yaml(
use: {secrets: [key]}
do:
  - first: {set: {n: 1}, export: {as: '{n: 1}'}}
  - both:
      fork:
        branches:
          - pay:
              call: test.call
              with: {sign: '${ "\($secrets.key)/\($context.n)/\(now)/\($runtime.version)" }'}
          - other:
              do:
                - pause: {wait: PT1S}
                - change: {set: {n: 2}, export: {as: '{n: 2}'}}
                - rest: {wait: PT1H}
)yaml");
  give_secret(run, "k");
  run.answer_calls = false;
  run.start();
  const auto first = bound(run, "pay");
  REQUIRE_THAT(first["sign"].get<std::string>(), Catch::StartsWith("k/1/"));
  run.advance(5'000);
  run.surroundings().runtime["version"] = "another build";
  REQUIRE((*run.state().context)["n"] == 2);
  CHECK(bound(run, "pay") == first);
}

TEST_CASE("a call that may have left signs the same when its try starts over") {
  Runner run(R"yaml(
use: {secrets: [key]}
do:
  - guarded:
      try:
        - draw: {call: test.call, with: {at: '${ now }'}}
        - shape: {set: {amount: '${ now }'}}
        - pay: {call: test.call, with: {sign: '${ "\($secrets.key):\(.amount)" }'}}
      catch: {retry: {delay: PT5S, limit: {attempt: {count: 1}}}}
)yaml");
  give_secret(run, "k");
  run.answer_calls = false;
  run.start();
  run.answer = [](const Call& call) { return call.arguments; };
  run.answer_open();  // draw
  REQUIRE(run.calls.size() == 2);
  const auto first = bound(run, "pay");
  run.answer = [](const Call&) -> Answer { return std::unexpected(unknown()); };
  run.answer_open();
  run.now += 5'000;
  REQUIRE(run.feed(TimerDue{}));
  run.answer = [](const Call& call) { return call.arguments; };
  run.answer_open();  // draw again
  REQUIRE(run.calls.size() == 4);
  CHECK(run.calls[3].key == run.calls[1].key);
  REQUIRE(run.frame_at("pay") != 0);
  CHECK(bound(run, "pay") == first);  // though `.amount` is another now
}

}  // namespace sequent::machine::testing
