// Each class of mistake is told at its place, with what was expected and what came.
#include "compiling.hpp"

namespace sequent::definition {
namespace {

struct Mistake {
  std::string name;
  std::string text;  // the document
  int line = 0;
  int column = 0;
  std::string pointer;
  std::string message;  // a part of it
  std::string hint;     // a part of it
};

// Tasks begin in line 7: `do:` is line 6.
std::string tasks(std::string_view body) {
  return document("do:\n" + std::string{body});
}

void check(const std::vector<Mistake>& mistakes) {
  for (const Mistake& mistake : mistakes) {
    DYNAMIC_SECTION(mistake.name) {
      const auto findings = findings_of(mistake.text);
      INFO(format_findings(findings));
      REQUIRE(findings.size() == 1);
      const Finding& finding = findings.front();
      CHECK(finding.file == "flow.yaml");
      CHECK(finding.line == mistake.line);
      CHECK(finding.column == mistake.column);
      CHECK(finding.pointer == mistake.pointer);
      CHECK_THAT(finding.message, Catch::Contains(mistake.message));
      CHECK_THAT(finding.hint, Catch::Contains(mistake.hint));
    }
  }
}

const std::string one_task = "do:\n  - a: {set: {x: 1}}\n";

}  // namespace

TEST_CASE("text that is no YAML or JSON is told with its place") {
  check({
      {"a tab as indentation", "document:\n\tdsl: 1.0.3\n", 2, 1, "", "no YAML", "spaces"},
      {"a missing quote", "a: \"x\n", 1, 4, "", "the quote \" is never closed", "close it"},
      {"an unknown alias", "a: *b\n", 1, 4, "", "no YAML", "anchor"},
      {"two documents", "a: 1\n---\nb: 2\n", 2, 1, "", "one document", "file of its own"},
      {"bytes that are no UTF-8", "a: 1\nb: \"\xff\"\n", 2, 5, "", "UTF-8", ""},
      {"a comma too many in JSON", "{\"a\": 1,\n \"b\": 2,, \"c\": 3}", 2, 9, "", "no JSON", ""},
      {"JSON that ends early", "{\"a\":\n [1, 2", 2, 7, "", "no JSON: expected ']'", ""},
  });
}

TEST_CASE("a duplicate member is told with both places") {
  check({{"in a task", tasks("  - a:\n      set: {x: 1}\n      if: .a\n      set: {x: 2}\n"), 10, 7,
          "/do/0/a/set", "given twice; it stands first at line 8, column 7", "remove"}});
}

TEST_CASE("mistakes in the document's header are told") {
  const auto header = [](std::string_view dsl, std::string_view ns, std::string_view name,
                         std::string_view version) {
    return "document:\n  dsl: " + std::string{dsl} + "\n  namespace: " + std::string{ns} +
           "\n  name: " + std::string{name} + "\n  version: " + std::string{version} + "\n" +
           one_task;
  };
  check({
      {"another language version", header("2.0.0", "a", "b", "1.0.0"), 2, 8, "/document/dsl",
       "expected version 1.0.x of the language, got text `2.0.0`", "1.0.3"},
      {"a namespace that is no label", header("1.0.0", "a_b", "b", "1.0.0"), 3, 14,
       "/document/namespace", "got text `a_b`", ""},
      {"a version that YAML reads as a number", header("1.0.3", "a", "b", "1.0"), 5, 12,
       "/document/version", "expected a semantic version (text), got number 1.0", "quotes"},
      {"a version that is none", header("1.0.3", "a", "b", "1.2.3.4"), 5, 12, "/document/version",
       "expected a semantic version, got text `1.2.3.4`", "1.0.0"},
      {"no name", "document:\n  dsl: 1.0.3\n  namespace: a\n  version: 1.0.0\n" + one_task, 1, 1,
       "/document", "`document` needs `name`", "add `name`"},
      {"no tasks", document(""), 1, 1, "", "a workflow needs `do`", "add `do`"},
      {"an unknown member", document(one_task + "outputs: {as: .x}\n"), 8, 1, "/outputs",
       "unknown property `outputs` of a workflow", "did you mean `output`?"},
      {"another expression language", document(one_task + "evaluate: {language: python}\n"), 8, 22,
       "/evaluate/language", "expected the expression language jq, got text `python`", "jq"},
  });
}

TEST_CASE("mistakes in the shape of tasks are told") {
  check({
      {"no kind", tasks("  - a:\n      sett: {x: 1}\n"), 7, 5, "/do/0/a",
       "expected a task, got an object of no kind", "did you mean `set` where it says `sett`?"},
      {"two kinds", tasks("  - a:\n      set: {x: 1}\n      wait: PT1S\n"), 9, 7, "/do/0/a/wait",
       "one kind of task, got `set` and `wait`", "two tasks"},
      {"an unknown member", tasks("  - a:\n      set: {x: 1}\n      iff: .x\n"), 9, 7,
       "/do/0/a/iff", "unknown property `iff` of a task", "did you mean `if`?"},
      {"two tasks in one item", tasks("  - a: {set: {x: 1}}\n    b: {set: {x: 1}}\n"), 7, 5,
       "/do/0", "expected one named task, got an object with 2 members", "its own `-`"},
      {"tasks as an object", document("do:\n  a: {set: {x: 1}}\n"), 7, 3, "/do",
       "expected tasks (a list), got an object", ""},
      {"one name twice", tasks("  - a: {set: {x: 1}}\n  - a: {set: {x: 2}}\n"), 8, 5, "/do/1/a",
       "a task named `a` already, in line 7", "choose another"},
      {"a reserved name", tasks("  - exit: {set: {x: 1}}\n"), 7, 5, "/do/0/exit",
       "can't be named `exit`", "flow directive"},
      {"columns count characters", tasks("  - \"ä\": {set: {x: 1}, iff: .x}\n"), 7, 24,
       "/do/0/ä/iff", "unknown property `iff`", ""},
      {"set of nothing", tasks("  - a: {set: {}}\n"), 7, 14, "/do/0/a/set",
       "expected at least one member to set, got an object", ""},
      {"set of text", tasks("  - a: {set: abc}\n"), 7, 14, "/do/0/a/set",
       "expected an object or an expression, got text `abc`", "${"},
      {"a condition that is no text", tasks("  - a: {if: true, set: {x: 1}}\n"), 7, 13,
       "/do/0/a/if", "expected `if` (an expression), got true", "${"},
      {"a switch without then", tasks("  - a: {switch: [{c: {when: .x}}]}\n"), 7, 19,
       "/do/0/a/switch/0/c", "a case needs `then`", "add"},
      {"two defaults", tasks("  - a: {switch: [{c: {then: end}}, {d: {then: end}}]}\n"), 7, 37,
       "/do/0/a/switch/1/d", "at most one case without `when`", ""},
      {"a loop without list", tasks("  - a:\n      for: {each: x}\n      do: []\n"), 8, 7,
       "/do/0/a/for", "a loop needs `in`", ""},
      {"a loop variable with a dollar",
       tasks("  - a:\n      for: {each: $x, in: .a}\n      do: []\n"), 8, 19, "/do/0/a/for/each",
       "expected the name of a variable", "without `$`"},
      {"a try without catch", tasks("  - a: {try: [{b: {set: {x: 1}}}]}\n"), 7, 5, "/do/0/a",
       "a task needs `catch`", ""},
      {"a fork of nothing", tasks("  - a: {fork: {branches: []}}\n"), 7, 26,
       "/do/0/a/fork/branches", "expected at least one branch, got a list", ""},
      {"an empty filter", tasks("  - a: {listen: {to: {one: {with: {}}}}}\n"), 7, 35,
       "/do/0/a/listen/to/one/with", "at least one attribute of events", ""},
      {"until without any", tasks("  - a: {listen: {to: {one: {with: {type: x}}, until: .x}}}\n"),
       7, 47, "/do/0/a/listen/to/until", "`until` goes with `any` only", ""},
      {"a wrong word", tasks("  - a: {listen: {to: {any: []}, read: dta}}\n"), 7, 39,
       "/do/0/a/listen/read", "expected `read` (data, envelope or raw), got text `dta`",
       "did you mean `data`?"},
      {"an event without type", tasks("  - a: {emit: {event: {with: {source: s}}}}\n"), 7, 24,
       "/do/0/a/emit/event/with", "an event needs `type`", ""},
      {"an error without status", tasks("  - a: {raise: {error: {type: 'x:y'}}}\n"), 7, 17,
       "/do/0/a/raise/error", "an error needs `status`", ""},
  });
}

TEST_CASE("mistakes in durations, retries and schedules are told") {
  check({
      {"an unknown unit", tasks("  - a: {wait: {weeks: 1}}\n"), 7, 16, "/do/0/a/wait/weeks",
       "unknown property `weeks`", "known here"},
      {"years", tasks("  - a: {wait: P1Y}\n"), 7, 15, "/do/0/a/wait", "got text `P1Y`",
       "no fixed length"},
      {"half an hour as a number", tasks("  - a: {wait: {hours: 0.5}}\n"), 7, 23,
       "/do/0/a/wait/hours", "expected hours (a whole number", ""},
      {"a time-out of nothing", tasks("  - a: {set: {x: 1}, timeout: {after: PT0S}}\n"), 7, 39,
       "/do/0/a/timeout/after", "longer than nothing", ""},
      {"two backoffs",
       tasks("  - a: {try: [{b: {set: {x: 1}}}], catch: {retry: {backoff: {linear: {}, constant: "
             "{}}}}}\n"),
       7, 52, "/do/0/a/catch/retry/backoff", "one of constant, linear and exponential, got several",
       ""},
      {"a jitter the wrong way round",
       tasks("  - a: {try: [{b: {set: {x: 1}}}], catch: {retry: {jitter: {from: PT2S, to: "
             "PT1S}}}}\n"),
       7, 67, "/do/0/a/catch/retry/jitter/from", "`from` is at most its `to`, got 2 s and 1 s", ""},
      {"an unknown schedule", document("schedule: {evry: PT1H}\n" + one_task), 6, 12,
       "/schedule/evry", "unknown property `evry`", "did you mean `every`?"},
      {"a bad cron", document("schedule: {cron: 0 25 * * *}\n" + one_task), 6, 18, "/schedule/cron",
       "expected the hour (0 to 23", "midnight"},
      {"a cron that never comes", document("schedule: {cron: 0 0 30 2 *}\n" + one_task), 6, 18,
       "/schedule/cron", "never comes round", ""},
  });
}

TEST_CASE("mistakes in schemas are told at their keyword") {
  check({
      {"an unknown type",
       document("input:\n  schema:\n    document:\n      type: object\n      properties:\n"
                "        id: {type: strng}\n" +
                one_task),
       11, 20, "/input/schema/document/properties/id/type", "no valid schema", ""},
      {"a schema kept elsewhere",
       document("input: {schema: {resource: {endpoint: 'http://x/y'}}}\n" + one_task), 6, 28,
       "/input/schema/resource", "a schema kept elsewhere (`resource`) is part of the language",
       "until then"},
      {"another format", document("input: {schema: {format: avro, document: {}}}\n" + one_task), 6,
       26, "/input/schema/format",
       "expected a schema format that this engine knows, got text `avro`", "json:draft-07"},
  });
}

TEST_CASE("names that lead nowhere are told with the nearest name") {
  check({
      {"then", tasks("  - first: {set: {x: 1}, then: secnd}\n  - second: {set: {x: 1}}\n"), 7, 32,
       "/do/0/first/then", "the name of a task of the same list, got `secnd`",
       "did you mean `second`?"},
      {"then to another depth",
       tasks("  - a:\n      do:\n        - b: {set: {x: 1}, then: c}\n  - c: {set: {x: 1}}\n"), 9,
       34, "/do/0/a/do/0/b/then", "got `c` of line 10, which is in another scope", "own depth"},
      {"then to a branch",
       tasks("  - a: {fork: {branches: [{b: {set: {x: 1}, then: c}}, {c: {set: {x: 1}}}]}}\n"), 7,
       51, "/do/0/a/fork/branches/0/b/then", "which is in another scope", ""},
      {"a task that nothing leads to",
       tasks("  - a: {set: {x: 1}, then: end}\n  - b: {set: {x: 1}}\n"), 8, 5, "/do/1/b",
       "the task `b` can never run", "`then`"},
      {"a task behind raise",
       tasks("  - a: {raise: {error: {type: 'x:y', status: 500}}}\n  - b: {set: {x: 1}}\n"), 8, 5,
       "/do/1/b", "the task `b` can never run", ""},
      {"a time-out",
       document(
           "use: {timeouts: {short: {after: PT1S}}}\ndo:\n  - a: {set: {x: 1}, timeout: shrt}\n"),
       8, 31, "/do/0/a/timeout", "a timeout of use.timeouts, got `shrt`", "did you mean `short`?"},
      {"a retry policy", tasks("  - a: {try: [{b: {set: {x: 1}}}], catch: {retry: slow}}\n"), 7, 51,
       "/do/0/a/catch/retry", "got `slow`", "define it in use.retries"},
      {"an error", tasks("  - a: {raise: {error: broken}}\n"), 7, 24, "/do/0/a/raise/error",
       "got `broken`", "define it in use.errors"},
      {"a function", tasks("  - a: {call: stripe.customer.create, with: {email: x}}\n"), 7, 15,
       "/do/0/a/call", "got `stripe.customer.create`", "did you mean `stripe.customers.create`?"},
      {"a function's version", tasks("  - a: {call: 'debug.echo:7@default'}\n"), 7, 15,
       "/do/0/a/call", "has no version `7`", "newest version is 1"},
      {"an authentication policy",
       tasks("  - a: {call: http, with: {method: get, endpoint: {uri: 'http://x/', authentication: "
             "{use: y}}}}\n"),
       7, 92, "/do/0/a/with/endpoint/authentication/use", "got `y`", "use.authentications"},
      {"a secret",
       document("use: {secrets: [token]}\ndo:\n  - a: {call: debug.echo, with: {t: '${ "
                "$secrets.tokn }'}}\n"),
       8, 50, "/do/0/a/with/t", "the secret `tokn` is not listed", "did you mean `token`?"},
      {"the task that responds",
       "document:\n  dsl: 1.0.3\n  namespace: a\n  name: b\n  version: 1.0.0\n  metadata:\n    "
       "http: "
       "{method: post, path: /x, respond: aa}\n" +
           one_task,
       7, 45, "/document/metadata/http/respond", "got `aa`", "did you mean `a`?"},
  });
}

TEST_CASE("mistakes in arrows are told, where they are written") {
  // The list of arrows is in line 8.
  const auto arrow = [](std::string_view text) {
    return document(one_task,
                    "  metadata:\n    participants: [Shop, Stripe]\n    clientArrows: [\"" +
                        std::string{text} + "\"]\n    diagrams: [Payment]\n");
  };
  const auto told = [&](std::string name, std::string_view text, std::string message,
                        std::string hint) {
    return Mistake{std::move(name),    arrow(text),    8, 20, "/document/metadata/clientArrows/0",
                   std::move(message), std::move(hint)};
  };
  check({
      told("no arrow", "Shop pays", "expected an arrow such as", ""),
      told("no text", "Shop -> Stripe:", "expected an arrow such as", ""),
      told("a number that is none", "(x) Shop -> Stripe: Pay", "expected an arrow such as", ""),
      told("a number of nothing", "(0) Shop -> Stripe: Pay", "expected an arrow such as", ""),
      told("numbers without an end", "(1 Shop -> Stripe: Pay", "expected an arrow such as", ""),
      told("another's name", "(1) Shop -> Strype: Pay", "got `Strype`", "did you mean `Stripe`?"),
      told("a diagram that is not named", "(2.1) Shop -> Stripe: Pay",
           "numbered in diagram 2, but document.metadata.diagrams names 1", "list the diagram"),
  });
}

TEST_CASE("expressions that do not compile are told inside the file") {
  check({
      {"a syntax error", tasks("  - a: {set: {x: '${ .a + }'}}\n"), 7, 22, "/do/0/a/set/x",
       "does not compile", ""},
      {"an unknown variable", tasks("  - a: {set: {x: '${ .a + $contxt.b }'}}\n"), 7, 27,
       "/do/0/a/set/x", "names `$contxt`, which is not known here", "did you mean `$context`?"},
      {"an unknown variable in a block",
       tasks("  - a:\n      set:\n        x: |\n          ${ .a\n          + $itm }\n"), 11, 13,
       "/do/0/a/set/x", "names `$itm`", ""},
      {"a loop variable outside its loop",
       tasks("  - a:\n      for: {each: pet, in: .pets}\n      do: [{b: {set: {x: '${ $pet }'}}}]\n"
             "  - c: {set: {x: '${ $pet }'}}\n"),
       10, 22, "/do/1/c/set/x", "names `$pet`", ""},
      {"empty text", tasks("  - a: {if: '${ }', set: {x: 1}}\n"), 7, 16, "/do/0/a/if",
       "expected an expression", ""},
  });
}

TEST_CASE("routes and answers that can't be right are told with their place") {
  const auto with_http = [](const std::string& http) {
    return "document:\n  dsl: 1.0.3\n  namespace: a\n  name: b\n  version: 1.0.0\n  metadata:\n    "
           "http: {" +
           http + "}\n" + one_task;
  };
  const auto listening = [](const std::string& http, const std::string& filter) {
    return tasks("  - a:\n      metadata: {http: {" + http + "}}\n      listen: {to: {one: {" +
                 filter + "}}}\n");
  };
  const std::string correlated = "with: {type: x.y}, correlate: {o: {from: .data.o, expect: 1}}";
  const auto answering = [](const std::string& answer) {
    return tasks("  - a:\n      metadata: {respond: " + answer + "}\n      set: {x: 1}\n");
  };
  check({
      {"a cookie's name", with_http("method: post, path: /x, cookies: ['a b']"), 7, 46,
       "/document/metadata/http/cookies/0", "the name of a cookie", ""},
      {"a parameter twice", with_http("method: post, path: /x, query: [a, a]"), 7, 47,
       "/document/metadata/http/query/1", "`a` is in the list already", "remove"},
      {"a route at no listen task",
       tasks("  - a: {set: {x: 1}, metadata: {http: {method: post, path: /x}}}\n"), 7, 33,
       "/do/0/a/metadata/http", "`http` stands at a listen task only", "document.metadata"},
      {"a route without correlation", listening("method: post, path: /x", "with: {type: x.y}"), 8,
       18, "/do/0/a/metadata/http", "to be correlated", "correlate"},
      {"a route without a constant type",
       listening("method: post, path: /x", "with: {source: x}, correlate: {o: {from: .o}}"), 8, 18,
       "/do/0/a/metadata/http", "a listen task with a constant `type`", "type"},
      {"a route of another type", listening("method: post, path: /x, type: x.z", correlated), 8, 55,
       "/do/0/a/metadata/http/type", "got text `x.z`", "did you mean `x.y`?"},
      {"a route with a hold that is computed",
       listening("method: post, path: /x, hold: '${ .x }'", correlated), 8, 55,
       "/do/0/a/metadata/http/hold", "a duration that is no expression", ""},
      {"an answer that is none", answering("false"), 8, 27, "/do/0/a/metadata/respond",
       "true, or an answer: {status, headers, body}", ""},
      {"a status", answering("{status: 99}"), 8, 36, "/do/0/a/metadata/respond/status", "a status",
       ""},
      {"a status that is no problem's", answering("{status: 303, problem: {title: x}}"), 8, 36,
       "/do/0/a/metadata/respond/status", "a status", ""},
      {"a header of the server", answering("{headers: {Content-Length: 1}}"), 8, 38,
       "/do/0/a/metadata/respond/headers/Content-Length", "the server itself writes", "remove"},
      {"a header that is a map", answering("{headers: {X-A: {b: 1}}}"), 8, 43,
       "/do/0/a/metadata/respond/headers/X-A", "the value of a header", ""},
      {"body and problem", answering("{body: 1, problem: {title: x}}"), 8, 37,
       "/do/0/a/metadata/respond/problem", "a `body` or a `problem`, not both", "remove"},
      {"an unknown member", answering("{code: 200}"), 8, 28, "/do/0/a/metadata/respond/code",
       "unknown property `code` of an answer", ""},
  });
}

TEST_CASE("two routes of one document that take the same requests are told") {
  const std::string text =
      "document:\n  dsl: 1.0.3\n  namespace: a\n  name: b\n  version: 1.0.0\n  metadata:\n    "
      "http: {method: get, path: '/x/{a}'}\ndo:\n  - a:\n      metadata: {http: {method: get, "
      "path: "
      "'/x/{b}'}}\n      listen: {to: {one: {with: {type: x.y}, correlate: {o: {from: .o}}}}}\n";
  check({{"the same shape", text, 10, 18, "/do/0/a/metadata/http",
          "GET /x/{b} is bound already, by the document", "another method or path"}});
}

}  // namespace sequent::definition
