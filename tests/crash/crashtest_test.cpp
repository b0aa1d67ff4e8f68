// That a crash test can fail: workflows and activities that are wrong on purpose.
#include <catch2/catch.hpp>

#include "crashtest/crashtest.hpp"
#include "crashtest/fresh.hpp"

using namespace sequent;
using namespace sequent::crashtest;

namespace {

// Makes a customer with every call, under no key, and claims that repeating is harmless.
class Careless final : public runtime::Activity {
 public:
  explicit Careless(net::HttpClient& http) : http_(http) {
    spec_.name = "test.careless";
    spec_.version = "1";
    spec_.provider = "test";
    spec_.idempotent = true;
  }
  [[nodiscard]] const runtime::ActivitySpec& spec() const override { return spec_; }
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt, Json) override {
    net::ClientRequest request;
    request.method = "POST";
    request.url = "http://stripe.sandbox/v1/customers";
    request.headers.set("Authorization", "Bearer sk_test_sandbox");
    const Json made{{"made", 1}};
    auto sending = http_.send(std::move(request));
    const net::ClientResult answer = co_await std::move(sending);
    if (answer && answer->status == 200) co_return made;
    machine::Failure failure;
    failure.outcome = machine::Outcome::unknown;
    failure.problem = machine::make_problem(machine::ErrorKind::communication, "no good answer");
    co_return std::unexpected(std::move(failure));
  }

 private:
  net::HttpClient& http_;
  runtime::ActivitySpec spec_;
};

const std::string document =
    "document: {dsl: 1.0.3, namespace: test, name: tried, version: 1.0.0}\n";
const std::string one_start = R"(
scenarios:
  - name: only
    steps:
      - begin: {start: test/tried, input: {n: 1}}
)";

ScenarioReport try_out(const std::string& tasks, const std::string& scenarios,
                       Options options = {}) {
  const auto file = read_scenarios(scenarios, "tried.scenarios.yaml", Outside::names(), 1);
  if (!file)
    throw std::runtime_error(file.error().findings.empty() ? file.error().detail
                                                           : file.error().findings[0].message);
  const std::vector<Deployment> deployments{{.file = "tried.yaml", .text = document + tasks}};
  return run_scenario(*file, file->scenarios.at(0), deployments, options, {});
}

std::vector<std::string> points_of(const ScenarioReport& report) {
  std::vector<std::string> points;
  for (const auto& difference : report.differences) points.push_back(difference.point.text());
  return points;
}

std::vector<Finding> findings_of(const std::string& scenarios) {
  const auto file = read_scenarios(scenarios, "tried.scenarios.yaml", Outside::names(), 1);
  return file ? std::vector<Finding>{} : file.error().findings;
}

}  // namespace

TEST_CASE("a workflow of durable steps is the same after every crash") {
  const auto report = try_out(
      "do:\n  - one: {call: debug.echo, with: {n: '${ .n + 1 }'}}\n"
      "  - rest: {wait: {hours: 5}}\n"
      "  - two: {call: debug.echo, with: {n: '${ .n + 1 }'}}\n",
      one_start);
  REQUIRE_FALSE(report.failure);
  CHECK(report.checkpoints >= 4);
  CHECK(report.crashes == 2 * report.checkpoints);
  CHECK(points_of(report).empty());
}

TEST_CASE("an effect that is made twice after a crash is a difference") {
  Options options;
  options.more_activities = [](runtime::ActivityRegistry& registry, net::HttpClient& http) {
    registry.add(std::make_unique<Careless>(http));
  };
  const auto report =
      try_out("do:\n  - make: {call: test.careless, with: {}}\n", one_start, options);
  REQUIRE_FALSE(report.failure);
  // Each time the customer was made and nobody durably knew: the call was repeated.
  CHECK(points_of(report) == std::vector<std::string>{"before:2", "lost:1", "500-after:1"});
  for (const auto& difference : report.differences) {
    REQUIRE_FALSE(difference.changes.empty());
    CHECK(difference.changes[0].pointer == "/providers/stripe/duplicateEffects");
    CHECK(difference.changes[0].expected == Json::array());
  }
}

TEST_CASE("a cancellation undoes the same once, whatever crashes") {
  const std::string tasks = R"(do:
  - charge:
      call: stripe.customers.create
      with: {name: one}
      metadata: {compensate: payBack}
  - chargeMore:
      call: stripe.customers.create
      with: {name: two}
      metadata: {compensate: payBack}
  - rest: {wait: {days: 1}, then: end}
  - payBack:
      call: stripe.customers.delete
      with: {customer: "${ .output.id }"}
)";
  const std::string scenario = R"(
