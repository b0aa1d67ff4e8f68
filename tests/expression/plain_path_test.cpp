// Goal: what runs without jq answers as jq does, values and errors alike.
// Method: random documents and paths from a seed (Catch2's --rng-seed), each path evaluated twice.
#include <random>

#include "tests/expression/support.hpp"

namespace sequent::expression {
namespace {

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }

  std::string key() {
    static const std::vector<std::string> keys{
        "a",
        "b",
        "c",
        "_d1",
        "a b",
        "",
        "end",
        "ключ",
        "a-b",
        "a.b[0]",
        "no such key",
        "a key of exactly thirty bytes!",
        "a key of just twenty-nine byt",
        "a key that is a good deal longer than thirty bytes"};
    return keys[below(keys.size())];
  }

  Json document(int depth) {
    switch (below(depth > 0 ? 10 : 6)) {
      case 0:
        return nullptr;
      case 1:
        return below(2) == 0;
      case 2:
        return static_cast<std::int64_t>(below(1'000'000)) - 500'000;
      case 3:
        return static_cast<double>(below(1'000)) / 8;
      case 4:
        return key();
      case 5:
        return 9'007'199'254'740'992 - static_cast<std::int64_t>(below(3));
      case 6:
      case 7: {
        Json array = Json::array();
        for (auto size = below(4); size > 0; --size) array.push_back(document(depth - 1));
        return array;
      }
      default: {
        Json object = Json::object();
        for (auto size = below(6); size > 0; --size) object[key()] = document(depth - 1);
        return object;
      }
    }
  }

  std::string path() {
    static const std::vector<std::string> roots{".", ".", ".", "$context", "$item", "$missing"};
    auto text = roots[below(roots.size())];
    const bool dot = text == ".";
    const auto steps = below(5);
    for (std::size_t i = 0; i < steps; ++i) text += step(dot && i == 0);
    return text;
  }

 private:
  std::string step(bool dotted) {
    const std::string point = dotted ? "" : ".";
    static const std::vector<std::string> names{"a", "b", "c", "_d1", "end", "nosuch"};
    switch (below(4)) {
      case 0:
        return point + names[below(names.size())];
      case 1:
        return point + "\"" + key() + "\"";
      case 2:
        return "[\"" + key() + "\"]";
      default:
        return "[" + std::to_string(static_cast<int>(below(8)) - 4) + "]";
    }
  }

  std::mt19937_64 random_;
};

std::string shown(const Result<Json>& result) {
  return result ? result->dump() : "error: " + result.error().detail;
}

bool same(const Result<Json>& plain, const Result<Json>& by_jq) {
  if (plain.has_value() != by_jq.has_value()) return false;
  return plain ? *plain == *by_jq : plain.error().detail == by_jq.error().detail;
}

}  // namespace

TEST_CASE("a plain path answers as jq does") {
  const auto seed = std::uint64_t{Catch::rngSeed()} + 20'261'121;
  CAPTURE(seed);
  Generator generate(seed);
  std::size_t values = 0, errors = 0;
  for (int round = 0; round < 4; ++round) {
    ExpressionSetBuilder builder;
    std::vector<std::pair<ExpressionId, ExpressionId>> pairs;
    for (int i = 0; i < 150; ++i) {
      const auto path = generate.path();
      pairs.emplace_back(builder.add(path), builder.add("(" + path + ")"));
    }
    const auto set = builder.build();
    REQUIRE(set);
    for (int i = 0; i < 30; ++i) {
      const auto dot = generate.document(4), context = generate.document(3);
      const Json variables{{"item", generate.document(3)}};
      Scope scope;
      if (i % 5 != 0) scope.context = &context;
      scope.variables = &variables;
      for (const auto& [plain, by_jq] : pairs) {
        const auto expected = (*set)->evaluate(by_jq, dot, scope);
        const auto came = (*set)->evaluate(plain, dot, scope);
        ++(expected ? values : errors);
        if (same(came, expected)) continue;
        CAPTURE((*set)->source(plain), dot.dump(), context.dump(), variables.dump());
        REQUIRE((*set)->is_plain_path(plain));
        REQUIRE(shown(came) == shown(expected));
      }
    }
    for (const auto& [plain, by_jq] : pairs) {
      REQUIRE((*set)->is_plain_path(plain));
      REQUIRE_FALSE((*set)->is_plain_path(by_jq));
    }
  }
  CHECK(values > 1'000);
  CHECK(errors > 1'000);
}

TEST_CASE("a literal is the value that jq reads") {
  for (const std::string literal :
       {"0", "7", "1234567890", "1.5", "1.0", "1e3", "1E-5", "0.1", "123456789012345", "\"text\"",
        "\"\"", "\"ключ\"", "true", "false", "null"}) {
    CAPTURE(literal);
    const auto set = build({literal, "(" + literal + ")"});
    REQUIRE(set->is_plain_path(0));
    const auto plain = set->evaluate(0, nullptr, {}).value();
    CHECK(plain == set->evaluate(1, nullptr, {}).value());
    CHECK(plain.dump() == set->evaluate(1, nullptr, {}).value().dump());
  }
}

TEST_CASE("what is more than a path is left to jq") {
  for (const std::string source :
       {".a?", ".[]", ".a[1:2]", "..", ".a | .b", "$a + 1", ".[\"a\\n\"]", "\"\\(.a)\"", "-1",
        "[1]", ".[1.5]", ".a[.b]", ".[99999999999]", "$__loc__", "01", "1e400", ".a # b"}) {
    CAPTURE(source);
    CHECK_FALSE(build({source})->is_plain_path(0));
  }
}

}  // namespace sequent::expression
