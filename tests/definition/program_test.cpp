// What a document that compiles becomes.
#include "compiling.hpp"
#include "engine/definition/lint/warnings.hpp"

namespace sequent::definition {
namespace {

template <class Task>
const Task& task(const Program& program, std::string_view pointer) {
  const NodeIndex index = program.find(pointer);
  REQUIRE(index != no_node);
  REQUIRE(std::holds_alternative<Task>(program.node(index).body));
  return std::get<Task>(program.node(index).body);
}

Json filled(const Program& program, const Template& source, const Json& dot) {
  const auto out = expression::fill(source, *program.expressions, dot, {});
  INFO((out ? "" : out.error().detail));
  REQUIRE(out.has_value());
  return *out;
}

}  // namespace

TEST_CASE("nodes carry the pointers of the conformance kit") {
  const auto program = compiled(document(R"(do:
  - tryGetPet:
      try:
        - getPet: {call: debug.echo}
      catch:
        do:
          - tell: {set: {e: "${ $error }"}}
  - loop:
      for: {in: .pets}
      do:
        - feed: {set: {pet: "${ $item }", at: "${ $index }"}}
  - both:
      fork:
        branches:
          - left: {set: {x: 1}}
          - right: {set: {x: 2}}
  - hear:
      listen: {to: {any: []}}
      foreach:
        do:
          - note: {set: {x: "${ $item }"}}
)"));
  std::vector<std::string> pointers;
  for (const Node& node : program->nodes) pointers.push_back(node.pointer);
  CHECK(pointers == std::vector<std::string>{"", "/do/0/tryGetPet", "/do/0/tryGetPet/try/0/getPet",
                                             "/do/0/tryGetPet/catch/do/0/tell", "/do/1/loop",
                                             "/do/1/loop/do/0/feed", "/do/2/both",
                                             "/do/2/both/fork/branches/0/left",
                                             "/do/2/both/fork/branches/1/right", "/do/3/hear",
                                             "/do/3/hear/foreach/do/0/note"});
  const DoTask& root = task<DoTask>(*program, "");
  REQUIRE(root.tasks.size() == 4);
  CHECK(program->node(root.tasks[0]).next == root.tasks[1]);
  CHECK(program->node(root.tasks[3]).next == no_node);
  CHECK(program->node(root.tasks[0]).parent == 0);
  // Branches start together: none follows another.
  CHECK(program->node(program->find("left")).next == no_node);
  CHECK(program->node(program->find("feed")).line == 16);
  CHECK(program->find("nobody") == no_node);
}

TEST_CASE("then and switch lead to siblings") {
  const auto program = compiled(document(R"(do:
  - pick:
      switch:
        - red: {when: .color == "red", then: setRed}
        - other: {then: end}
  - setRed: {set: {x: 1}, then: exit}
)"));
  const auto& choice = task<SwitchTask>(*program, "pick");
  REQUIRE(choice.cases.size() == 2);
  CHECK(choice.cases[0].then.kind == Flow::Kind::task);
  CHECK(choice.cases[0].then.task == program->find("setRed"));
  CHECK(choice.cases[0].when.has_value());
  CHECK(choice.cases[1].then.kind == Flow::Kind::end);
  CHECK_FALSE(choice.cases[1].when.has_value());
  CHECK(program->node(program->find("setRed")).then.kind == Flow::Kind::exit);
}

TEST_CASE("only whole ${ } texts are expressions in data, and bare text is one in conditions") {
  const auto program = compiled(document(R"(do:
  - a:
      if: .x > 1
      input: {from: .order}
      set: {whole: "${ .n + 1 }", part: "n is ${ .n }", bare: .n, list: [1, "${ .n }"]}
      output: {as: {kept: "${ .whole }"}}
      export: {as: "$context + ."}
)"));
  const Node& node = program->node(program->find("a"));
  REQUIRE(node.if_);
  CHECK(program->expressions->source(*node.if_) == ".x > 1");
  CHECK(filled(*program, std::get<SetTask>(node.body).value, {{"n", 4}}) ==
        Json{{"whole", 5}, {"part", "n is ${ .n }"}, {"bare", ".n"}, {"list", {1, 4}}});
  REQUIRE(node.input.transform);
  CHECK(filled(*program, *node.input.transform, {{"order", 7}}) == 7);
  REQUIRE(node.output.transform);
  CHECK(filled(*program, *node.output.transform, {{"whole", 5}}) == Json{{"kept", 5}});
  CHECK(node.export_.transform.has_value());
}

TEST_CASE("loose mode evaluates what is jq and keeps what is not or fails") {
  const auto program = compiled(document(R"(evaluate: {mode: loose}
do:
  - a: {set: {sum: .n + 1, words: "hello there", wrong: .n.x}}
)"));
  CHECK(filled(*program, task<SetTask>(*program, "a").value, {{"n", 4}}) ==
        Json{{"sum", 5}, {"words", "hello there"}, {"wrong", ".n.x"}});
}

TEST_CASE("an HTTP call has its URI built from the top-level members of the input") {
  const auto program = compiled(document(R"(use:
  secrets: [shop]
  authentications:
    shopAuth: {oauth2: {use: shop}}
do:
  - get:
      call: http
      with:
        method: get
        endpoint: {uri: "https://x.test/pets/{petId}/{pet.tag}?q={q}", authentication: {use: shopAuth}}
        headers: {accept: text/plain}
        output: response
)"));
  const auto& call = task<CallTask>(*program, "get");
  CHECK(call.activity.name == "http");
  CHECK_FALSE(call.late_secrets);
  CHECK(filled(*program, call.arguments,
               {{"petId", "a/b c"}, {"pet.tag", 7}, {"pet", {{"tag", 8}}}}) ==
        Json{{"method", "GET"},
             {"endpoint",
              {{"uri", "https://x.test/pets/a%2Fb%20c/7?q="},
               {"authentication", {{"oauth2", {{"use", "shop"}}}}}}},
             {"headers", {{"accept", "text/plain"}}},
             {"output", "response"}});
  const auto wrong =
      expression::fill(call.arguments, *program->expressions, {{"petId", Json::array()}}, {});
  REQUIRE_FALSE(wrong.has_value());
  CHECK_THAT(wrong.error().detail, Catch::Contains("{petId}"));
}

TEST_CASE("secrets in arguments are left for the request") {
  const auto program = compiled(document(R"(use: {secrets: [token]}
do:
  - send: {call: debug.echo, with: {text: hi, token: "${ $secrets.token }"}}
)"));
  const auto& call = task<CallTask>(*program, "send");
  CHECK(call.late_secrets);
  CHECK(expression::names_secrets(call.arguments, *program->expressions));
  CHECK(filled(*program, call.arguments, Json::object()) ==
        Json{{"text", "hi"}, {"token", std::string{expression::secret_marker}}});
  const Json secrets{{"token", "t1"}};
  expression::Scope scope;
  scope.secrets = &secrets;
  const auto out = expression::fill(call.arguments, *program->expressions, Json::object(), scope);
  REQUIRE(out.has_value());
  CHECK(*out == Json{{"text", "hi"}, {"token", "t1"}});
}

TEST_CASE("a function is compiled once for each of its calls") {
  const auto program = compiled(document(R"(use:
  functions:
    greet:
      do:
        - say: {set: {text: "${ .name }"}}
do:
  - first: {call: greet, with: {name: "${ .a }"}}
  - second: {call: greet}
)"));
  const auto& first = task<FunctionTask>(*program, "first");
  const auto& second = task<FunctionTask>(*program, "second");
  CHECK(first.function == "greet");
  REQUIRE(first.task != no_node);
  CHECK(first.task != second.task);
  CHECK(program->node(first.task).pointer == "/do/0/first");
  CHECK(program->node(first.task).parent == program->find("first"));
  CHECK(program->find("/do/1/second/do/0/say") != no_node);
  CHECK(program->find("say") == no_node);  // two tasks have that name
  CHECK(filled(*program, first.arguments, {{"a", "Ann"}}) == Json{{"name", "Ann"}});
  CHECK(filled(*program, second.arguments, {{"a", "Ann"}}) == Json{{"a", "Ann"}});
}

TEST_CASE("functions that call themselves are refused") {
  const auto findings = findings_of(document(R"(use:
  functions:
    ping: {do: [{a: {call: pong}}]}
    pong: {do: [{b: {call: ping}}]}
do:
  - start: {call: ping}
)"));
  REQUIRE_FALSE(findings.empty());
  CHECK_THAT(findings.front().message,
             Catch::Contains("functions can't call themselves: ping → pong → ping") ||
                 Catch::Contains("pong → ping → pong"));
}

TEST_CASE("retry policies have all their parts, inline and by name") {
  const auto program = compiled(document(R"(use:
  retries:
    slow:
      when: .a
      exceptWhen: $error.status == 400
      delay: {seconds: 3}
      backoff: {exponential: {}}
      jitter: {from: PT0S, to: {milliseconds: 500}}
      limit: {attempt: {count: 5, duration: PT10S}, duration: PT1H}
do:
  - a:
      try: [{b: {call: debug.echo}}]
      catch:
        errors: {with: {type: "https://serverlessworkflow.io/dsl/errors/types/communication", status: 503}}
        when: $error.status == 503
        retry: slow
)"));
  const auto& attempt = task<TryTask>(*program, "a");
  CHECK(attempt.as == "error");
  CHECK(attempt.error_filter ==
        Json{{"type", "https://serverlessworkflow.io/spec/1.0.0/errors/communication"},
             {"status", 503}});
  REQUIRE(attempt.retry);
  CHECK(attempt.retry->when.has_value());
  CHECK(attempt.retry->except_when.has_value());
  CHECK(attempt.retry->delay.fixed_ms == 3'000);
  CHECK(attempt.retry->backoff == RetryPolicy::Backoff::exponential);
  CHECK(attempt.retry->jitter_to->fixed_ms == 500);
  CHECK(attempt.retry->max_attempts == 5u);
  CHECK(attempt.retry->attempt_duration->fixed_ms == 10'000);
  CHECK(attempt.retry->total_duration->fixed_ms == 3'600'000);
}

TEST_CASE("event strategies hold their filters, patterns and correlations") {
  const auto program = compiled(document(R"(do:
  - hear:
      timeout: {after: {hours: 72}}
      listen:
        to:
          any:
            - with: {type: com.acme.paid, data: "${ .amount > 3 }"}
              correlate: {order: {from: .data.order, expect: "${ .id }"}}
            - with: {type: "com\\.acme\\..*", source: https://acme.test/shop}
          until: {one: {with: {type: com.acme.closed}}}
        read: envelope
)"));
  const auto& listen = task<ListenTask>(*program, "hear");
  CHECK(listen.read == ListenTask::Read::envelope);
  CHECK(listen.to.mode == EventStrategy::Mode::any);
  REQUIRE(listen.to.filters.size() == 2);
  const EventFilter& paid = program->filters[listen.to.filters[0]];
  CHECK(paid.pointer == "/do/0/hear/listen/to/any/0");
  CHECK(paid.type == "com.acme.paid");
  REQUIRE(paid.correlations.size() == 1);
  CHECK(paid.correlations[0].expect.has_value());
  const EventFilter& family = program->filters[listen.to.filters[1]];
  CHECK(family.type.empty());
  REQUIRE(family.attributes.size() == 2);
  CHECK(family.attributes[0].name == "source");
  CHECK(family.attributes[0].equals == Json("https://acme.test/shop"));
  REQUIRE(family.attributes[1].pattern);
  CHECK(std::regex_match("com.acme.sold", *family.attributes[1].pattern));
  CHECK_FALSE(std::regex_match("com-acme.sold", *family.attributes[1].pattern));
  REQUIRE(listen.to.until_filters.size() == 1);
  CHECK(program->filters[listen.to.until_filters[0]].pointer == "/do/0/hear/listen/to/until/one");
  CHECK(program->node(program->find("hear")).timeout->fixed_ms == 72 * 3'600'000LL);
}

TEST_CASE("the metadata that the engine knows is read") {
  const auto program = compiled(R"(document:
  dsl: '1.0.3'
  namespace: billing
  name: checkout
  version: 1.2.0-rc.1
  title: Checkout
  metadata:
    http: {method: post, path: "/api/orders/{id}/pay", respond: open, headers: [X-Tenant]}
    key: .order.id
    attributes: {customer: .customer.id}
    participants: [Shop, Stripe]
    sensitive: [/card/number]
    team: billing
do:
  - open: {set: {url: x}}
)");
  REQUIRE(program->http);
  CHECK(program->http->method == "POST");
  CHECK(program->http->path == "/api/orders/{id}/pay");
  CHECK(program->http->respond == program->find("open"));
  CHECK(program->http->headers == std::vector<std::string>{"x-tenant"});
  REQUIRE(program->key);
  CHECK(program->expressions->source(*program->key) == ".order.id");
  REQUIRE(program->attributes.size() == 1);
  CHECK(program->participants == std::vector<std::string>{"Shop", "Stripe"});
  CHECK(program->sensitive == std::vector<std::string>{"/card/number"});
  CHECK(program->ref == WorkflowRef{"billing", "checkout", "1.2.0-rc.1"});
}

TEST_CASE("arrows say who calls whom, and where the source documents draw it") {
  const auto program = compiled(R"(
document:
  dsl: 1.0.3
  namespace: billing
  name: payment
  version: 1.0.0
  metadata:
    diagrams: [Payment, Payment later]
    clientArrows: ["(1, 2.12) The Shop -> Stripe: Request : Pay"]
    participants: [The Shop, Stripe]
do:
  - open:
      metadata: {arrows: ["Stripe --> The Shop: Paid"]}
      set: {url: x}
)");
  REQUIRE(program->client_arrows.size() == 1);
  CHECK(program->client_arrows[0] ==
        Arrow{"The Shop", "Stripe", "Request : Pay", false, {{1, 1}, {2, 12}}});
  const auto& task = program->node(program->find("open"));
  REQUIRE(task.arrows.size() == 1);
  CHECK(task.arrows[0] == Arrow{"Stripe", "The Shop", "Paid", true, {}});
  CHECK(parse_arrow_place("3") == ArrowPlace{1, 3});
  CHECK_FALSE(parse_arrow_place("2.").has_value());
}

TEST_CASE("the digest is that of the content, not of its spelling") {
  const auto yaml = compiled(document("do:\n  - a: {set: {x: 1, y: [true, null]}}\n"));
  const auto json = compiled(
      R"({"do": [{"a": {"set": {"y": [true, null], "x": 1}}}],
          "document": {"dsl": "1.0.3", "namespace": "test", "name": "sample", "version": "1.0.0"}})");
  CHECK(yaml->digest.size() == 64);
  CHECK(yaml->digest == json->digest);
  CHECK(yaml->source != json->source);
  CHECK(yaml->digest != compiled(document("do:\n  - a: {set: {x: 2}}\n"))->digest);
}

TEST_CASE("runs of workflows are read, awaited or not") {
  const auto program = compiled(document(R"(do:
  - start:
      run:
        await: false
        workflow: {namespace: test, name: child, version: latest, input: {id: "${ .id }"}}
)"));
  const auto& run = task<RunWorkflowTask>(*program, "start");
  CHECK_FALSE(run.await);
  CHECK(run.workflow == WorkflowRef{"test", "child", "latest"});
  CHECK(filled(*program, run.input, {{"id", 3}}) == Json{{"id", 3}});
}

TEST_CASE("warnings name what is legal but probably not meant") {
  const auto program = compiled(document(R"(use: {secrets: [s]}
do:
  - hear: {listen: {to: {any: []}}}
  - put: {set: {bare: .x, secret: "${ $secrets.s }"}}
)"));
  const auto warnings = lint::usual_warnings(*program);
  REQUIRE(warnings.size() == 3);
  CHECK_THAT(warnings[0].message, Catch::Contains("`hear` may listen for ever"));
  CHECK(warnings[0].line == 8);
  CHECK_THAT(warnings[1].message, Catch::Contains("`.x` in `put` is text"));
  CHECK_THAT(warnings[2].message, Catch::Contains("a secret goes into the run's data by `put`"));
}

TEST_CASE("the layout tells numberings apart, and nothing else") {
  const auto layout = [](std::string_view tasks) { return compiled(document(tasks))->layout; };
  const auto first = layout("do:\n  - a: {set: {x: 1}}\n  - b: {wait: PT1S}\n");
  CHECK(first == layout("do:\n  - a: {set: {x: 2}}\n  - b: {wait: PT9S}\n"));
  CHECK(first != layout("do:\n  - a: {wait: PT1S}\n  - b: {set: {x: 1}}\n"));
  CHECK(first != layout("do:\n  - a: {set: {x: 1}}\n  - c: {wait: PT1S}\n"));
  const auto hear = [&](std::string_view filters) {
    return layout("do:\n  - a: {listen: {to: " + std::string{filters} + "}}\n");
  };
  CHECK(hear("{any: [{with: {type: x}}]}") != hear("{all: [{with: {type: x}}]}"));
}

}  // namespace sequent::definition