scenarios:
  - name: cancelled
    steps:
      - begin: {start: test/tried, input: {}}
      - settle: {wait: {minutes: 1}}
      - cancel:
          path: '${ "/api/v1/runs/" + .begin.id + ":cancel" }'
          body: {reason: the customer left, confirm: true}
    expect: >-
      ${ .runs[0].status == "cancelled"
         and [.providers.stripe.state.accounts.platform.customer.objects[].deleted] == [true, true] }
)";
  const auto report = try_out(tasks, scenario);
  if (report.failure) FAIL(report.failure->detail);
  CHECK(report.checkpoints >= 6);
  CHECK(report.crashes == 2 * report.checkpoints);
  CHECK(points_of(report).empty());
}

// One waits for its next task, the other has faulted in a task that the next version mends.
TEST_CASE("runs that move to the next version do the same once, whatever crashes") {
  const auto version = [](const std::string& number, const std::string& share,
                          const std::string& last) {
    return "document: {dsl: 1.0.3, namespace: test, name: tried, version: " + number + "}\n" +
           R"(do:
  - open:
      call: stripe.customers.create
      with: {name: opened}
  - share: {set: {share: "${ )" +
           share + R"( }"}}
  - rest: {wait: {hours: 2}}
  - close:
      call: stripe.customers.create
      with: {name: closed by )" +
           number + "}\n" + last + "  - tell: {set: {told: true}}\n";
  };
  const std::vector<Deployment> deployments{
      {.file = "tried.yaml", .text = version("1.0.0", "12 / $workflow.input.parts", "")},
      {.file = "next.yaml",
       .text = version("1.1.0",
                       "if $workflow.input.parts == 0 then 0 else 12 / $workflow.input.parts end",
                       "  - thank: {call: stripe.customers.create, with: {name: thanked}}\n")}};
  const std::string scenarios = R"(
scenarios:
  - name: only
    steps:
      - waits: {start: test/tried, version: 1.0.0, input: {parts: 2}}
      - fails: {start: test/tried, version: 1.0.0, input: {parts: 0}}
      - settle: {wait: {minutes: 1}}
      - move: {migrate: '${ .waits.id }', version: 1.1.0}
      - mend: {migrate: '${ .fails.id }'}
      - retry: {path: '${ "/api/v1/runs/" + .fails.id + ":retry" }', body: {reason: it is mended}}
    expect: >-
      ${ [.runs[] | .status, .version] == ["completed", "1.1.0", "completed", "1.1.0"]
         and ([.providers.stripe.state.accounts.platform.customer.objects[].name] | sort)
             == ["closed by 1.1.0", "closed by 1.1.0", "opened", "opened", "thanked", "thanked"] }
)";
  const auto file = read_scenarios(scenarios, "tried.scenarios.yaml", Outside::names(), 1);
  REQUIRE(file);
  const auto report = run_scenario(*file, file->scenarios.at(0), deployments, {}, {});
  if (report.failure) FAIL(report.failure->detail);
  CHECK(report.checkpoints >= 12);
  CHECK(report.crashes == 2 * report.checkpoints);
  CHECK(report.faults == 4 * report.calls + report.webhooks);
  CHECK(points_of(report).empty());
}

TEST_CASE("a move that is refused is no move of a scenario") {
  const auto report = try_out("do:\n  - rest: {wait: {hours: 1}}\n",
                              one_start + "      - move: {migrate: '${ .begin.id }'}\n");
  REQUIRE(report.failure);
  CHECK(report.failure->detail.find("step move") != std::string::npos);
  CHECK(report.failure->detail.find("under version 1.0.0 already") != std::string::npos);
}

TEST_CASE("a step that moves a run names the run and a version") {
  const auto findings = findings_of(R"(
scenarios:
  - name: one
    steps:
      - a: {start: test/tried, version: newest}
      - b: {migrate: a, version: 1.1.0}
      - c: {migrate: '${ .a.id }', version: 2}
      - d: {migrate: '${ .a | nonsense( }'}
      - e: {migrate: '${ .a.id }', body: {reason: none}}
)");
  REQUIRE(findings.size() == 5);
  CHECK(findings[0].pointer == "/scenarios/0/steps/0/a/version");
  CHECK(findings[0].message.find("a version of the workflow, such as 1.1.0") != std::string::npos);
  CHECK(findings[1].pointer == "/scenarios/0/steps/1/b/migrate");
  CHECK(findings[1].message.find("as an expression such as ${ .begin.id }") != std::string::npos);
  CHECK(findings[2].line == 7);
  CHECK(findings[3].pointer == "/scenarios/0/steps/3/d/migrate");
  CHECK(findings[4].pointer == "/scenarios/0/steps/4/e/body");
}

