// What is refused, and how the guilty expression is named.
#include "engine/expression/scan.hpp"
#include "tests/expression/support.hpp"

namespace sequent::expression {
namespace {

std::string refusal_of(const std::string& source) {
  const auto errors = errors_of({source});
  return errors.empty() ? "" : errors.front().message;
}

std::set<std::string> free_in(const std::string& source) {
  Scan found;
  const auto refusal = scan(source, found);
  REQUIRE_FALSE(refusal);
  return found.free;
}

}  // namespace

TEST_CASE("every way out of the sandbox is refused by its name") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"env", "environment"},
      {"env.PATH", "environment"},
      {"$ENV", "environment"},
      {"$ENV.PATH", "environment"},
      {"$ ENV.PATH", "environment"},
      {"{$ENV}", "environment"},
      {"\"\\($ENV)\"", "environment"},
      {"input", "inputs"},
      {"[inputs]", "inputs"},
      {"_input", "inputs"},
      {"input_filename", "files"},
      {"input_line_number", "files"},
      {"get_search_list", "files"},
      {"get_prog_origin", "files"},
      {"get_jq_origin", "files"},
      {". | debug", "output"},
      {"stderr", "output"},
      {"halt", "process"},
      {"halt_error", "process"},
      {"halt_error(1)", "process"},
      {"\"a\" | modulemeta", "modules"},
      {"import \"a\" as a; .", "modules"},
      {"include \"a\"; .", "modules"},
      {"module {}; .", "modules"},
      {"a::b", "modules"},
      {"$a::b", "modules"},
      {"$__prog_args", "reserved"},
      {"break $__first", "reserved"},
      {"__e0", "reserved"},
      {"[.[] | {a: env}]", "environment"},
      {"{(env.HOME): 1}", "environment"},
      {"\"a\\(\"b\\(env.HOME)\")\"", "environment"},
      {"@text \"\\(env)\"", "environment"},
      {"def f(input): 1; 2", "inputs"}};
  for (const auto& [source, expected] : cases) {
    CAPTURE(source);
    CHECK_THAT(refusal_of(source), Catch::Contains(expected));
  }
}

TEST_CASE("members and texts with forbidden names are fine") {
  const Json dot{{"input", 1}, {"env", 2}, {"debug", 3}};
  CHECK(value_of(".input", dot) == 1);
  CHECK(value_of(".input + .env", dot) == 3);
  CHECK(value_of("{input: .env}", dot) == Json({{"input", 2}}));
  CHECK(value_of("{a: 1, env: 2}", dot) == Json({{"a", 1}, {"env", 2}}));
  CHECK(value_of("{input, env}", dot) == Json({{"input", 1}, {"env", 2}}));
  CHECK(value_of("{if: 1, import: 2}", dot) == Json({{"if", 1}, {"import", 2}}));
  CHECK(value_of("\"env \" + \"input\"", dot) == "env input");
  CHECK(value_of(". as {debug: $x} | $x # env", dot) == 3);
  CHECK(value_of("$__loc__.line | type", dot) == "number");
  CHECK(value_of("$input.env", dot) == nullptr);
}

