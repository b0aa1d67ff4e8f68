// Warnings: where each one is found, what it says, and what makes it go away.
#include <deque>

#include "compiling.hpp"
#include "engine/definition/lint/warnings.hpp"

namespace sequent::definition {
namespace {

using lint::Strictness;
using lint::Warning;

/// shop.charge has keys for a day and bills; shop.send has neither keys nor a look; shop.find has
/// only a look; shop.read may be repeated.
class Shop final : public ActivityCatalog {
 public:
  Shop() {
    ActivitySpec charge{.name = "shop.charge", .version = "1", .provider = "shop"};
    charge.key_retention_ms = 24 * 3'600'000LL;
    charge.charges = true;
    ActivitySpec send{.name = "shop.send", .version = "1", .provider = "shop"};
    ActivitySpec find = send;
    find.name = "shop.find";
    find.can_look = true;
    ActivitySpec read = send;
    read.name = "shop.read";
    read.idempotent = true;
    ActivitySpec http = charge;
    http.name = "http";
    http.charges = false;
    http.keys_unsure = true;
    specs_ = {charge, send, find, read, http};
  }
  [[nodiscard]] const ActivitySpec* find(std::string_view name, std::string_view) const override {
    for (const auto& spec : specs_)
      if (spec.name == name) return &spec;
    return nullptr;
  }
  [[nodiscard]] std::vector<std::string> names() const override {
    return {"http", "shop.charge", "shop.find", "shop.read", "shop.send"};
  }