TEST_CASE("one point can be tried alone") {
  Options options;
  options.only = Point::parse("after:2").value();
  const auto report =
      try_out("do:\n  - one: {call: debug.echo, with: {n: 1}}\n", one_start, options);
  CHECK(report.crashes == 1);
  CHECK(report.differences.empty());
  options.only = Point::parse("before:99").value();
  const auto beyond =
      try_out("do:\n  - one: {call: debug.echo, with: {n: 1}}\n", one_start, options);
  REQUIRE(beyond.differences.size() == 1);
  CHECK(beyond.differences[0].error == "the undisturbed run has no such point");
  CHECK_FALSE(Point::parse("before").has_value());
  CHECK_FALSE(Point::parse("sideways:1").has_value());
  CHECK_FALSE(Point::parse("before:0").has_value());
}

TEST_CASE(
    "an undisturbed run that is not what the scenario expects is told, and nothing is tried") {
  const auto report = try_out("do:\n  - one: {call: debug.echo, with: {n: 1}}\n",
                              one_start + "    expect: '${ .runs[0].output.n == 2 }'\n");
  REQUIRE(report.failure);
  CHECK(report.failure->detail.find("not what `expect` says") != std::string::npos);
  CHECK(report.crashes == 0);
}

TEST_CASE("a browser is played with the cookie and the address that it was given") {
  const std::string workflow = R"(
document:
  dsl: 1.0.3
  namespace: test
  name: tried
  version: 1.0.0
  metadata: {http: {method: post, path: /enter, respond: send}}
do:
  - send:
      set: {browser: "${ $workflow.id }"}
      metadata:
        respond:
          status: 303
          headers: {Location: /entered, Set-Cookie: ["${ \"at=\" + .browser + \"; HttpOnly\" }", a=b]}
  - await:
      timeout: {after: {hours: 1}}
      metadata: {http: {method: get, path: /entered, cookies: [at]}}
      listen:
        to:
          one:
            with: {type: test.entered}
            correlate: {browser: {from: .data.cookies.at, expect: "${ $workflow.id }"}}
  - told: {set: {field: "${ $workflow.input.field }"}, metadata: {respond: true}}
)";
  const std::string scenarios = R"(
scenarios:
  - name: only
    steps:
      - enter: {path: /enter, status: 303, form: {field: "a b"}}
      - entered:
          method: GET
          path: '${ .enter.location }'
          headers: {Cookie: '${ .headers.enter["set-cookie"][0] | split(";")[0] }'}
    expect: '${ .answers.enter == {location: "/entered"} and .answers.entered.field == "a b" }'
)";
  const auto file = read_scenarios(scenarios, "tried.scenarios.yaml", Outside::names(), 1);
  REQUIRE(file);
  const std::vector<Deployment> deployments{{.file = "tried.yaml", .text = workflow}};
  const auto report = run_scenario(*file, file->scenarios.at(0), deployments, {}, {});
  if (report.failure) FAIL(report.failure->detail);
  CHECK(points_of(report).empty());
  const auto named =
      findings_of("scenarios:\n  - name: one\n    steps:\n      - headers: {path: /x}\n");
  CHECK(named.size() == 1);
}

TEST_CASE("a caller who repeats a request to a waiting run hears the same answer after any crash") {
  const std::string workflow = R"(
document:
  dsl: 1.0.3
  namespace: test
  name: tried
  version: 1.0.0
  metadata: {http: {method: post, path: /rooms, respond: opened}}
do:
  - opened: {set: {room: "${ $workflow.id }"}, export: {as: "{count: 0}"}}
  - await:
      timeout: {after: {hours: 1}}
      metadata: {http: {method: put, path: "/rooms/{room}/guests"}}
      listen:
        to:
          one:
            with: {type: test.guest}
            correlate: {room: {from: .data.room, expect: "${ $workflow.id }"}}
      output: {as: ".[0]"}
      export: {as: "{count: ($context.count + 1)}"}
  - judge:
      switch:
        - stranger: {when: .name == null, then: refuse}
        - known: {then: told}
  - refuse:
      set: {title: "no name", count: "${ $context.count }"}
      metadata: {respond: {status: 409}}
      then: await
  - told:
      set: {name: "${ .name }", count: "${ $context.count }"}
      metadata: {respond: true}
  - enough: {switch: [{no: {when: $context.count < 3, then: await}}]}
)";
  const std::string scenarios = R"(