TEST_CASE("an expression can not leave its brackets") {
  CHECK(refusal_of(".a)") == "')' closes nothing that was opened here");
  CHECK(errors_of({".a) | (.b"}).front().offset == 2U);
  CHECK(errors_of({"[.a)"}).front().offset == 3U);
  CHECK_THAT(refusal_of("(.a"), Catch::Contains("never closed"));
  CHECK_THAT(refusal_of("\"abc"), Catch::Contains("string that begins here is never closed"));
  CHECK_THAT(refusal_of("\"a\\(.b"), Catch::Contains("never closed"));
  CHECK_THAT(refusal_of(std::string(".a\0.b", 5)), Catch::Contains("zero byte"));
  CHECK_FALSE(refusal_of(". end").empty());
  CHECK_FALSE(refusal_of("if . then 1 else 2").empty());
  CHECK_FALSE(refusal_of(".a; .b").empty());
  CHECK_FALSE(refusal_of("def f: 1;").empty());
  CHECK_FALSE(refusal_of("1 \\").empty());
  CHECK(refusal_of("") == "the expression is empty");
  CHECK(refusal_of(" # nothing") == "the expression is empty");
  CHECK_THAT(refusal_of(std::string(300, '[') + std::string(300, ']')),
             Catch::Contains("nested deeper"));
  CHECK_THAT(refusal_of(std::string(17'000, ' ') + "1"), Catch::Contains("at most 16384"));
}

TEST_CASE("of many expressions only the guilty ones are named") {
  std::vector<std::string> sources;
  for (int i = 0; i < 20; ++i) sources.push_back(".a + " + std::to_string(i));
  sources[7] = ".a | nonesuch(1)";
  sources[13] = ".a +";
  sources[17] = ".a)";
  const auto errors = errors_of(sources);
  REQUIRE(errors.size() == 3);
  CHECK(errors[0].id == 7);
  CHECK(errors[0].message == "nonesuch/1 is not defined");
  CHECK(errors[0].offset == 5U);
  CHECK(errors[1].id == 13);
  CHECK_THAT(errors[1].message, Catch::StartsWith("syntax error"));
  CHECK(errors[2].id == 17);
  CHECK(errors[2].offset == 2U);
}

TEST_CASE("a definition may hold hundreds of expressions") {
  std::vector<std::string> sources;
  for (int i = 0; i < 400; ++i)
    sources.push_back("[.a, .b, .c] | map(select(. != null)) | length + " + std::to_string(i));
  const auto set = build(sources);
  for (const ExpressionId id : {0U, 63U, 64U, 200U, 399U})
    CHECK(set->evaluate(id, Json{{"a", 1}, {"c", 2}}, {}).value() == 2 + static_cast<int>(id));
}

TEST_CASE("an error on a later line has that line's offset") {
  const auto errors = errors_of({".a\n| .b\n| nonesuch"});
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].offset == 10U);
}

TEST_CASE("bound variables are not free, each in its own scope") {
  using Names = std::set<std::string>;
  CHECK(free_in("$a") == Names{"a"});
  CHECK(free_in(". as $a | $a") == Names{});
  CHECK(free_in("(. as $a | $a) + $a") == Names{"a"});
  CHECK(free_in(". as [$a, {b: $c, $d}] | $a + $c + $d + $e") == Names{"e"});
  CHECK(free_in(". as {($k): $v} | $v") == Names{"k"});
  CHECK(free_in(". as [$a] ?// $a | $a") == Names{});
  CHECK(free_in("reduce .[] as $x ($init; . + $x)") == Names{"init"});
  CHECK(free_in("reduce .[] as $x (0; . + $x) | $x") == Names{"x"});
  CHECK(free_in("foreach .[] as [$i, $j] (0; . + $i; $j)") == Names{});
  CHECK(free_in("def f($a; g): $a + g; f($b; $c)") == (Names{"b", "c"}));
  CHECK(free_in("def f($a): $a; f(1) + $a") == Names{"a"});
  CHECK(free_in("if . as $a | $a then $a else $b end") == (Names{"a", "b"}));
  CHECK(free_in("\"\\(. as $a | $a) \\($a)\"") == Names{"a"});
  CHECK(free_in("label $out | break $out") == Names{});
  CHECK(free_in("{$a, b: $c}") == (Names{"a", "c"}));
  CHECK(free_in("\"$a\" # $b\n") == Names{});
  CHECK(free_in("any(.[]; . as $a | $a; $a)") == Names{"a"});
}

TEST_CASE("what the scanner takes for bound is bound for jq as well") {
  const Json dot{{"k", "v"}, {"v", {1, 2}}};
  const auto set =
      build({". as {v: [$a, $b]} | $a + $b", "reduce .v[] as $x ($init; . + $x)",
             "def f($a; g): $a + g; f(1; 2)", "foreach .v[] as $i (0; . + $i; [., $i])",
             ". as [$a] ?// {k: $a} | $a", "if .k as $a | $a then $b else 0 end",
             "label $out | .v[] | if . > 1 then ., break $out else empty end"});
  const Json variables{{"init", 10}, {"b", "free"}};
  Scope scope;
  scope.variables = &variables;
  CHECK(set->evaluate(0, dot, scope).value() == 3);
  CHECK(set->evaluate(1, dot, scope).value() == 13);
  CHECK(set->evaluate(2, dot, scope).value() == 3);
  CHECK(set->evaluate(3, dot, scope).value() == Json({1, 1}));
  CHECK(set->evaluate(4, dot, scope).value() == "v");
  CHECK(set->evaluate(5, dot, scope).value() == "free");
  CHECK(set->evaluate(6, dot, scope).value() == 2);
}

}  // namespace sequent::expression