 private:
  std::deque<ActivitySpec> specs_;
};

Result<ProgramPtr> compile_in_shop(std::string_view body, std::string_view metadata = "") {
  static const Shop shop;
  CompileOptions options;
  options.catalog = &shop;
  options.interpreters = 1;
  const std::string more = metadata.empty() ? "" : "  metadata: " + std::string{metadata} + "\n";
  return compile(document(body, more), options);
}

std::vector<Warning> strictly(std::string_view body, std::string_view metadata = "") {
  const auto program = compile_in_shop(body, metadata);
  INFO((program ? "" : format_findings(program.error().findings)));
  REQUIRE(program.has_value());
  return lint::warnings(**program, Strictness::strict);
}

std::vector<std::string> rules(const std::vector<Warning>& warnings) {
  std::vector<std::string> names;
  for (const auto& warning : warnings)
    names.push_back((warning.accepted ? "accepted " : "") + warning.finding.rule);
  return names;
}

using Names = std::vector<std::string>;

// Of an expression in the place of an amount.
bool warns_of_amount(const std::string& source) {
  const auto warnings = strictly("do:\n  - a: {set: {amount: '${ " + source + " }'}}\n");
  if (warnings.empty()) return false;
  CHECK(rules(warnings) == Names{"amount-in-floating-point"});
  return true;
}

}  // namespace

TEST_CASE("a call without key and look is warned of at its place") {
  const auto warnings = strictly("do:\n  - safe: {call: shop.find}\n  - pay: {call: shop.send}\n");
  REQUIRE(rules(warnings) == Names{"unprotected-effect"});
  const Finding& finding = warnings[0].finding;
  CHECK(finding.line == 8);
  CHECK(finding.column == 11);
  CHECK(finding.pointer == "/do/1/pay/call");
  CHECK_THAT(finding.message, Catch::Contains("`pay`") && Catch::Contains("shop.send"));
  CHECK_FALSE(finding.hint.empty());
  CHECK(strictly("do:\n  - a: {call: shop.read}\n").empty());
}

TEST_CASE("a POST to any server is warned of, a GET is not") {
  const auto request = [](const std::string& method) {
    return rules(strictly("do:\n  - a: {call: http, with: {method: " + method +
                          ", endpoint: \"https://x.test/a\"}}\n"));
  };
  CHECK(request("post") == Names{"unprotected-effect"});
  CHECK(request("get").empty());
}

TEST_CASE("retries that may outlive an idempotency key are warned of") {
  const auto retried = [](const std::string& policy) {
    return strictly(
        "do:\n"
        "  - again:\n"
        "      try:\n"
        "        - pay: {call: shop.charge, metadata: {compensate: shop/refund}}\n"
        "      catch:\n"
        "        retry: " +
        policy + "\n");
  };
  CHECK(retried("{delay: {hours: 1}, limit: {attempt: {count: 20}}}").empty());
  const auto slow = retried("{delay: {hours: 1}, limit: {attempt: {count: 30}}}");
  REQUIRE(rules(slow) == Names{"retry-outlives-key"});
  CHECK(slow[0].finding.line == 11);
  CHECK(slow[0].finding.pointer == "/do/0/again/catch/retry");
  CHECK_THAT(slow[0].finding.message, Catch::Contains("1 d 6 h") && Catch::Contains("`pay`"));
  CHECK(rules(retried(
            "{delay: {minutes: 1}, backoff: {exponential: {}}, limit: {attempt: {count: 12}}}")) ==
        Names{"retry-outlives-key"});
  CHECK(retried("{delay: {hours: 2}, limit: {attempt: {count: 30}, duration: PT6H}}").empty());
  CHECK(rules(retried("{delay: {hours: 2}}")) == Names{"endless-retry", "retry-outlives-key"});
}

TEST_CASE("retries inside retries add up") {
  const auto warnings = strictly(R"(do:
  - outer:
      try:
        - inner:
            try:
              - pay: {call: shop.charge, metadata: {compensate: shop/refund}}
            catch:
              retry: {delay: {hours: 1}, limit: {attempt: {count: 5}}}
      catch:
        retry: {delay: {minutes: 1}, limit: {attempt: {count: 5}}}
)");
  REQUIRE(rules(warnings) == Names{"retry-outlives-key"});
  CHECK(warnings[0].finding.pointer == "/do/0/outer/catch/retry");
}

TEST_CASE("a listen without a time-out around it is warned of") {
  const auto hear = std::string{"- hear: {listen: {to: {any: []}}}\n"};
  CHECK(rules(strictly("do:\n  " + hear)) == Names{"listen-without-timeout"});
  CHECK(strictly("timeout: {after: PT1H}\ndo:\n  " + hear).empty());
  CHECK(strictly("do:\n  - b:\n      timeout: {after: PT1H}\n      do:\n        " + hear).empty());
}

TEST_CASE("a charge needs something that undoes it") {
  const auto warnings = strictly("do:\n  - pay: {call: shop.charge}\n");
  REQUIRE(rules(warnings) == Names{"charge-without-compensation"});
  CHECK_THAT(warnings[0].finding.hint, Catch::Contains("metadata.compensate"));
  CHECK(strictly("do:\n  - pay: {call: shop.charge, metadata: {compensate: giveBack}, then: end}\n"
                 "  - giveBack: {call: shop.read}\n")
            .empty());
  CHECK(strictly("do:\n  - pay: {call: shop.charge, metadata: {compensate: 'shop/refund:1.2.0'}}\n")
            .empty());
}

TEST_CASE("what compensates is checked") {
  const auto mistakes = [](const std::string& target) {
    const auto program =
        compile_in_shop("do:\n  - pay: {call: shop.charge, metadata: {compensate: " + target +
                        "}}\n" + "  - giveBack: {call: shop.read}\n");
    REQUIRE_FALSE(program.has_value());
    REQUIRE(program.error().findings.size() == 1);
    return program.error().findings[0];
  };
  CHECK_THAT(mistakes("giveback").hint, Catch::Contains("giveBack"));
  CHECK(mistakes("giveback").pointer == "/do/0/pay/metadata/compensate");
  CHECK_THAT(mistakes("pay").message, Catch::Contains("can't undo itself"));
  CHECK_THAT(mistakes("[giveBack]").message, Catch::Contains("the name of a task"));
}

TEST_CASE("what undoes a task must not run when nothing is undone") {
  const std::string pay = "do:\n  - pay: {call: shop.charge, metadata: {compensate: giveBack}";
  const std::string back = "  - giveBack: {call: shop.read}\n";
  const auto warnings = strictly(pay + "}\n" + back);
  REQUIRE(rules(warnings) == Names{"compensation-in-ordinary-course"});
  const auto& finding = warnings[0].finding;
  CHECK(finding.line == 8);
  CHECK(finding.column == 5);
  CHECK(finding.pointer == "/do/1/giveBack");
  CHECK_THAT(finding.message,
             Catch::Contains("`giveBack` undoes `pay`") && Catch::Contains("after `pay`"));
  CHECK_THAT(finding.hint, Catch::Contains("add `then: end` to `pay`"));
  CHECK(strictly(pay + ", then: end}\n" + back).empty());
  CHECK(rules(strictly(pay + "}\n  - giveBack: {call: shop.read, metadata: {accept: "
                             "{compensation-in-ordinary-course: a trial}}}\n")) ==
        Names{"accepted compensation-in-ordinary-course"});
}

TEST_CASE("each way to a task that undoes another is found, with what leads there") {
  const auto hint = [](const std::string& tasks) {
    const auto warnings = strictly("do:\n" + tasks);
    INFO(tasks);
    REQUIRE(rules(warnings) == Names{"compensation-in-ordinary-course"});
    return warnings[0].finding.message + ": " + warnings[0].finding.hint;
  };
  const std::string pay = "  - pay: {call: shop.charge, metadata: {compensate: giveBack}, then: ";
  const std::string back = "  - giveBack: {call: shop.read}\n";
  CHECK_THAT(hint(pay + "giveBack}\n" + back), Catch::Contains("lead `pay` elsewhere"));
  CHECK_THAT(hint(pay +
                  "choose}\n  - choose: {switch: [{bad: {when: .bad, then: giveBack}}, "
                  "{good: {then: end}}]}\n" +
                  back),
             Catch::Contains("after `choose`") && Catch::Contains("lead `choose` elsewhere"));
  CHECK_THAT(
      hint(pay + "choose}\n  - choose: {switch: [{good: {when: .good, then: end}}]}\n" + back),
      Catch::Contains("add `then: end` to `choose`"));
  CHECK_THAT(hint(pay + "last}\n  - last: {if: .x, set: {x: 1}, then: end}\n" + back),
             Catch::Contains("`last` goes on to the next one when its `if` is false"));
  CHECK_THAT(
      hint("  - block:\n      do:\n        - pay: {call: shop.charge, metadata: {compensate: "
           "giveBack}}\n        - giveBack: {call: shop.read}\n"),
      Catch::Contains("add `then: exit` to `pay`"));
  CHECK_THAT(hint(pay + "both}\n  - both: {fork: {branches: [{giveBack: {call: shop.read}}, "
                        "{other: {set: {x: 1}}}]}}\n"),
             Catch::Contains("behind one with `then: end`"));
  CHECK_THAT(hint(pay + "attempt}\n  - attempt:\n      try: [{ask: {call: shop.read}}]\n"
                        "      catch: {do: [{giveBack: {call: shop.read}}]}\n"),
             Catch::Contains("runs when nothing is undone"));
}

TEST_CASE("what only other undoing leads to is not in the ordinary course") {
  CHECK(strictly(R"(do:
  - pay: {call: shop.charge, metadata: {compensate: inner}}
  - more: {call: shop.charge, metadata: {compensate: both}, then: end}
  - both:
      do:
        - inner: {call: shop.read}
)")
            .empty());
}

TEST_CASE("an amount computed in floating point is warned of") {
  CHECK(warns_of_amount(".total / 3"));
  CHECK(warns_of_amount(".net * 1.19"));
  CHECK(warns_of_amount("(.net | floor) / 3"));
  CHECK(warns_of_amount("(.net / 3) as $third | $third * 2"));
  CHECK(warns_of_amount("def gross: . * 1.19; .net | gross"));
  CHECK_FALSE(warns_of_amount(".total / 3 | round"));
  CHECK_FALSE(warns_of_amount("def cents: . * 100 | round; .net | cents"));
  CHECK_FALSE(warns_of_amount("def up: (. * 10 | round) / 10 | ceil; .net / 3 | up"));
  CHECK_FALSE(warns_of_amount(".quantity * .unit_amount"));
  CHECK_FALSE(warns_of_amount(".amount // 0"));
  CHECK_FALSE(warns_of_amount(".text / \",\" | .[0]"));
  CHECK_FALSE(warns_of_amount("\"1.5 of \\(.a / 2)\""));
}

TEST_CASE("amounts are found by the names of their members, wherever these stand") {
  const auto at = [](const std::string& task) {
    return rules(strictly("do:\n  - a: {set: {x: 1}, " + task + "}\n"));
  };
  const Names warned{"amount-in-floating-point"};
  CHECK(at("output: {as: '{unitAmount: (.x / 3), ratio: (.x / 3)}'}") == warned);
  CHECK(at("export: {as: '$context + {\"total_price\": (.x * 0.5)}'}") == warned);
  CHECK(at("output: {as: '.tax |= . * 0.19'}") == warned);
  CHECK(at("output: {as: '.tax |= (. * 0.19 | round)'}").empty());
  CHECK(at("output: {as: '{ratio: (.x / 3), count: .x}'}").empty());
  CHECK(at("output: {as: '{tax_rate: (.x / 100), feePercent: 1.5}'}").empty());
  CHECK(at("output: {as: {unit_amount: 9.99}}") == warned);
  CHECK(at("output: {as: {unit_amount: 999, tax_percent: 19.5}}").empty());
  CHECK(at("output: {as: {lines: {prices: ['${ .x / 3 }']}}}") == warned);
  const auto found = strictly("do:\n  - a:\n      set:\n        price: ${ .x / 3 }\n");
  REQUIRE(rules(found) == warned);
  CHECK(found[0].finding.line == 9);
  CHECK(found[0].finding.column == 22);  // of the division
}

TEST_CASE("secrets that leave a task are warned of") {
  const std::string use = "use: {secrets: [s]}\n";
  const auto warned = [&](const std::string& task) {
    return rules(strictly(use + "do:\n  - a: {" + task + "}\n"));
  };
  const Names secret{"secret-in-data"};
  CHECK(warned("set: {x: '${ $secrets.s }'}") == secret);
  CHECK(warned("set: {x: 1}, output: {as: '{x: $secrets.s}'}") == secret);
  CHECK(warned("set: {x: 1}, export: {as: '$secrets'}") == secret);
  CHECK(warned("set: {x: 1}, metadata: {respond: {body: {x: '${ $secrets.s }'}}}") == secret);
  CHECK(warned("call: shop.read, with: {x: '${ $secrets.s }'}").empty());
}

TEST_CASE("a document accepts warnings with a reason") {
  const auto task = [](const std::string& accept) {
    return "do:\n  - pay: {call: shop.charge, metadata: {accept: " + accept + "}}\n";
  };
  const auto accepted = strictly(task("{charge-without-compensation: nobody pays here}"));
  REQUIRE(rules(accepted) == Names{"accepted charge-without-compensation"});
  CHECK(accepted[0].accepted == "nobody pays here");
  CHECK(rules(strictly("do:\n  - pay: {call: shop.charge}\n",
                       "{accept: {charge-without-compensation: a trial}}")) ==
        Names{"accepted charge-without-compensation"});
  CHECK(rules(strictly("do:\n  - b: {metadata: {accept: {charge-without-compensation: why}}, do: "
                       "[{pay: {call: shop.charge}}]}\n")) ==
        Names{"accepted charge-without-compensation"});
  const auto needless = strictly(task("{charge-without-compensation: a, unprotected-effect: b}"));
  CHECK(rules(needless) == Names{"accepted charge-without-compensation", "needless-acceptance"});
}

TEST_CASE("only known warnings can be accepted, and only with a reason") {
  const auto mistake = [](const std::string& accept) {
    const auto program =
        compile_in_shop("do:\n  - a: {set: {x: 1}, metadata: {accept: " + accept + "}}\n");
    REQUIRE_FALSE(program.has_value());
    return format_findings(program.error().findings);
  };
  CHECK_THAT(mistake("{listen-without-timeuot: why}"), Catch::Contains("listen-without-timeout"));
  CHECK_THAT(mistake("{endless-retry: ' '}"), Catch::Contains("the reason why"));
  CHECK_THAT(mistake("endless-retry"), Catch::Contains("each with its reason"));
}

TEST_CASE("a function warns once, at its own text, however often it is called") {
  const auto warnings = strictly(R"(use:
  functions:
    pay: {call: shop.send}
do:
  - first: {call: pay}
  - second: {call: pay}
)");
  REQUIRE(rules(warnings) == Names{"unprotected-effect"});
  CHECK(warnings[0].finding.line == 8);
  CHECK(warnings[0].finding.pointer == "/use/functions/pay/call");
}

TEST_CASE("usually only what everybody should hear is told") {
  const auto program =
      compile_in_shop("do:\n  - pay: {call: shop.send}\n  - hear: {listen: {to: {any: []}}}\n");
  REQUIRE(program);
  CHECK(rules(lint::warnings(**program, Strictness::usual)) == Names{"listen-without-timeout"});
  CHECK(lint::usual_warnings(**program).size() == 1);
}

}  // namespace sequent::definition