scenarios:
  - name: only
    steps:
      - open: {path: /rooms}
      - first: {method: PUT, path: '${ "/rooms/" + .open.room + "/guests" }', body: {name: one}}
      - nobody: {method: PUT, path: '${ "/rooms/" + .open.room + "/guests" }', body: {}, status: 409}
      - last: {method: PUT, path: '${ "/rooms/" + .open.room + "/guests" }', body: {name: two}}
    expect: '${ [.answers | .first, .nobody, .last | .count] == [1, 2, 3] and .runs[0].status == "completed" }'
)";
  const auto file = read_scenarios(scenarios, "tried.scenarios.yaml", Outside::names(), 1);
  REQUIRE(file);
  const std::vector<Deployment> deployments{{.file = "tried.yaml", .text = workflow}};
  const auto report = run_scenario(*file, file->scenarios.at(0), deployments, {}, {});
  if (report.failure) FAIL(report.failure->detail);
  CHECK(report.crashes >= 8);
  CHECK(points_of(report).empty());
}

TEST_CASE("an event by hand is taken once, without a signature, after any crash") {
  const std::string tasks = R"(
schedule: {on: {one: {with: {type: com.stripe.invoice.paid}}}}
do:
  - count: {call: records.increment, with: {collection: seen, key: "${ .[0].data.object.id }", path: count}}
)";
  const std::string scenarios = R"(
scenarios:
  - name: only
    steps:
      - by-hand: &event
          path: /webhooks/stripe?manual=true
          body: {id: evt_1, object: event, type: invoice.paid, created: 1799999999, data: {object: {id: in_1}}}
      - again: *event
      - forged: {<<: *event, path: /webhooks/stripe, status: 400}
    expect: '${ .records.seen == [{key: "in_1", value: {count: 1}}] and .answers == {} }'
)";
  const auto report = try_out(tasks, scenarios);
  if (report.failure) FAIL(report.failure->detail);
  CHECK(report.crashes >= 4);
  CHECK(points_of(report).empty());
}

TEST_CASE("a notification is read from the queue until it is kept, and taken once") {
  const std::string tasks = R"(
schedule: {on: {one: {with: {type: com.amazonaws.marketplace.subscribe-success}}}}
do:
  - count: {call: records.increment, with: {collection: seen, key: "${ .[0].data.customerIdentifier }", path: count}}
)";
  const std::string scenarios = R"(
scenarios:
  - name: only
    steps:
      - token: {to: aws, path: /_sandbox/tokens, body: {customerIdentifier: cust-1}}
      - say: {to: aws, path: /_sandbox/notifications, body: {action: subscribe-success, customerIdentifier: cust-1, copies: 2}}
    expect: >-
      ${ .records.seen == [{key: "cust-1", value: {count: 1}}]
         and .providers.aws.state.queues["marketplace-notifications"].count == 0 }
)";
  const auto report = try_out(tasks, scenarios);
  if (report.failure) FAIL(report.failure->detail);
  CHECK(report.faults >= 6);  // the queue is read once, and each of two messages deleted
  CHECK(points_of(report).empty());
}

TEST_CASE("mistakes in a scenario file are told with their line and place") {
  const auto findings = findings_of(R"(
scenarios:
  - name: one
    steps:
      - a: {start: test/tried}
      - a: {to: strype, path: /x}
      - b: {path: '${ .a | nonsense( }'}
      - c: {wait: {fortnights: 1}}
    expects: true
  - name: two
    steps: [{a: {path: /x, arrows: [first]}}]
)");
  REQUIRE(findings.size() == 6);
  CHECK(findings[5].line == 11);
  for (const auto& finding : findings) CHECK(finding.file == "tried.scenarios.yaml");
  CHECK(findings[0].line == 6);
  CHECK(findings[0].message == "the name `a` is taken by an earlier step of this scenario");
  CHECK(findings[1].pointer == "/scenarios/0/steps/1/a/to");
  CHECK(findings[1].hint == "did you mean `stripe`?");
  CHECK(findings[2].line == 7);
  CHECK(findings[3].line == 8);
  CHECK(findings[4].line == 9);
}

