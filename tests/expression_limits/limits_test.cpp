// An expression without end hurts its own evaluation only.
#include <atomic>
#include <thread>

#include "tests/expression/support.hpp"

// libjq can't free what was left in the middle of a step; see interpreter.cpp. Hence the tests that
// do so are a program of their own: everywhere else leaks of jq values are found.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:jv_mem_\nleak:jq_init\n";
}

namespace sequent::expression {
namespace {

Limits tight() {
  Limits limits;
  limits.timeout_ms = 100;
  limits.max_memory_bytes = 32 << 20;
  return limits;
}

std::string error_of(const ExpressionSet& set, ExpressionId id, const Json& dot = nullptr) {
  auto result = set.evaluate(id, dot, {});
  return result ? "yielded " + result->dump() : result.error().detail;
}

}  // namespace

TEST_CASE("an endless expression is halted and its interpreter's place is filled again") {
  const auto set = build({"def f: f; f", "[range(1e12)] | length", "def f: 1 + f; f", ". + 1",
                          "last(repeat(1))", "path(.a | (.b, .c)) | def f: f; f",
                          "try (def f: f; f) catch 1", "def f: try error(1) catch f; f"},
                         tight());
  for (const ExpressionId id : {0U, 1U, 2U, 4U, 5U, 6U, 7U}) {
    CAPTURE(set->source(id));
    CHECK_THAT(error_of(*set, id), Catch::Contains("halted"));
    CHECK(set->evaluate(3, 1, {}).value() == 2);
  }
}

TEST_CASE("a value that grows without end is stopped by the limit on memory") {
  Limits limits = tight();
  limits.timeout_ms = 20'000;
  const auto set =
      build({"reduce range(60) as $i (\"x\"; . + .)", "reduce range(60) as $i ([0]; . + .)",
             "\"x\" * 1e9", ".[1431655765] = 1", ".[9999999] = 1", "\"abc\" | indices(\"\")",
             "reduce range(1e9) as $i (null; [.])", "[range(1e9)]", ". + 1",
             "setpath([range(20000) | 0]; 1)", "getpath([range(20000) | 0])"},
            limits);
  for (const ExpressionId id : {0U, 1U, 2U, 4U, 5U, 6U, 7U}) {
    CAPTURE(set->source(id));
    CHECK_THAT(error_of(*set, id), Catch::Contains("bytes of memory"));
    CHECK(set->evaluate(8, 1, {}).value() == 2);
  }
  CHECK_THAT(error_of(*set, 3), Catch::Contains("index too large"));
  CHECK_THAT(error_of(*set, 9), Catch::Contains("Path too long"));
  CHECK_THAT(error_of(*set, 10), Catch::Contains("Path too long"));
}

TEST_CASE("a failed assertion of jq faults the evaluation, not the process") {
  const auto set = build({".[nan:]", ". | length"});
  CHECK_THAT(error_of(*set, 0, "abc"), Catch::Contains("its check"));
  CHECK(set->evaluate(1, Json({1, 2}), {}).value() == 2);
}

TEST_CASE("a step of jq that would never end is refused before it begins") {
  CHECK_THAT(evaluate("del(.[nan])", Json({1})).error().detail, Catch::Contains("NaN"));
  CHECK(value_of("del(.[0])", Json({1, 2})) == Json({2}));
}

TEST_CASE("results have a limit on size and depth") {
  Limits limits;
  limits.max_output_bytes = 1'000;
  const auto set =
      build({"[range(10000)]", "\"x\" * 2000", "\"x\" * 900",
             "reduce range(5000) as $i (null; [.])", "reduce range(200000) as $i (null; [.]) | 1"},
            limits);
  CHECK_THAT(error_of(*set, 0), Catch::Contains("larger than 1000 bytes"));
  CHECK_THAT(error_of(*set, 1), Catch::Contains("larger than 1000 bytes"));
  CHECK(set->evaluate(2, nullptr, {}).value() == std::string(900, 'x'));
  CHECK_FALSE(set->evaluate(3, nullptr, {}));
  CHECK(set->evaluate(4, nullptr, {}).value() == 1);
}

TEST_CASE("a loop that needs much memory or depth is tried again on a deep stack") {
  Limits patient;
  patient.timeout_ms = 60'000;
  const auto set = build({"reduce range(300000) as $i ([]; . + [$i]) | length",
                          "reduce range(100000) as $i ([]; [] + [.]) | length", ". + 1"},
                         patient);
  for (int round = 0; round < 3; ++round) {
    CHECK(set->evaluate(0, nullptr, {}).value() == 300'000);
    CHECK(set->evaluate(1, nullptr, {}).value() == 1);
    CHECK(set->evaluate(2, 1, {}).value() == 2);
  }
}

TEST_CASE("deep values pass up to a thousand levels") {
  const auto nest = [](Json value, int levels) {
    for (int i = 0; i < levels; ++i) {
      Json outer = Json::array();
      outer.push_back(std::move(value));
      value = std::move(outer);
    }
    return value;
  };
  const Json deep = nest(1, 500);
  CHECK(value_of("[.][0]", deep) == deep);
  CHECK_THAT(evaluate("[.]", nest(deep, 600)).error().detail,
             Catch::Contains("nested deeper than 1000"));
}

TEST_CASE("eight threads evaluate side by side while one expression runs away") {
  const auto set = build({".a + 1", "def f: f; f", "[.list[] | select(. > 2)]", ".a",
                          "reduce .list[] as $x (0; . + $x)"},
                         tight(), 4);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 60; ++i) {
        const Json dot{{"a", i}, {"list", {1, 2, 3, i + 3}}};
        if (set->evaluate(0, dot, {}).value_or(nullptr) != i + 1) ++wrong;
        if (set->evaluate(2, dot, {}).value_or(nullptr) != Json({3, i + 3})) ++wrong;
        if (set->evaluate(3, dot, {}).value_or(nullptr) != i) ++wrong;
        if (set->evaluate(4, dot, {}).value_or(nullptr) != i + 9) ++wrong;
        if (t == 0 && i % 20 == 0 && set->evaluate(1, dot, {})) ++wrong;
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}

}  // namespace sequent::expression