TEST_CASE("a scenario for shared worlds says so, and only then what it expects there") {
  const auto file = read_scenarios(R"(
scenarios:
  - {name: alone, steps: [{one: {start: test/tried}}]}
  - {name: shared, live: true, liveExpect: '${ true }', steps: [{one: {start: test/tried}}]}
)",
                                   "tried.scenarios.yaml", Outside::names(), 1);
  REQUIRE(file.has_value());
  CHECK_FALSE(file->scenarios[0].live);
  CHECK(file->scenarios[1].live);
  CHECK(file->scenarios[1].live_expect.has_value());
  const auto wrong = read_scenarios(R"(
scenarios:
  - {name: one, liveExpect: '${ true }', steps: [{one: {start: test/tried}}]}
  - {name: other, live: "yes", steps: [{one: {start: test/tried}}]}
)",
                                    "tried.scenarios.yaml", Outside::names(), 1);
  REQUIRE_FALSE(wrong.has_value());
  REQUIRE(wrong.error().findings.size() == 2);
  CHECK(wrong.error().findings[0].pointer == "/scenarios/0/liveExpect");
  CHECK(wrong.error().findings[1].pointer == "/scenarios/1/live");
}

TEST_CASE("each play in a shared world has ids of its own") {
  const std::string text = R"(
fresh: [acct_one, 913, token-user-913, 00000000-0000-4000-8000-000000000001]
scenarios:
  - name: acct_one_of_many
    steps:
      - a: {path: "/x/acct_one:prod", body: {user: 913, token: token-user-913, other: 9131}}
      - b: {path: /y, body: {trace: 00000000-0000-4000-8000-000000000001}}
)";
  const auto one = with_fresh_ids(text, "a.scenarios.yaml", 217'000'000);
  const auto other = with_fresh_ids(text, "a.scenarios.yaml", 217'000'001);
  REQUIRE(one);
  REQUIRE(other);
  CHECK(*one != *other);
  const auto file = read_scenarios(*one, "a.scenarios.yaml", Outside::names(), 1);
  REQUIRE(file);
  CHECK(file->scenarios[0].name == "acct_one_of_many");
  CHECK(file->scenarios[0].steps[1].line == 7);
  const Json a = file->scenarios[0].steps[0].requests[0].content.skeleton;
  const Json b = file->scenarios[0].steps[1].requests[0].content.skeleton;
  CHECK(a.at("body").at("user") == 217'000'000'913);
  CHECK(a.at("body").at("other") == 9131);
  CHECK(text_of(a.at("body"), "token").starts_with("token-user-913"));
  CHECK(text_of(a.at("body"), "token").size() > 14);
  CHECK(a.at("path") == "/x/" + file->fresh.at(0) + ":prod");
  CHECK(text_of(b.at("body"), "trace") == "00000000-0000-4000-8000-217000000001");
  const auto useless = with_fresh_ids("fresh: [nowhere]\nscenarios: []\n", "a.scenarios.yaml", 1);
  REQUIRE_FALSE(useless.has_value());
  CHECK(useless.error().detail.find("`nowhere`") != std::string::npos);
}

TEST_CASE("which tasks a scenario shows is read from the journals of its runs") {
  const auto file = read_scenarios(R"(
scenarios:
  - name: only
    steps:
      - begin: {start: test/tried, input: {n: 1}, arrows: [1, "2.10"]}
    expect: '${ .runs[0].status == "completed" }'
)",
                                   "tried.scenarios.yaml", Outside::names(), 1);
  REQUIRE(file.has_value());
  CHECK(file->scenarios[0].steps[0].arrows == std::vector<definition::ArrowPlace>{{1, 1}, {2, 10}});
  const std::vector<Deployment> deployments{
      {.file = "tried.yaml",
       .text = document + "do:\n  - one: {call: debug.echo, with: {n: 1}}\n"
                          "  - choose: {switch: [{always: {when: .n == 1, then: end}}]}\n"
                          "  - otherwise: {call: debug.echo, with: {n: 2}}\n"}};
  const auto shown =
      tasks_shown(*file, file->scenarios[0], deployments, std::make_shared<Programs>(1));
  INFO((shown ? "" : shown.error().detail));
  REQUIRE(shown.has_value());
  CHECK(*shown ==
        std::set<CompletedTask>{{"test/tried", "/do/0/one"}, {"test/tried", "/do/1/choose"}});
}
